"""The pages and tables of a lab, made from its gradebook.

- ``publish``     everything that an instructor looks at, into the results folder
- ``Published``   what was written

Pages are views: they can be made again at any time, and hold nothing that the gradebook does not.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xailab.files import writable_folder
from xailab_autograder.classroom.comparing import SIMILAR, compare, forget
from xailab_autograder.classroom.place import Place, write_file
from xailab_autograder.classroom.working import Told
from xailab_autograder.exercises import Lab

if TYPE_CHECKING:
    from xailab_autograder.gradebook.contents import ClassBook
    from xailab_autograder.gradebook.opening import Gradebook

OVERVIEW, FEEDBACK, MARKS, RECORDS = "index.html", "feedback", "marks.csv", "records.jsonl"


@dataclass(frozen=True)
class Published:
    """What was written.

    Parameters
    ----------
    class_book
        What it was made from.
    overview
        The page to open first.
    files
        All of it but the feedback pages.
    feedback
        The folder of the feedback pages.
    """

    class_book: "ClassBook"
    overview: Path
    files: tuple[Path, ...]
    feedback: Path


def publish(
    book: "Gradebook", lab: Lab, place: Place, *, similar: bool = True, told: Told = lambda what, done, total: None
) -> Published:
    """Write the overview, the feedback pages, the tables and, if asked for, the list of similar hand-ins.

    Parameters
    ----------
    book, lab, place
        Whose results, of which lab, where to.
    similar
        Compare hand-ins with each other too; False: an older list is removed, for it may be out of date.
    told
        Told how far this is.

    Raises
    ------
    XailabError
        The folder cannot be written to. What was there before is unchanged.
    """
    from xailab_autograder.exports import csv_marks, jsonl_records
    from xailab_autograder.gradebook.reading import class_book as read
    from xailab_autograder.overview.page import overview
    from xailab_autograder.overview.students import write_pages

    folder = writable_folder(place.lab(lab.number))
    class_book = read(book, lab)
    names = write_pages(class_book, folder / FEEDBACK, progress=lambda done, total: told("pages", done, total))
    files = [folder / OVERVIEW, folder / MARKS, folder / RECORDS]
    pairs = compare(class_book, folder, told) if similar else None
    if pairs is None:
        forget(folder)
    else:
        files.append(folder / SIMILAR)
    pages = {student: f"{FEEDBACK}/{name}" for student, name in names.items()}
    write_file(folder / MARKS, csv_marks.marks(class_book))
    write_file(folder / RECORDS, jsonl_records.records(class_book))
    write_file(folder / OVERVIEW, overview(class_book, pages=pages, similar=pairs or ()))
    return Published(class_book, folder / OVERVIEW, tuple(files), folder / FEEDBACK)
