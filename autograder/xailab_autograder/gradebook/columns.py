"""Kinds of columns: what Python has and databases do not hold alike.

- ``Words``   any text: NUL and half characters too, which PostgreSQL and UTF-8 refuse
- ``Moment``  a time with a zone, kept in UTC as text that sorts like time
- ``Packed``  bytes, compressed
"""

import re
import zlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

ESCAPE = "\x1b"
_UNSTORABLE = re.compile("[\x00\x1b\ud800-\udfff]")
_ESCAPED = re.compile("\x1b([0-9a-f]{4})")


def storable(text: str) -> str:
    """Return a text that every database takes; ``restored`` gives the first one back. Most texts stay as they are."""
    return _UNSTORABLE.sub(lambda match: f"{ESCAPE}{ord(match[0]):04x}", text)


def restored(text: str) -> str:
    """Return the text that ``storable`` was given."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if ESCAPE in text else text


class Words(TypeDecorator[str]):
    """Any text, without loss. Equal texts are stored alike, so that keys can be texts of students."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make it storable."""
        return None if value is None else storable(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Give the text back."""
        return None if value is None else restored(value)


class Moment(TypeDecorator[datetime]):
    """A time with a zone. Stored as UTC with microseconds, always as many characters."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write UTC; a time without a zone means nothing."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with a zone, got {value.isoformat()}")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read UTC."""
        return None if value is None else datetime.fromisoformat(value)


class Packed(TypeDecorator[bytes]):
    """Bytes, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Compress."""
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        """Decompress; only what was written here is ever read."""
        return None if value is None else zlib.decompress(value)
