"""A feedback page for each student, in a folder.

- ``write_pages``   a class -> its pages; returns which file is whose
- ``student_page``  one student -> the page

A file whose content would not change is not touched, so that a folder which is synchronised to students moves only what
is new. A page is whole or not there.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from xailab.errors import XailabError
from xailab.files import writable_folder, write_beside
from xailab_autograder.exercises import Lab
from xailab_autograder.feedback.page import page, page_without_result
from xailab_autograder.gradebook.contents import ClassBook, Standing, TaskMark
from xailab_autograder.judging.records import ExerciseRecord
from xailab_autograder.overview.filenames import page_name

ANOTHER_TEXT = "A person marked an earlier text of yours; this one will be marked again."
OUTDATED = "This result is of an earlier hand-in, or of an earlier version of the lab; it will be graded again."

EARLIER = "This result is of what you handed in before."


def write_pages(
    class_book: ClassBook, folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, str]:
    """Write a page for every student; return id -> file name.

    Parameters
    ----------
    class_book
        The class.
    folder
        Where to; made if it is not there. Other files in it are left alone.
    progress
        Told how many pages are done, and of how many.

    Raises
    ------
    XailabError
        The folder cannot be written to, or the disk is full. Pages that were there are unchanged.
    """
    folder = writable_folder(folder)
    names: dict[str, str] = {}
    for done, standing in enumerate(class_book.standings, 1):
        names[standing.student.id] = name = page_name(standing.student.id)
        _write_if_new(folder / name, student_page(class_book.lab, standing).encode("utf-8"))
        if progress is not None:
            progress(done, len(class_book.standings))
    return names


def student_page(lab: Lab, standing: Standing) -> str:
    """Return a student's page: the result with people's marks, or why there is none."""
    record = standing.settled
    if record is None:
        return page_without_result(lab.number, lab.title, standing.student.id, _reasons(standing))
    marks = {mark.task.id: mark for mark in standing.marks}
    exercises = tuple(_told(exercise, marks.get(exercise.id)) for exercise in record.exercises)
    notes = (*_about_the_result(standing), *record.notes)
    return page(replace(record, exercises=exercises, notes=notes))


def _about_the_result(standing: Standing) -> list[str]:
    """Say why the result may not be the last word."""
    if standing.problem:  # of what was handed in later; the result is that of an earlier file
        return [f"What you handed in last could not be graded: {standing.problem}", EARLIER]
    return [OUTDATED] if standing.outdated else []


def _told(exercise: ExerciseRecord, mark: TaskMark | None) -> ExerciseRecord:
    """Say where a person's mark is of another text than the one that is shown."""
    if mark is None or not mark.outdated:
        return exercise
    return replace(exercise, notes=(ANOTHER_TEXT, *exercise.notes))


def _reasons(standing: Standing) -> list[str]:
    """Say why there is no result."""
    file = standing.handed_in
    if file is None:
        return ["You need not hand in this lab." if standing.lateness.excused else "Nothing was handed in."]
    if file.problem:
        return ["Your file could not be graded.", file.problem]
    if standing.problem:
        return ["The grader could not grade your file. Your instructor sees this too.", standing.problem]
    return ["Your file has arrived; it has not been graded yet."]


def _write_if_new(path: Path, content: bytes) -> None:
    """Write a file unless it holds just that."""
    try:
        if not path.is_symlink() and path.read_bytes() == content:
            return
    except OSError:  # not there, or not readable: writing says which
        pass
    if path.is_dir() and not path.is_symlink():
        raise XailabError(f"cannot write {path}: a folder has this name; remove it, or choose another place with --out")
    with write_beside(path) as temporary:
        temporary.write_bytes(content)
