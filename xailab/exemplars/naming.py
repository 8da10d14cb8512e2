"""Units named in words, as the command line gets them.

- ``parse_units``  ``"3,17"`` or ``"3-9"`` -> numbers
"""

import re

from xailab.errors import XailabError

MOST = 10_000
"""Units of one list, unless fewer are allowed."""


def parse_units(text: str, *, most: int = MOST) -> tuple[int, ...]:
    """Return the units that ``"3,17"``, ``"3-9"`` or ``"0-3, 17"`` stands for, each once, in this order.

    Parameters
    ----------
    most
        How many there may be.

    Raises
    ------
    XailabError
        Anything else; a range that descends; more than ``most``.
    """
    units: dict[int, None] = {}
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part, re.ASCII)
        if not found:
            raise XailabError(
                f"cannot read {part.strip()!r} in units {text!r}: expected numbers and ranges like 3,17 or 3-9"
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise XailabError(f"the range {part.strip()} of units descends; did you mean {last}-{first}?")
        if last - first >= most or len(units | dict.fromkeys(range(first, last + 1))) > most:
            raise XailabError(f"units {text!r} are more than {most}, which a page does not hold; take several runs")
        units |= dict.fromkeys(range(first, last + 1))
    return tuple(units)
