"""The options of ``xailab inspect``.

- ``Request``  all of them
- ``checked``  refuses numbers out of range
"""

from dataclasses import dataclass

from xailab.errors import XailabError
from xailab.exemplars.naming import parse_units


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
