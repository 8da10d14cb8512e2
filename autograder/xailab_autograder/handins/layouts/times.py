"""Times as platforms write them.

- ``parse``  a text -> a time with a zone
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"\s*(?:([+-])(\d\d):?(\d\d)|([A-Za-z][A-Za-z0-9_+/-]{0,60}))?"
)


def parse(text: str) -> datetime | None:
    """Return the time that a text names: ISO, Ruby's and nbgrader's ways; UTC where no zone is named.

    None: it is no time, or its zone is not known.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = int((match[7] or "0").ljust(6, "0")[:6])
    zone = _offset(match[8], match[9], match[10]) if match[8] else _named(match[11])
    if zone is None:
        return None
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), fraction, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(sign: str, hours: str, minutes: str) -> tzinfo | None:
    """Return a zone by its distance from UTC."""
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if sign == "-" else distance) if distance < timedelta(days=1) else None


def _named(name: str | None) -> tzinfo | None:
    """Return a zone by its name; None: nobody knows it."""
    if name is None or name in ("Z", "UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None
