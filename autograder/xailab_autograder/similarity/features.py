"""Fingerprints of words: hashes of every run of k words, by copydetect.

- ``Document``     a hand-in or a reference with its fingerprints
- ``Fingerprints`` makes documents; the same words get the same hashes

Every fingerprint is kept: hand-ins are short, and a choice (winnowing) would miss short passages and depend on chance.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from xailab_autograder.similarity.own_code import Unit

CODE_RUN = 12
"""Words of the normal form: shorter runs are idioms, such as ``x.reshape(len(x), -1)``."""

PROSE_RUN = 6
"""Words of a text."""

Places = dict[int, list[int]]
"""Hash -> where it begins, in words."""


@dataclass(frozen=True, eq=False)
class Document:
    """A hand-in or a reference with its fingerprints.

    Parameters
    ----------
    name
        The student's id, or the reference's name.
    units
        What was written.
    places
        One for each unit: the fingerprints that the hand-out does not have.
    sha256
        Of the file; empty for references.
    """

    name: str
    units: tuple[Unit, ...]
    places: tuple[Places, ...]
    sha256: str = ""

    @cached_property
    def code(self) -> frozenset[int]:
        """The fingerprints of its code."""
        return self._of(prose=False)

    @cached_property
    def prose(self) -> frozenset[int]:
        """The fingerprints of its texts."""
        return self._of(prose=True)

    @cached_property
    def forms(self) -> tuple[tuple[str, ...], ...]:
        """The normal forms of its code, in an order that does not depend on the notebook's."""
        return tuple(sorted(unit.form for unit in self.units if not unit.prose))

    def _of(self, *, prose: bool) -> frozenset[int]:
        pairs = zip(self.units, self.places, strict=True)
        return frozenset(key for unit, places in pairs if unit.prose == prose for key in places)


class Fingerprints:
    """Makes documents; the same words get the same hashes."""

    def __init__(self, handed_out: Sequence[Unit] = ()) -> None:
        self._characters: dict[str, str] = {}
        self._handed_out: frozenset[int] = frozenset()
        self._handed_out = frozenset(key for unit in handed_out for key in self._places(unit))

    def document(self, name: str, units: Sequence[Unit], sha256: str = "") -> Document:
        """Return the units with their fingerprints."""
        return Document(name, tuple(units), tuple(self._places(unit) for unit in units), sha256)

    def _places(self, unit: Unit) -> Places:
        """Return where each fingerprint begins; words are written as one character each, which copydetect hashes."""
        from copydetect.utils import get_document_fingerprints

        text = "".join(self._character(word.text) for word in unit.words)
        run = PROSE_RUN if unit.prose else CODE_RUN
        if len(text) < run:
            return {}
        _, places = get_document_fingerprints(text, run, 1)
        return {int(key): [int(at) for at in where] for key, where in places.items() if key not in self._handed_out}

    def _character(self, word: str) -> str:
        number = 0x10000 + len(self._characters)  # above the surrogates; there are more than a million
        return self._characters.setdefault(word, chr(min(number, 0x10FFFF)))


def covered(places: Collection[Places], run: int) -> int:
    """Return how many words lie in any fingerprint."""
    total = 0
    for one in places:
        end = 0
        for start in sorted(at for where in one.values() for at in where):
            total += start + run - max(start, end)
            end = start + run
    return total
