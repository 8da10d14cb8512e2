"""Marks into the rows of a platform's sheet: what Canvas and Moodle share.

- ``Filled``     the sheet, and what was and was not written
- ``Skipped``    somebody for whom nothing was written, and why
- ``decimals``   a point or a comma in the numbers of a sheet
- ``mark_text``  a mark as the sheet writes numbers
- ``largest``    the factor from the lab's points to the sheet's maximum
- ``sort_out``   for whom there is something to write, and where
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from xailab.errors import XailabError
from xailab_autograder.exports.matching import Matches
from xailab_autograder.exports.states import countable, state, why_not
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import ClassBook, Standing

Decimals = Literal[".", ","]

_COMMA = re.compile(r"-?\d+,\d+")
_POINT = re.compile(r"-?\d+\.\d+")
_CLOSE = 1e-6


@dataclass(frozen=True)
class Skipped:
    """Somebody for whom nothing was written, and why."""

    student: str
    why: str


@dataclass(frozen=True)
class Filled:
    """The sheet, and what was and was not written.

    Parameters
    ----------
    raw
        The file to upload.
    filled
        Ids of students whose mark is in it now.
    unmatched
        Ids of students who have a mark and no row of their own, in the class's order.
    skipped
        Students with a row in which nothing was written, and why.
    left
        Names in the sheet whose row belongs to nobody of the class.
    notes
        What the instructor should know.
    """

    raw: bytes
    filled: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def decimals(steady: Iterable[str], changing: Iterable[str]) -> Decimals | None:
    """Return how a sheet writes decimals; None: it has none.

    Parameters
    ----------
    steady
        Fields that filling never changes; most of their numbers decide.
    changing
        Fields that filling may change; asked only if no other has a decimal, so that filling twice is filling once.
    """
    points, commas = _count(steady)
    if points or commas:
        return "," if commas > points else "."
    points, commas = _count(changing)
    if points or commas:
        return "," if commas and not points else "."
    return None


def mark_text(score: float, decimal: Decimals) -> str:
    """Write a mark with two decimals; half a hundredth goes up."""
    # Through the shortest text of the number: 0.145 is what was meant, not the binary fraction below it.
    exact = Decimal(repr(round(score, 9) + 0.0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{exact:.2f}".replace(".", decimal)


def largest(said: str, points: float, *, scale: bool, where: str) -> float:
    """Return the factor from the lab's points to the sheet's.

    Parameters
    ----------
    said
        The sheet's maximum; a text that is no number says nothing.
    points
        The lab's.
    scale
        Marks may be scaled.
    where
        For the message: ``"the Canvas assignment 'Lab 3 (17)'"``.

    Raises
    ------
    XailabError
        They differ, and nobody asked for scaling.
    """
    value = parse_number(said)
    if value is None or value <= 0 or points <= 0 or abs(value - points) <= _CLOSE * points:
        return 1.0
    if scale:
        return value / points
    raise XailabError(
        f"{where} is worth {number(value)} points, the lab {number(points)}: make them equal on the platform and "
        f"download the sheet again, or ask for scaling"
    )


def parse_number(text: str) -> float | None:
    """Return a number written with a point or a comma; None: it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


@dataclass(frozen=True)
class Sorted:
    """For whom there is something to write: standings with their rows; and everybody else."""

    wanted: tuple[tuple[Standing, int], ...]
    skipped: tuple[Skipped, ...]
    unmatched: tuple[str, ...]
    notes: tuple[str, ...]


def sort_out(class_book: ClassBook, matches: Matches) -> Sorted:
    """Say for whom there is a mark and a row.

    Parameters
    ----------
    class_book
        The class.
    matches
        Who was found where in the sheet.
    """
    wanted: list[tuple[Standing, int]] = []
    skipped: list[Skipped] = []
    missing: list[str] = []
    for standing in class_book.standings:
        row = matches.rows.get(standing.student.id)
        if row is None:
            if countable(state(standing)):
                missing.append(standing.student.id)
        elif countable(state(standing)):
            wanted.append((standing, row))
        else:
            skipped.append(Skipped(standing.student.id, why_not(standing)))
    notes = list(matches.notes)
    early = sum(state(standing) == "waiting" for standing, _ in wanted)
    if early:
        notes.append(f"{early} mark{'s are' if early > 1 else ' is'} not final: a person has yet to mark a part")
    return Sorted(tuple(wanted), tuple(skipped), tuple(missing), tuple(notes))


def _count(texts: Iterable[str]) -> tuple[int, int]:
    """Count numbers with a point and with a comma."""
    listed = [text.strip() for text in texts]
    return sum(map(bool, map(_POINT.fullmatch, listed))), sum(map(bool, map(_COMMA.fullmatch, listed)))
