"""The answers to one question, in an order of the marker's own, and what each still needs.

- ``codes``     student id -> a short code that stands for the name
- ``Answer``    one student's answer
- ``Pile``      all answers to one question, in order
- ``Progress``  how many are marked
- ``state``     what a mark still needs

Everybody who marks a question goes through it in another order, and in the same one each time: nobody is always
marked first, when the marker is fresh, or always after the same neighbor.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from xailab_autograder.exercises import Reflection, Task
from xailab_autograder.gradebook.contents import ClassBook, Standing, TaskMark
from xailab_autograder.marking.answering import answered

SHORTEST_CODE = 4
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none is taken for another

State = Literal["unmarked", "outdated", "marked", "settled"]
"""``outdated``: marked, and then another text was handed in. ``settled``: needs nobody (judged, or nothing written)."""

Show = Literal["waiting", "unmarked", "outdated", "marked", "all"]
"""Which answers of a pile are gone through. ``waiting``: unmarked and outdated ones."""

SHOWS: tuple[Show, ...] = get_args(Show)

STATES: dict[State, str] = {
    "unmarked": "not marked yet",
    "outdated": "handed in again",
    "marked": "marked",
    "settled": "needs nobody",
}


@dataclass(frozen=True)
class Answer:
    """One student's answer to one question.

    Parameters
    ----------
    standing
        The student in this lab.
    mark
        The student's mark of this task.
    code
        Stands for the name.
    state
        What the mark still needs.
    """

    standing: Standing
    mark: TaskMark
    code: str
    state: State

    def fits(self, show: Show) -> bool:
        """Whether a filter lets it through."""
        waiting = self.state in ("unmarked", "outdated")
        return show in ("all", self.state) or (show == "waiting" and waiting)


@dataclass(frozen=True)
class Progress:
    """How many answers that need a person are marked."""

    marked: int
    total: int
    outdated: int

    @property
    def waiting(self) -> int:
        """Those that still need a person."""
        return self.total - self.marked


@dataclass(frozen=True)
class Pile:
    """All answers to one question, in the marker's order.

    Parameters
    ----------
    task
        The question.
    answers
        In order; those who handed in nothing are left out.
    """

    task: Task
    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, book: ClassBook, task: Task, marker: str) -> "Pile":
        """Return the pile of a question for a marker.

        Parameters
        ----------
        book
            The class.
        task
            The question; one of the lab's.
        marker
            Whose order.
        """
        names = codes(book)
        place = [each.id for each in book.lab.tasks].index(task.id)
        found = [
            Answer(standing, standing.marks[place], names[standing.student.id], state(standing, standing.marks[place]))
            for standing in book.standings
            if standing.handed_in is not None
        ]
        found.sort(key=lambda a: _drawn(marker, book.lab.number, task.id, a.standing.student.id))
        return cls(task, tuple(found))

    @property
    def progress(self) -> Progress:
        """How far the marking is."""
        states = [answer.state for answer in self.answers]
        marked, outdated = states.count("marked"), states.count("outdated")
        return Progress(marked, marked + outdated + states.count("unmarked"), outdated)

    def count(self, show: Show) -> int:
        """How many answers a filter lets through."""
        return sum(answer.fits(show) for answer in self.answers)

    def after(self, code: str, show: Show, *, round_again: bool = False) -> Answer | None:
        """Return the next answer that a filter lets through.

        Parameters
        ----------
        code
            From here; a code that is not in the pile stands before the first.
        show
            The filter.
        round_again
            Go on at the beginning after the last one.
        """
        return self._next(code, show, self.answers, round_again=round_again)

    def before(self, code: str, show: Show) -> Answer | None:
        """Return the answer before this one; see ``after``."""
        return self._next(code, show, self.answers[::-1], round_again=False)

    def position(self, code: str, show: Show) -> tuple[int, int]:
        """Return (which, of how many) in the filtered row; which is 0 where the filter leaves this answer out."""
        row = [answer.code for answer in self.answers if answer.fits(show)]
        return (row.index(code) + 1 if code in row else 0), len(row)

    def _next(self, code: str, show: Show, row: Sequence[Answer], *, round_again: bool) -> Answer | None:
        """Look along a row from one answer on."""
        here = next((at for at, answer in enumerate(row) if answer.code == code), -1)
        rest = [*row[here + 1 :], *(row[: max(here, 0)] if round_again else ())]
        return next((answer for answer in rest if answer.fits(show)), None)


def state(standing: Standing, mark: TaskMark) -> State:
    """Return what a mark still needs.

    Parameters
    ----------
    standing
        The student in this lab.
    mark
        Of one task.
    """
    if mark.by_hand is not None:
        return "outdated" if mark.outdated else "marked"
    if isinstance(mark.task, Reflection):
        return "unmarked" if answered(standing, mark.task).strip() else "settled"
    return "unmarked" if mark.waits else "settled"


def codes(book: ClassBook) -> dict[str, str]:
    """Return a code for each student: the same for all markers, and as short as keeps them apart."""
    full = {each.student.id: _code(book.course, book.lab.number, each.student.id) for each in book.standings}
    ordered = sorted(full.values())
    shared: dict[str, int] = {}
    for code, following in itertools.pairwise(ordered):
        length = next((at for at, (a, b) in enumerate(zip(code, following, strict=True)) if a != b), len(code))
        for each in (code, following):
            shared[each] = max(shared.get(each, 0), length)
    return {id_: code[: max(SHORTEST_CODE, shared.get(code, 0) + 1)] for id_, code in full.items()}


def find(book: ClassBook, code: str) -> Standing | None:
    """Return the student whom a code stands for.

    Parameters
    ----------
    book
        The class.
    code
        As ``codes`` gives it; a longer or shorter one of the same student will do.
    """
    if len(code) < SHORTEST_CODE:
        return None
    full = {each.student.id: _code(book.course, book.lab.number, each.student.id) for each in book.standings}
    found = [each for each in book.standings if full[each.student.id].startswith(code)]
    return found[0] if len(found) == 1 else None


def show_named(name: str | None, default: Show = "waiting") -> Show:
    """Return the filter of a name; an unknown name is the default."""
    return next((show for show in SHOWS if show == name), default)


def search(book: ClassBook, query: str, *, names: bool) -> list[Standing]:
    """Return the students whom somebody looks for: by code or id, and by a part of the name where names are shown.

    Parameters
    ----------
    book
        The class.
    query
        What was typed.
    names
        Names are shown; else only whole ids are compared, so that a search tells nothing about others.
    """
    wanted = query.strip().casefold()
    if not wanted:
        return []
    known = codes(book)
    exact = [
        each for each in book.standings if wanted in (each.student.id.casefold(), known[each.student.id].casefold())
    ]
    if exact or not names:
        return exact
    return [each for each in book.standings if any(wanted in word.casefold() for word in _words(each))]


def _words(standing: Standing) -> Iterable[str]:
    """Return what a student may be looked for by."""
    student = standing.student
    return student.id, student.name, student.email


def _drawn(*parts: str) -> bytes:
    """Return bytes that are drawn for these words, always the same."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def _code(course: str, lab: str, student: str) -> str:
    """Return the long form of a student's code."""
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in _drawn("code", course, lab, student))
