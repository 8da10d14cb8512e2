"""Everything that an instructor gives away or keeps.

- ``build``  both notebooks, the pages, and the source of an nbgrader course
"""

from collections.abc import Callable
from pathlib import Path

from xailab.errors import XailabError
from xailab.files import writable_folder
from xailab_autograder import labs
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.handout import execute, page
from xailab_autograder.notebooks.leaks import leaks


def build(
    number: str | int, out: str | Path, *, run: bool = True, progress: Callable[[str], None] = lambda step: None
) -> list[Path]:
    """Write a lab's notebooks and pages; return the paths.

    Parameters
    ----------
    number
        Of the lab.
    out
        A folder: ``student/`` to give away, ``instructor/`` to keep, ``nbgrader/source/`` for an nbgrader course.
    run
        Whether the instructors' page shows outputs; takes as long as the lab's code.
    progress
        Told what is being done.

    Raises
    ------
    XailabError
        The students' notebook would show an answer, the instructors' does not run, or ``out`` cannot be written to.
    """
    place = labs.find(number)
    lab = labs.load(number)
    out = writable_folder(out)
    progress("notebooks")
    student, instructor = generate.student(place), generate.instructor(place)
    shown = leaks(student, instructor, lab)
    if shown:
        first = shown[0]
        raise XailabError(f"the students' notebook shows a part of {first.task!r} in cell {first.cell}: {first.text!r}")
    source = generate.nbgrader_source(place)
    texts = {
        f"student/{place.name}.ipynb": generate.to_text(student),
        f"instructor/{place.name}.ipynb": generate.to_text(instructor),
        f"nbgrader/source/{place.name}/{place.name}.ipynb": generate.to_text(source),
    }
    progress("the students' page")
    texts[f"student/{place.name}.html"] = page(student)
    progress("the instructors' notebook runs" if run else "the instructors' page")
    texts[f"instructor/{place.name}.html"] = page(execute(instructor, folder=out) if run else instructor)
    paths = []
    for name, text in texts.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        generate.write(path, text)
        paths.append(path)
    return paths
