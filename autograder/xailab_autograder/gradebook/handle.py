"""A gradebook that has been opened.

- ``Gradebook``  where it is, whose it is, and how patient to be with it
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

PATIENCE_S = 300.0
"""For so long a database that went away is waited for."""


def silent(message: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Gradebook:
    """A gradebook that has been opened; may be used by several threads, not by a forked process.

    Parameters
    ----------
    engine
        To the database.
    url
        Where it is, to be shown: without the password.
    course
        The name of the course; empty if nobody said.
    tell
        Told in a sentence what is being waited for.
    patience_s
        For so long a database that went away is waited for.
    secrets
        What no message may hold.
    """

    engine: "Engine"
    url: str
    course: str = ""
    tell: Callable[[str], None] = silent
    patience_s: float = PATIENCE_S
    secrets: tuple[str, ...] = field(default=(), repr=False)
