"""What is found, as plain data. Names and texts come from students: views must escape them.

- ``Pair``     two hand-ins that are alike, or a group of them
- ``Overlap``  what they share in one task
- ``Piece``    a stretch of a hand-in as written
- ``Passage``  the same, twice
- ``Expected`` how alike independent right solutions of a task are
- ``Note``     what was left out of a hand-in
- ``Survey``   everything that was found, and what it was compared with
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ELSEWHERE = ""
"""Stands for the task where there is none: own functions that no exercise uses."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a hand-in as written.

    Parameters
    ----------
    label
        Where it stands: ``"cell 7"``, or the reference's name.
    line
        Of its first line there, from 1.
    text
        As handed in; hostile.
    """

    label: str
    line: int
    text: str


@dataclass(frozen=True)
class Passage:
    """The same words in both, after normalising.

    Parameters
    ----------
    left, right
        (piece, start, end): the number of the piece in its overlap's side, and characters of its text.
    words
        How many words of the normal form.
    """

    left: tuple[int, int, int]
    right: tuple[int, int, int]
    words: int


@dataclass(frozen=True)
class Expected:
    """How alike the lab's independent right solutions of a task are: the mean share of all pairs, and the largest."""

    mean: float
    most: float
    solutions: int


@dataclass(frozen=True)
class Overlap:
    """What two hand-ins share in one task.

    Parameters
    ----------
    task
        Its id; ``ELSEWHERE``: own functions that no exercise uses.
    title
        For people.
    shares
        The part of the left's own words that the right has too, and the other way round.
    left, right
        What they wrote.
    passages
        What is the same, the longest first.
    prose
        It is a text, not code.
    expected
        How alike independent right solutions are; None: unknown.
    """

    task: str
    title: str
    shares: tuple[float, float]
    left: tuple[Piece, ...]
    right: tuple[Piece, ...]
    passages: tuple[Passage, ...]
    prose: bool = False
    expected: Expected | None = None


@dataclass(frozen=True)
class Pair:
    """Two hand-ins that are alike. Not a verdict.

    Parameters
    ----------
    left, right
        Ids of students, in order; with ``reference``, the right is the name of a reference.
    reference
        The right is a solution of the lab.
    rank
        1 for the most unusual.
    unusual
        Robust z: how many spreads above the middle of all pairs of this class.
    likeness
        From 0 to 1: the weighted share; what many have counts little.
    shares
        The part of the left's own code that the right has too, and the other way round; what many have counts.
    shared
        Fingerprints that both have, and not most of the class.
    longest
        Words of the longest passage in code or text, after normalising.
    overlaps
        By task, in the lab's order; only where there are passages.
    same_bytes
        The files are equal byte by byte.
    same_form
        All of the code is equal after normalising.
    group
        All members, where this entry stands for more than two that are nearly the same.
    more
        The pairs of the left with further members of the group.
    """

    left: str
    right: str
    unusual: float
    likeness: float
    shares: tuple[float, float]
    shared: int
    longest: int
    overlaps: tuple[Overlap, ...]
    rank: int = 0
    reference: bool = False
    same_bytes: bool = False
    same_form: bool = False
    group: tuple[str, ...] = ()
    more: tuple["Pair", ...] = ()


@dataclass(frozen=True)
class Note:
    """What was left out of a student's hand-in."""

    student: str
    says: str


@dataclass(frozen=True)
class Survey:
    """Everything that was found, and what it was compared with.

    Parameters
    ----------
    pairs
        The most unusual first.
    hand_ins
        How many were compared.
    compared
        How many pairs that is, with those of students and references.
    threshold
        From which robust z on a pair is listed, in a class of this size.
    typical
        The middle of the class's likeness, of all pairs of two students.
    expected
        Task -> how alike independent right solutions are.
    references
        Names of what hand-ins were compared with besides each other.
    notes
        What was left out.
    """

    pairs: tuple[Pair, ...]
    hand_ins: int
    compared: int
    threshold: float
    typical: float
    expected: Mapping[str, Expected] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
