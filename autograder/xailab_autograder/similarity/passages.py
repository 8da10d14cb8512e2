"""Where two hand-ins are alike.

- ``common``  the passages that two documents share, each word in one at most

Runs of common fingerprints are laid out greedily, the longest first, those of the same task before others.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass

from xailab_autograder.similarity.features import CODE_RUN, PROSE_RUN, Document

_REPEATED = 12
"""A fingerprint that stands more often in one hand-in is a repetition; matching all with all would take for ever."""


@dataclass(frozen=True)
class Run:
    """The same words in two units: numbers of the units, first words, and how many."""

    left: int
    right: int
    at: int
    there: int
    words: int


def common(left: Document, right: Document) -> list[Run]:
    """Return the passages that two documents share."""
    taken_left: list[set[int]] = [set() for _ in left.units]
    taken_right: list[set[int]] = [set() for _ in right.units]
    laid: list[Run] = []
    runs = _runs(left, right)
    runs.sort(key=lambda run: (left.units[run.left].task != right.units[run.right].task, -run.words, run.at, run.there))
    for run in runs:
        least = PROSE_RUN if left.units[run.left].prose else CODE_RUN
        for free in _free(run, taken_left[run.left], taken_right[run.right], least):
            taken_left[run.left].update(range(free.at, free.at + free.words))
            taken_right[run.right].update(range(free.there, free.there + free.words))
            laid.append(free)
    return laid


def _runs(left: Document, right: Document) -> list[Run]:
    """Return every longest run of common fingerprints: on one diagonal, without a gap."""
    diagonals: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for number, (unit, places) in enumerate(zip(left.units, left.places, strict=True)):
        for other, (its_unit, its_places) in enumerate(zip(right.units, right.places, strict=True)):
            if unit.prose != its_unit.prose:
                continue
            for key in places.keys() & its_places.keys():
                for at in places[key][:_REPEATED]:
                    for there in its_places[key][:_REPEATED]:
                        diagonals[number, other, there - at].append(at)
    found = []
    for (number, other, shift), starts in diagonals.items():
        run = PROSE_RUN if left.units[number].prose else CODE_RUN
        starts.sort()
        ends = [at for at, after in itertools.pairwise([*starts, -1]) if after != at + 1]
        firsts = [at for before, at in itertools.pairwise([-2, *starts]) if at != before + 1]
        for first, last in zip(firsts, ends, strict=True):
            found.append(Run(number, other, first, first + shift, last - first + run))
    return found


def _free(run: Run, taken_left: set[int], taken_right: set[int], least: int) -> list[Run]:
    """Return the parts of a run whose words nobody has taken, if they are long enough."""
    parts: list[Run] = []
    start = 0
    for step in range(run.words + 1):
        if step == run.words or run.at + step in taken_left or run.there + step in taken_right:
            if step - start >= least:
                parts.append(Run(run.left, run.right, run.at + start, run.there + start, step - start))
            start = step + 1
    return parts
