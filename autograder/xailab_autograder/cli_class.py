"""The commands for a class, added to those of ``xailab.cli``.

- ``regrade``   one exercise again, for everybody
- ``mark``      a local page for marks and comments by people
- ``pages``     the overview, the feedback pages and the tables again
- ``changes``   marks that became others
- ``rehearse``  a synthetic class with known true marks

``xailab grade`` itself is in ``cli``: it takes one notebook or a whole class. Files for platforms: ``cli_marks``.
"""

from pathlib import Path
from typing import Annotated

import typer

from xailab.cli import app

LabNumber = Annotated[str, typer.Argument(help="number of the lab, such as 03", show_default=False)]
Results = Annotated[
    Path, typer.Argument(help="results folder, as written by `xailab grade LAB SUBMISSIONS --out`", show_default=False)
]
Address = Annotated[str, typer.Option("--gradebook", help="address of a database, if it is not in the results folder")]
Minimum = Annotated[str, typer.Option(help="refuse to run student code below this level: L1, L2 or L3")]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="the course's secret key; default: $XAILAB_COURSE_KEY, else course.key in the results folder"),
]
Jobs = Annotated[int | None, typer.Option(help="processes; default: by processors and memory", min=1)]


@app.command()
def regrade(
    lab: LabNumber,
    results: Results,
    tasks: Annotated[list[str], typer.Argument(help="ids of the exercises", show_default=False)],
    student: Annotated[list[str] | None, typer.Option(help="only this student; may be given several times")] = None,
    gradebook: Address = "",
    key_file: KeyFile = None,
    jobs: Jobs = None,
    minimum: Minimum = "L1",
) -> None:
    """Judge some exercises of everybody again, after a fix; print whose mark changed and why.

    Other exercises keep their marks, and people's marks stay.
    """
    from xailab_autograder.batch.regrade import report
    from xailab_autograder.classroom.place import Place
    from xailab_autograder.classroom.printing import bars
    from xailab_autograder.classroom.regrading import RegradeRequest, regrade_class

    request = RegradeRequest(lab, Place(results, gradebook), tasks, student or (), key_file, jobs, minimum)
    with bars() as (told, note):
        regraded, published = regrade_class(request, told=told, note=note)
    typer.echo(report(regraded), nl=False)
    typer.echo(f"written: {published.overview}")


@app.command()
def mark(
    lab: LabNumber,
    results: Results,
    marker: Annotated[str, typer.Option(help="who marks; written beside each mark", prompt="who marks?")],
    gradebook: Address = "",
    names: Annotated[bool, typer.Option("--names", help="show students' names from the start")] = False,
    port: Annotated[int, typer.Option(help="of the page on this machine; 0: a free one", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option(help="open the page")] = True,
) -> None:
    """Mark texts on a local page that writes to the gradebook; Ctrl-C ends it and writes the pages again."""
    from xailab_autograder.classroom.place import Place, must_exist, opened
    from xailab_autograder.classroom.printing import bars, standing_lines
    from xailab_autograder.classroom.publishing import publish
    from xailab_autograder.labs import load
    from xailab_autograder.marking.serve import serve

    place, declared = Place(results, gradebook), load(lab)
    must_exist(place)
    serve(place.address, declared, marker=marker, port=port, open_browser=browser, names=names)
    with opened(place) as book, bars() as (told, _):
        published = publish(book, declared, place, told=told)
    typer.echo("\n".join([*standing_lines(published.class_book), f"written: {published.overview}"]))


@app.command()
def pages(
    lab: LabNumber,
    results: Results,
    gradebook: Address = "",
    similar: Annotated[bool, typer.Option(help="compare hand-ins with each other")] = True,
) -> None:
    """Write the overview, the feedback pages and the tables again from the gradebook."""
    from xailab_autograder.classroom.place import Place, opened
    from xailab_autograder.classroom.printing import bars
    from xailab_autograder.classroom.publishing import publish
    from xailab_autograder.labs import load

    place, declared = Place(results, gradebook), load(lab)
    with opened(place) as book, bars() as (told, _):
        published = publish(book, declared, place, similar=similar, told=told)
    typer.echo("\n".join(map(str, (*published.files, published.feedback))))


@app.command()
def changes(
    lab: LabNumber,
    results: Results,
    gradebook: Address = "",
) -> None:
    """List every mark that became another: whose, when, why."""
    from xailab_autograder.classroom.place import Place, opened
    from xailab_autograder.classroom.printing import change_lines
    from xailab_autograder.gradebook.reading import changes
    from xailab_autograder.labs import load

    with opened(Place(results, gradebook)) as book:
        typer.echo("\n".join(change_lines(changes(book, load(lab).number))))


@app.command()
def rehearse(
    lab: LabNumber,
    out: Annotated[Path, typer.Option(help="new folder for the class", show_default=False)],
    students: Annotated[int, typer.Option(help="how many", min=1, max=5000)] = 200,
    seed: Annotated[int, typer.Option(help="the same seed makes the same class")] = 1,
    platform: Annotated[str, typer.Option(help="plain, nbgrader, canvas, moodle or gradescope")] = "plain",
    grade: Annotated[bool, typer.Option("--grade", help="grade it too, and compare with the true marks")] = False,
    jobs: Jobs = None,
) -> None:
    """Make a synthetic class with known true marks: right, wrong, half-done, late, copied, hostile hand-ins.

    With --grade: exit status 1 if a mark differs from the true one.
    """
    from xailab_autograder.classroom.printing import bars
    from xailab_autograder.classroom.rehearsing import RehearsalRequest, run

    with bars() as (told, note):
        lines, differences = run(
            RehearsalRequest(lab, out, students, seed, platform, grade=grade, jobs=jobs), told=told, note=note
        )
    typer.echo("\n".join(lines))
    if differences:
        raise typer.Exit(1)
