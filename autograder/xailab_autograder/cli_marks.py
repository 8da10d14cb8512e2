"""The commands that write files for platforms, added to those of ``xailab.cli``.

- ``marks csv``, ``marks jsonl``       for spreadsheets, for programs
- ``marks canvas``, ``marks moodle``   fill the sheet that was downloaded from the platform
- ``marks nbgrader``, ``marks lti``    nbgrader's export columns, LTI AGS scores
- ``gradescope``                       a ready ``autograder.zip``
"""

from pathlib import Path
from typing import Annotated

import typer

from xailab.cli import app

marks_app = typer.Typer(help="Write marks into files that platforms and programs take back.", no_args_is_help=True)
app.add_typer(marks_app, name="marks")

LabNumber = Annotated[str, typer.Argument(help="number of the lab, such as 03", show_default=False)]
Results = Annotated[Path, typer.Argument(help="results folder, as written by `xailab grade`", show_default=False)]
Address = Annotated[str, typer.Option("--gradebook", help="address of a database, if it is not in the results folder")]
Written = Annotated[Path, typer.Option("--out", help="file to write", show_default=False)]
Sheet = Annotated[Path, typer.Argument(help="the sheet, as downloaded from the platform", show_default=False)]
Scale = Annotated[
    bool, typer.Option("--scale", help="where the platform's maximum differs from the lab's points, scale the marks")
]


@marks_app.command("csv")
def marks_csv(lab: LabNumber, results: Results, out: Written, gradebook: Address = "") -> None:
    """Write a table: one line for each student, one column for each task."""
    from xailab_autograder.classroom.exporting import read
    from xailab_autograder.classroom.place import Place, write_file
    from xailab_autograder.exports import csv_marks

    typer.echo(write_file(out, csv_marks.marks(read(lab, Place(results, gradebook)))))


@marks_app.command("jsonl")
def marks_jsonl(lab: LabNumber, results: Results, out: Written, gradebook: Address = "") -> None:
    """Write everything that is known about each student as a line of JSON."""
    from xailab_autograder.classroom.exporting import read
    from xailab_autograder.classroom.place import Place, write_file
    from xailab_autograder.exports import jsonl_records

    typer.echo(write_file(out, jsonl_records.records(read(lab, Place(results, gradebook)))))


@marks_app.command("nbgrader")
def marks_nbgrader(lab: LabNumber, results: Results, out: Written, gradebook: Address = "") -> None:
    """Write the columns of nbgrader's own export."""
    from xailab_autograder.classroom.exporting import read
    from xailab_autograder.classroom.place import Place, write_file
    from xailab_autograder.exports import nbgrader

    typer.echo(write_file(out, nbgrader.export(read(lab, Place(results, gradebook)))))


@marks_app.command("lti")
def marks_lti(lab: LabNumber, results: Results, out: Written, gradebook: Address = "") -> None:
    """Write LTI 1.3 AGS scores as lines of JSON, for a plugin of your platform to send."""
    from xailab_autograder.classroom.exporting import read
    from xailab_autograder.classroom.place import Place, write_file
    from xailab_autograder.exports import lti

    typer.echo(write_file(out, lti.scores(read(lab, Place(results, gradebook)))))


@marks_app.command("canvas")
def marks_canvas(
    lab: LabNumber,
    results: Results,
    sheet: Sheet,
    out: Written,
    column: Annotated[
        str | None, typer.Option(help="the assignment: its title or number; default: found by the lab's title")
    ] = None,
    scale: Scale = False,
    gradebook: Address = "",
) -> None:
    """Fill one column of the gradebook that was exported from Canvas; every other byte stays as it is."""
    from xailab_autograder.classroom.exporting import filled_lines, read, sheet_bytes
    from xailab_autograder.classroom.place import Place, write_file
    from xailab_autograder.exports import canvas

    filled = canvas.fill(sheet_bytes(sheet), read(lab, Place(results, gradebook)), column=column, scale=scale)
    write_file(out, filled.raw)
    typer.echo("\n".join([*filled_lines(filled), f"written: {out}"]))


@marks_app.command("moodle")
def marks_moodle(
    lab: LabNumber,
    results: Results,
    sheet: Sheet,
    out: Written,
    comments: Annotated[bool, typer.Option(help="write a short feedback comment for each student too")] = True,
    scale: Scale = False,
    gradebook: Address = "",
) -> None:
    """Fill the offline grading worksheet of a Moodle assignment; every other byte stays as it is."""
    from xailab_autograder.classroom.exporting import filled_lines, read, sheet_bytes
    from xailab_autograder.classroom.place import Place, write_file
    from xailab_autograder.exports import moodle

    filled = moodle.fill(sheet_bytes(sheet), read(lab, Place(results, gradebook)), scale=scale, comments=comments)
    write_file(out, filled.raw)
    typer.echo("\n".join([*filled_lines(filled), f"written: {out}"]))


@app.command()
def gradescope(
    lab: LabNumber,
    out: Written,
    key_file: Annotated[
        Path | None, typer.Option(help="the course's secret key; default: $XAILAB_COURSE_KEY", show_default=False)
    ] = None,
    course: Annotated[Path | None, typer.Option(help="course.toml: its key, its students", show_default=False)] = None,
    roster: Annotated[
        Path | None,
        typer.Option(help="table of the students, so that cases are those of `xailab grade`", show_default=False),
    ] = None,
    visibility: Annotated[
        str, typer.Option(help="when students see results: visible, hidden, after_due_date or after_published")
    ] = "visible",
    minimum: Annotated[
        str, typer.Option(help="refuse to run student code in containers below this level: L1, L2 or L3")
    ] = "L2",
) -> None:
    """Write an autograder.zip for Gradescope: upload it as it is. Give its containers 3 GB of memory and 1 CPU."""
    from xailab_autograder.classroom.exporting import ZipRequest, gradescope_zip
    from xailab_autograder.classroom.place import write_file

    made, notes = gradescope_zip(ZipRequest(lab, key_file, course, roster, visibility, minimum))
    write_file(out, made)
    typer.echo("\n".join([*notes, f"written: {out} (it holds the course's key: keep it as you keep the key)"]))
