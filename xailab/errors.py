"""What xailab raises, and the words in which it says that a name is unknown.

- ``XailabError``   the root of everything a caller may want to catch
- ``Interrupted``   somebody pressed Ctrl-C, and says what is kept
- ``DataError``     a file or a row of a data set that cannot be used
- ``UnknownName``   a layer, model, data set or concept that does not exist; names the nearest
- ``nearest``       the listed name that is closest to a misspelt one
"""

import difflib
from collections.abc import Iterable


class XailabError(Exception):
    """Root of the errors that a user of xailab can do something about."""


class Interrupted(XailabError):
    """Somebody pressed Ctrl-C. The message says what is kept and how to go on."""


class DataError(XailabError):
    """A file or a row of a data set is missing, damaged or contradicts another. The message names both."""


class UnknownName(XailabError, LookupError):
    """A name that is not in a list of known ones.

    Parameters
    ----------
    kind
        What the name stands for: ``"layer"``, ``"model"``...
    name
        The name that was asked for.
    known
        The names there are.
    where
        Optional: how the user can see the list, for example ``"xailab models"``.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        known = list(known)
        close = nearest(name, known)
        message = f"no {kind} {name!r}"
        message += f"; did you mean {close!r}?" if close else f"; there are {len(known)}"
        if not close and known:
            message += ": " + ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
        if where:
            message += f" ({where} lists {'it' if len(known) == 1 else f'all {len(known)}'})"
        super().__init__(message)
        self.kind, self.name, self.nearest = kind, name, close


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most alike, or None when none is alike enough to be a slip of the pen."""
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    matches = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.5)
    return by_folded[matches[0]] if matches else None
