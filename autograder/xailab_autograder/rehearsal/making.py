"""A synthetic class, made from a lab's own declarations, with known true marks.

- ``rehearse``   writes it down
- ``Rehearsal``  what was made

In the folder: what an instructor would download, ``course.toml``, ``course.key``, ``roster.csv``, and the truth. The
same lab, number and seed give the same bytes.
"""

import csv
import hashlib
import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xailab.errors import XailabError
from xailab.files import writable_folder
from xailab_autograder import labs
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab
from xailab_autograder.notebooks import generate
from xailab_autograder.rehearsal import people, truth
from xailab_autograder.rehearsal.deadlines import DUE, Moment, course_toml
from xailab_autograder.rehearsal.dealing import Class, Entry
from xailab_autograder.rehearsal.layouts.layout import Delivery, Layout, Parcel
from xailab_autograder.rehearsal.layouts.plain import PLAIN
from xailab_autograder.rehearsal.proportions import deal
from xailab_autograder.rehearsal.solutions import collect
from xailab_autograder.rehearsal.truth import Pair, Truth
from xailab_autograder.rehearsal.works import Room

MOST = 5000
"""Students; there are no more names."""


@dataclass(frozen=True)
class Rehearsal:
    """A synthetic class.

    Parameters
    ----------
    submissions
        The folder or archive that ``xailab grade`` is pointed at.
    truth
        What has to come of each student, in the order of the roster.
    pairs
        Who copied from whom.
    files
        Everything else that was written.
    notes
        What is not in it, and why.
    """

    submissions: Path
    truth: tuple[Truth, ...]
    pairs: tuple[Pair, ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def rehearse(
    lab: Lab,
    *,
    students: int,
    seed: int,
    out: Path,
    layout: Layout = PLAIN,
    key: bytes | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Rehearsal:
    """Make a synthetic class with known true marks.

    Parameters
    ----------
    lab
        As ``labs.load`` returns it; its folder is read too.
    students
        How many.
    seed
        The same seed, the same class.
    out
        A new or empty folder.
    layout
        As which platform gives them out.
    key
        The course's key; None: one made from the seed, which is no secret.
    progress
        Told after each student how many there are.

    Raises
    ------
    XailabError
        The folder holds something, the number is out of range, or an answer of the lab cannot stand alone.
    """
    if not 1 <= students <= MOST:
        raise XailabError(f"expected 1 to {MOST} students, got {students}")
    if out.is_dir() and any(out.iterdir()):
        raise XailabError(f"{out} is not empty: a rehearsal needs a folder of its own, or old files mix with new ones")
    folder = writable_folder(out)
    place = labs.find(lab.number)
    solutions = collect(lab)
    room = Room(lab, solutions, generate.to_text(generate.student(place)), f"{place.name}.ipynb")
    growing = Class(room, random.Random(f"{lab.number} {seed}"))
    everybody = people.students(students, seed)
    for done, (student, kind) in enumerate(zip(everybody, deal(students, growing.rng), strict=True), 1):
        growing.add(student, kind)
        progress(done)
    growing.copy_all()
    entries = [growing.entries[student.id] for student in everybody]
    told = tuple(_as_told(entry.truth, layout) for entry in entries)
    parcels = tuple(_parcel(entry) for entry in entries if entry.file is not None)
    try:
        submissions, others = layout.write(Delivery(folder, lab, room.file, everybody, parcels))
        files = [*others, *_course_files(folder, lab, everybody, growing.moments, key or _key(lab, seed))]
    except OSError as error:
        raise XailabError(f"cannot write the rehearsal into {folder}: {error.strerror}") from error
    files += truth.write(folder, lab, told, growing.pairs)
    return Rehearsal(submissions, told, tuple(growing.pairs), tuple(files), solutions.notes)


def _as_told(told: Truth, layout: Layout) -> Truth:
    """Return the truth as far as the platform tells it: without times, nobody is late."""
    return told if layout.tells_times else replace(told, share=0.0, submitted="")


def _parcel(entry: Entry) -> Parcel:
    assert entry.file is not None
    return Parcel(entry.student, entry.file, entry.submitted, late=entry.submitted > DUE)


def _key(lab: Lab, seed: int) -> bytes:
    """Return a key that says what it is; the whole line is the key."""
    digest = hashlib.sha256(f"rehearsal {lab.number} {seed}".encode()).hexdigest()
    return f"made from seed {seed} of a rehearsal, no secret: {digest}".encode()


def _course_files(
    folder: Path, lab: Lab, students: Sequence[Student], moments: dict[str, Moment], key: bytes
) -> Iterator[Path]:
    """Write what an instructor would write: terms, roster, key."""
    table = io.StringIO()
    sheet = csv.writer(table)
    sheet.writerow(["id", "name", "email", "canvas", "moodle", "gradescope"])
    for student in students:
        platforms = [student.platforms[name] for name in ("canvas", "moodle", "gradescope")]
        sheet.writerow([student.id, student.name, student.email, *platforms])
    name = f"Rehearsal of lab {int(lab.number)}"
    texts = {
        "course.toml": course_toml(name, lab.number, moments).encode(),
        "roster.csv": table.getvalue().encode(),
        "course.key": key + b"\n",
    }
    for file, content in texts.items():
        (folder / file).write_bytes(content)
        yield folder / file
