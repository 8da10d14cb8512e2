"""The commands of labs and grading, added to those of ``xailab.cli``.

- ``labs``, ``labs start``, ``labs build``   what there is, a student's working folder, an instructor's files
- ``grade``   one submission or a class: 0 graded, 2 could not be graded
- ``doctor``  how well this machine keeps student code apart
- ``main``    the ``xailab`` command
"""

from pathlib import Path
from typing import Annotated

import typer

from xailab.cli import app, main
from xailab_autograder import cli_class, cli_marks

__all__ = ["app", "cli_class", "cli_marks", "main"]  # the two add their commands to app

NOT_GRADED = 2

labs_app = typer.Typer(help="The labs: list them, start one, build an instructor's files.", invoke_without_command=True)
app.add_typer(labs_app, name="labs")

LabNumber = Annotated[str, typer.Argument(help="number of the lab, such as 03", show_default=False)]
Minimum = Annotated[str, typer.Option(help="refuse to run student code below this level: L1, L2 or L3")]


@labs_app.callback()
def labs(context: typer.Context) -> None:
    """List the labs with their points and minutes."""
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from xailab_autograder.feedback.wording import number
    from xailab_autograder.labs import listing

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, side in (("lab", "left"), ("title", "left"), ("points", "right"), ("minutes", "right")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]  # one of rich's words
    for entry in listing():
        table.add_row(entry.number, Text(entry.title), number(entry.points), str(entry.minutes))
    Console().print(table)


@labs_app.command("start")
def labs_start(
    lab: LabNumber,
    folder: Annotated[Path, typer.Argument(help="new folder to work in", show_default=False)],
) -> None:
    """Copy a student's working folder: the notebook, and how to check and hand in."""
    from xailab_autograder.notebooks.start import start

    typer.echo("\n".join(map(str, start(lab, folder))))
    typer.echo(f"next: jupyter lab {folder}")


@labs_app.command("build")
def labs_build(
    lab: LabNumber,
    out: Annotated[Path, typer.Option(help="folder for the files", show_default=False)],
    run: Annotated[bool, typer.Option(help="run the instructor's notebook, so that its page shows outputs")] = True,
) -> None:
    """Write an instructor's files: both notebooks, nbgrader's source, and pages to read."""
    from rich.console import Console

    from xailab_autograder.notebooks.build import build

    with Console(stderr=True).status("reading the lab") as status:
        paths = build(lab, out, run=run, progress=status.update)
    typer.echo("\n".join(map(str, paths)))


@app.command()
def grade(
    lab: LabNumber,
    handed_in: Annotated[
        Path,
        typer.Argument(
            help="one notebook (.ipynb, .py), or a whole class: a folder or zip as downloaded from Gradescope, "
            "Canvas, Moodle or nbgrader, or one file or folder for each student",
            show_default=False,
        ),
    ],
    student: Annotated[str, typer.Option(help="of one notebook: whose it is; each student gets own cases")] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="folder for results; needed for a class, optional for one notebook", show_default=False),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="file with the course's secret key; default: $XAILAB_COURSE_KEY, else for a class course.key in the "
            "results folder, for one notebook a public one",
            show_default=False,
        ),
    ] = None,
    course: Annotated[
        Path | None, typer.Option(help="course.toml: name, students, deadlines, extensions", show_default=False)
    ] = None,
    roster: Annotated[
        Path | None, typer.Option(help="table of the students; default: that of course.toml", show_default=False)
    ] = None,
    gradebook: Annotated[
        str, typer.Option(help="address of a database; default: gradebook.db in the results folder")
    ] = "",
    jobs: Annotated[
        int | None, typer.Option(help="processes; default: what processors and memory carry", min=1)
    ] = None,
    executor: Annotated[str, typer.Option(help="address of a Dask scheduler, such as tcp://host:8786")] = "",
    similar: Annotated[bool, typer.Option(help="compare the hand-ins of a class with each other")] = True,
    minimum: Minimum = "L1",
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="grade even where student code cannot be kept apart at all")
    ] = False,
) -> None:
    """Grade one notebook or a whole class.

    A class can be killed at any moment: the same command goes on, and grades what is new or out of date.

    Exit status: 0 graded, 2 could not be graded, 130 interrupted.
    """
    if handed_in.suffix.lower() in (".ipynb", ".py") and not handed_in.is_dir():
        _grade_one(lab, handed_in, student, out, key_file, minimum, trust_submissions=trust_submissions)
        return
    from xailab.errors import XailabError
    from xailab_autograder.classroom.grading import ClassRequest, grade_class
    from xailab_autograder.classroom.printing import bars, summary

    if out is None:
        raise XailabError("a class needs a folder for its results: --out FOLDER")
    if student:
        raise XailabError("--student is for one notebook; in a class, students are found by files and folders")
    request = ClassRequest(
        lab, handed_in, out, gradebook, course, roster, key_file, jobs, executor, minimum, trust_submissions, similar
    )
    with bars() as (told, note):
        graded = grade_class(request, told=told, note=note)
    typer.echo("\n".join([*graded.notes, *summary(graded)]))
    typer.echo(f"open {graded.published.overview}")


def _grade_one(
    lab: str, notebook: Path, student: str, out: Path | None, key_file: Path | None, minimum: str,
    *, trust_submissions: bool,
) -> None:  # fmt: skip
    """Grade one notebook; print what came of it."""
    from rich.console import Console

    from xailab_autograder.command import Request, grade
    from xailab_autograder.feedback.text import submission_text

    errors = Console(stderr=True)
    with errors.status("starting the sandbox") as status:
        request = Request(lab, notebook, student, out, key_file, minimum, trust_submissions)
        graded = grade(request, progress=lambda task: status.update(f"grading {task.id}"))
    console = Console(highlight=False)
    console.print(submission_text(graded.record))
    for line in (*graded.notes, *(f"written: {path}" for path in graded.files)):
        console.print(line, markup=False, style="dim", soft_wrap=True)
    if graded.faults:
        titles = ", ".join(graded.faults)
        errors.print(f"error: the grader itself failed at: {titles}. No mark is final", markup=False, soft_wrap=True)
        raise typer.Exit(NOT_GRADED)


@app.command()
def doctor(minimum: Minimum = "L1") -> None:
    """Attack this machine's sandbox with the corpus of attacks, and print how well it keeps student code apart."""
    from rich.console import Console

    from xailab_autograder.command import minimum_level
    from xailab_autograder.sandbox.doctor import run

    raise typer.Exit(run(minimum=minimum_level(minimum), console=Console()))
