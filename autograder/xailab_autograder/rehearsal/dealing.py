"""Who does what in a synthetic class, one student after the other.

- ``Class``   grows by ``add``; those who copy do so at the end (``copy_all``)
- ``Entry``   what one student did
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from xailab_autograder.course.students import Student
from xailab_autograder.rehearsal import filling, works
from xailab_autograder.rehearsal.broken import BROKEN
from xailab_autograder.rehearsal.deadlines import DUE, MOMENTS, Moment, in_time
from xailab_autograder.rehearsal.filling import File
from xailab_autograder.rehearsal.hostile import HOSTILE, Hostile, attacked
from xailab_autograder.rehearsal.odd import ODD
from xailab_autograder.rehearsal.solutions import Wrong
from xailab_autograder.rehearsal.truth import Pair, Truth
from xailab_autograder.rehearsal.works import Room, Work

_COSTLY_EVERY = 6
"""Of so many hostile students one costs its whole time limit."""

_STYLES = ("as taught", "reference")
"""Of the first right students; the others mix."""


@dataclass(frozen=True)
class Entry:
    """What one student did.

    Parameters
    ----------
    student
        Who.
    truth
        What has to come of it.
    file
        What was handed in; None: nothing.
    submitted
        When.
    work
        What is in the file; None: nothing that can be graded.
    """

    student: Student
    truth: Truth
    file: File | None
    submitted: datetime
    work: Work | None = None


@dataclass
class Class:
    """A class that grows.

    Parameters
    ----------
    room, rng
        What everybody's work is made from, and where choices come from.
    entries
        Id -> what that student did.
    moments
        Id -> when a late student hands in.
    pairs
        Who copied from whom.
    """

    room: Room
    rng: random.Random
    entries: dict[str, Entry] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    _copying: list[Student] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _deck: list[Wrong] = field(default_factory=list)

    def add(self, student: Student, kind: str) -> None:
        """Let a student do the lab.

        Parameters
        ----------
        student
            Who.
        kind
            One of ``proportions.KINDS``.
        """
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        special = {"copied": self._will_copy, "late": self._late, "broken": self._broken, "absent": self._absent}
        if kind in special:
            special[kind](student, number)
            return
        makers = {"odd": self._odd, "right": self._styled, "mistaken": self._mistaken, "hostile": self._hostile}
        makers |= {"half-done": self._half_done, "empty": self._empty}
        work, file = makers[kind](number)
        self._note(student, kind, work, file or filling.file(self.room, work), in_time(self.rng))

    def copy_all(self) -> None:
        """Let the copying students copy, when everybody else has finished."""
        originals = [e for e in self.entries.values() if e.work is not None and e.truth.kind in ("right", "mistaken")]
        for number, student in enumerate(self._copying):
            if not originals:  # a class too small for copying
                work = works.right(self.room, self.rng)
            else:
                original = originals.pop(self.rng.randrange(len(originals)))
                assert original.work is not None
                how = ("byte for byte", "renamed")[number % 2]
                work = original.work if how == "byte for byte" else works.copied(original.work, self.rng)
                work = replace(work, about=f"copied {original.student.id}, {how}")
                self.pairs.append(Pair(original.student.id, student.id, how))
            self._note(student, "copied", work, filling.file(self.room, work), in_time(self.rng))

    def _note(self, student: Student, kind: str, work: Work, file: File, submitted: datetime) -> None:
        """Write down what came in time."""
        told = Truth(student.id, kind, work.about, tasks=work.truth, submitted=submitted.isoformat())
        self.entries[student.id] = Entry(student, told, file, submitted, work)

    def _odd(self, number: int) -> tuple[Work, File | None]:
        odd = ODD[number % len(ODD)]
        work = works.right(self.room, self.rng)
        return replace(work, about=odd.about), odd.make(self.room, work, self.rng)

    def _styled(self, number: int) -> tuple[Work, File | None]:
        style = _STYLES[number] if number < len(_STYLES) else ""
        return works.right(self.room, self.rng, style=style), None

    def _mistaken(self, number: int) -> tuple[Work, File | None]:
        return works.mistaken(self.room, self.rng, list(self._mistakes(1 + number % 2))), None

    def _hostile(self, number: int) -> tuple[Work, File | None]:
        return attacked(self.room, works.right(self.room, self.rng), _hostile(number), self.rng), None

    def _half_done(self, number: int) -> tuple[Work, File | None]:
        return works.half_done(self.room, self.rng), None

    def _empty(self, number: int) -> tuple[Work, File | None]:
        return works.empty(self.room), None

    def _will_copy(self, student: Student, number: int) -> None:
        self._copying.append(student)

    def _absent(self, student: Student, number: int) -> None:
        told = Truth(student.id, "absent", "hands in nothing", "absent")
        self.entries[student.id] = Entry(student, told, None, DUE)

    def _broken(self, student: Student, number: int) -> None:
        broken = BROKEN[number % len(BROKEN)]
        submitted = in_time(self.rng)
        told = Truth(student.id, "broken", broken.about, "problem", submitted=submitted.isoformat())
        file = broken.make(self.room, works.right(self.room, self.rng))
        self.entries[student.id] = Entry(student, told, file, submitted)

    def _late(self, student: Student, number: int) -> None:
        """Let a student hand in at a moment that the terms have an opinion about."""
        moment = self.moments[student.id] = MOMENTS[number % len(MOMENTS)]
        if moment.after is None:
            told = Truth(student.id, "late", moment.about, "absent", excused=moment.excused)
            self.entries[student.id] = Entry(student, told, None, DUE)
            return
        submitted = DUE + moment.after
        work = works.mistaken(self.room, self.rng, list(self._mistakes(number % 2)))
        told = Truth(
            student.id, "late", moment.about, "graded", work.truth, moment.share, moment.excused, submitted.isoformat()
        )
        self.entries[student.id] = Entry(student, told, filling.file(self.room, work), submitted, work)

    def _mistakes(self, number: int) -> Iterator[Wrong]:
        """Deal mistakes of different exercises; all come up once before any comes up again."""
        taken: set[str] = set()
        for _ in range(number):
            if not self._deck:
                self._deck = self.rng.sample(self.room.solutions.wrong, len(self.room.solutions.wrong))
            place = next((i for i, wrong in enumerate(self._deck) if wrong.exercise not in taken), None)
            if place is None:
                return  # what is left is of one exercise: the next student gets it
            dealt = self._deck.pop(place)
            taken.add(dealt.exercise)
            yield dealt


def _hostile(number: int) -> Hostile:
    """Return the next hostile answer; one that costs its time limit comes rarely."""
    cheap = [hostile for hostile in HOSTILE if not hostile.costly]
    costly = [hostile for hostile in HOSTILE if hostile.costly]
    rounds, rest = divmod(number, _COSTLY_EVERY)
    if rest == _COSTLY_EVERY - 1:
        return costly[rounds % len(costly)]
    return cheap[(rounds * (_COSTLY_EVERY - 1) + rest) % len(cheap)]
