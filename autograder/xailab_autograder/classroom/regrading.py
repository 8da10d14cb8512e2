"""One exercise again for a class, after a fix.

- ``regrade_class``  judge some tasks of everybody anew, publish; returns what changed
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xailab_autograder import labs
from xailab_autograder.classroom.place import Place, kept_key, must_exist
from xailab_autograder.classroom.publishing import Published, publish
from xailab_autograder.classroom.working import Told, started, telling
from xailab_autograder.command import minimum_level

if TYPE_CHECKING:
    from xailab_autograder.batch.regrade import Regraded


@dataclass(frozen=True)
class RegradeRequest:
    """The options of ``xailab regrade``; see there."""

    lab: str
    place: Place
    tasks: Sequence[str]
    students: Sequence[str] = ()
    key_file: Path | None = None
    jobs: int | None = None
    minimum: str = "L1"


def regrade_class(
    request: RegradeRequest,
    *,
    told: Told = lambda what, done, total: None,
    note: Callable[[str], None] = lambda note: None,
) -> tuple["Regraded", Published]:
    """Judge some tasks anew and write the pages again; other tasks keep their marks, as do people's.

    Raises
    ------
    XailabError
        No such task, student or gradebook, another key, or it cannot go on. What had come is in the gradebook.
    """
    from xailab_autograder.batch.fingerprint import fingerprint
    from xailab_autograder.batch.regrade import regrade
    from xailab_autograder.gradebook.opening import open_gradebook

    minimum = minimum_level(request.minimum)
    lab = labs.load(request.lab)
    must_exist(request.place)
    key = kept_key(request.place, request.key_file)
    identity = fingerprint(lab.number, key)
    with open_gradebook(request.place.address, key=identity.key, tell=note) as book:
        with started("", request.jobs, lab, identity, minimum, note) as workers:
            regraded = regrade(
                book, lab, identity, request.tasks, key=key, executor=workers,
                students=request.students or None, progress=telling(told, note), minimum=minimum,
            )  # fmt: skip
        published = publish(book, lab, request.place, told=told)
    return regraded, published
