"""What a database's error means: wait, give up, or a fault of our own.

- ``Trouble``  the kinds
- ``trouble``  an error -> its kind
- ``reason``   what the database said, in one line and without secrets
"""

import re
from collections.abc import Iterable
from enum import Enum

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError


class Trouble(Enum):
    """What an error of a database means."""

    AWAY = "unreachable"
    BUSY = "busy"
    FULL = "full"
    REFUSED = "refused"
    DAMAGED = "damaged"
    OURS = "ours"


# SQLite's primary result codes.
_SQLITE = {
    3: Trouble.REFUSED,
    5: Trouble.BUSY,
    6: Trouble.BUSY,
    8: Trouble.REFUSED,
    10: Trouble.AWAY,  # input/output: a network drive that is gone for a while looks like this
    11: Trouble.DAMAGED,
    13: Trouble.FULL,
    14: Trouble.AWAY,
    26: Trouble.DAMAGED,
}

# SQLSTATE, longest match first. Five characters are one condition, two a class.
_SQLSTATE = {
    "08": Trouble.AWAY,
    "57P": Trouble.AWAY,  # shut down by somebody, crashed
    "57P03": Trouble.BUSY,  # starting up
    "40": Trouble.BUSY,  # deadlock, serialization failure
    "55P03": Trouble.BUSY,  # somebody holds a lock for long
    "53100": Trouble.FULL,
    "53": Trouble.BUSY,  # out of memory, too many connections
    "25006": Trouble.REFUSED,  # read-only
    "42501": Trouble.REFUSED,
    "28": Trouble.REFUSED,
    "3D000": Trouble.REFUSED,
    "58": Trouble.AWAY,  # input/output on the server
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
}

_STARTING = re.compile("the database system is (starting up|in recovery|shutting down|not yet accepting)")
_NOT_ADMITTED = re.compile(r"authentication failed|no password supplied|does not exist|no pg_hba\.conf entry")


def trouble(error: DBAPIError) -> Trouble:
    """Return what an error means."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, Trouble.OURS)
    state = getattr(error.orig, "sqlstate", None) or ""
    for length in (5, 3, 2):
        if state[:length] in _SQLSTATE:
            return _SQLSTATE[state[:length]]
    if not state and _STARTING.search(str(error.orig)):
        return Trouble.BUSY
    if not state and _NOT_ADMITTED.search(str(error.orig)):
        return Trouble.REFUSED
    lost = error.connection_invalidated or (not state and isinstance(error, OperationalError | InterfaceError))
    return Trouble.AWAY if lost else Trouble.OURS


def reason(error: DBAPIError, secrets: Iterable[str] = ()) -> str:
    """Return what the database said, in one line: never the statement (it holds students' data), never a secret."""
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()]
    said = lines[0] if lines else type(error.orig).__name__
    for secret in secrets:
        said = said.replace(secret, "***")
    return said
