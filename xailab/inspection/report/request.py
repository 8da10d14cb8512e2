"""The options of ``xailab inspect``.

- ``Request``      all of them
- ``parse_units``  ``"3,17,5-9"`` -> numbers
"""

import re
from dataclasses import dataclass

from xailab.errors import XailabError


@dataclass(frozen=True)
class Request:
    """The options of ``xailab inspect``; see there."""

    model: str
    layers: tuple[str, ...]
    data: str = "minibroden"
    weights: str | None = None
    units: str | None = None
    top_units: int = 24
    count: int = 9
    split: str | None = None
    limit: int | None = None
    image_size: int | None = None
    skip_broken: bool = False
    random_control: bool = True
    batch_size: int = 64
    device: str = "cpu"
    seed: int = 0


def parse_units(text: str) -> tuple[int, ...]:
    """Read numbers and ranges: ``"3,17,5-9"``; each unit once, in the order given.

    Raises
    ------
    XailabError
        Anything else, or a range that runs backwards.
    """
    units: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last - first > 10_000:
            raise XailabError(f"cannot read units {text!r}: expected numbers and ranges such as 3,17 or 5-9")
        units |= dict.fromkeys(range(first, last + 1))
    return tuple(units)


def checked(request: Request) -> tuple[int, ...] | None:
    """Return the units that are asked for. Raises ``XailabError`` for numbers out of range."""
    if not request.layers:
        raise XailabError("no layer was named; `xailab models NAME` lists the layers of a network")
    for name in ("batch_size", "limit", "image_size", "count", "top_units"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise XailabError(f"{name} must be at least 1, got {value}")
    if request.seed < 0:
        raise XailabError(f"seed must be at least 0, got {request.seed}")
    return None if request.units is None else parse_units(request.units)
