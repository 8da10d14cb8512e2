"""A synthetic class from the command line: make it, grade it, compare.

- ``run``   a rehearsal -> what is to be said about it, and what differs from the truth
- ``RehearsalRequest``  the options
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xailab.errors import UnknownName
from xailab_autograder import labs
from xailab_autograder.classroom.grading import ClassRequest, grade_class
from xailab_autograder.classroom.working import Told

if TYPE_CHECKING:
    from xailab_autograder.rehearsal.comparing import Difference
    from xailab_autograder.rehearsal.layouts.layout import Layout

RESULTS = "results"


@dataclass(frozen=True)
class RehearsalRequest:
    """The options of ``xailab rehearse``; see there."""

    lab: str
    out: Path
    students: int
    seed: int
    platform: str = "plain"
    grade: bool = False
    jobs: int | None = None


def run(
    request: RehearsalRequest,
    *,
    told: Told = lambda what, done, total: None,
    note: Callable[[str], None] = lambda note: None,
) -> tuple[list[str], tuple["Difference", ...]]:
    """Make a class, grade it if asked for, and compare every mark with the true one.

    Returns
    -------
    lines, differences
        What to print, and every mark that is not the true one.

    Raises
    ------
    XailabError
        The folder holds something already, there is no such platform or lab, or grading cannot go on.
    """
    from xailab_autograder.classroom.printing import summary
    from xailab_autograder.rehearsal.comparing import compare, report
    from xailab_autograder.rehearsal.making import rehearse

    lab, layout = labs.load(request.lab), _layout(request.platform)
    made = rehearse(
        lab, students=request.students, seed=request.seed, out=request.out, layout=layout,
        progress=lambda done: told("making", done, request.students),
    )  # fmt: skip
    written = (f"written: {file}" for file in made.files)
    lines = [*made.notes, f"{len(made.truth)} students: {made.submissions}", *written]
    if not request.grade:
        command = f"xailab grade {lab.number} {made.submissions} --course {request.out / 'course.toml'} --out RESULTS"
        return [*lines, f"next: {command}"], ()
    results = request.out / RESULTS
    graded = grade_class(
        ClassRequest(
            request.lab, made.submissions, results, course_file=request.out / "course.toml", jobs=request.jobs
        ),
        told=told,
        note=note,
    )
    differences = compare(graded.published.class_book, made.truth)
    compared = report(differences, made.truth).rstrip()
    return [*summary(graded), compared, f"open {graded.published.overview}"], differences


def _layout(platform: str) -> "Layout":
    """Return how a platform gives out what was handed in."""
    from xailab_autograder.rehearsal.layouts.canvas import CANVAS
    from xailab_autograder.rehearsal.layouts.gradescope import GRADESCOPE
    from xailab_autograder.rehearsal.layouts.moodle import MOODLE
    from xailab_autograder.rehearsal.layouts.nbgrader import NBGRADER
    from xailab_autograder.rehearsal.layouts.plain import PLAIN

    layouts = {layout.name: layout for layout in (PLAIN, NBGRADER, CANVAS, MOODLE, GRADESCOPE)}
    if platform not in layouts:
        raise UnknownName("platform", platform, layouts)
    return layouts[platform]
