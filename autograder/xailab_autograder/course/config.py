"""The file ``course.toml``: what an instructor decides, in one place.

- ``read``       a file -> ``Course``
- ``Course``     its name, its key, its roster, the terms of its labs
- ``strangers``  ids that the file names and the roster does not

::

    course = "Looking inside networks, winter 2026"
    key_file = "course.key"            # relative to this file
    roster = "students.csv"
    timezone = "Europe/Berlin"         # of times without an offset; otherwise UTC

    [labs.03]
    due = 2026-11-20T23:59:00
    grace_minutes = 10
    late_percent_per_day = 20          # of the earned points, per started day
    late_percent_most = 60
    closes_after_days = 7
    excused = ["ada"]

    [labs.03.extensions]
    bob = 2026-11-27T23:59:00
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from xailab.errors import XailabError, nearest
from xailab_autograder.course.names import clean_id
from xailab_autograder.course.policy import Terms
from xailab_autograder.course.roster import Roster

MOST_BYTES = 2**20
_MOST_DAYS = 3660
_KINDS = {bool: "true or false", str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table"}


@dataclass(frozen=True)
class Course:
    """A course.

    Parameters
    ----------
    name
        For headings; a gradebook holds one course.
    key_file
        Holds the key from which hidden cases are drawn; None: not said.
    roster
        The table of students; None: there is none.
    terms
        Number of a lab -> its terms.
    """

    name: str = ""
    key_file: Path | None = None
    roster: Path | None = None
    terms: Mapping[str, Terms] = field(default_factory=dict)


def read(file: Path) -> Course:
    """Read ``course.toml``.

    Raises
    ------
    XailabError
        It cannot be read, or a key is unknown or has a value that it cannot have. Names the file and the key, and says
        what was expected.
    """
    file = Path(file)
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise XailabError(f"cannot read the course's file {file}: {error.strerror}") from error
    try:
        if len(raw) > MOST_BYTES:
            raise XailabError(f"expected a short file, got more than {MOST_BYTES >> 20} MiB")
        return _course(tomllib.loads(raw.decode("utf-8-sig")), file.parent)
    except UnicodeDecodeError as error:
        raise XailabError(f"{file}: expected UTF-8 text, but byte {error.start} is none; save it as UTF-8") from None
    except RecursionError:
        raise XailabError(f"{file}: nested too deeply") from None
    except (XailabError, tomllib.TOMLDecodeError) as error:
        raise XailabError(f"{file}: {error}") from None


def strangers(course: Course, roster: Roster) -> tuple[str, ...]:
    """Return one sentence for every id in a lab's terms that nobody on the roster has: probably misspelt."""
    found = []
    for lab, terms in course.terms.items():
        for key, ids in (("excused", sorted(terms.excused)), ("extensions", sorted(terms.extensions))):
            for student in ids:
                if student not in roster.ids:
                    close = nearest(student, roster.ids)
                    hint = f"; did you mean {close!r}?" if close else ""
                    found.append(f"labs.{lab}.{key}: {student!r} is not on the roster{hint}")
    return tuple(found)


def _course(data: dict[str, Any], folder: Path) -> Course:
    """Turn the whole table into a course."""
    _known("", data, ("course", "key_file", "roster", "timezone", "labs"))
    zone = _zone(_take(data, "", "timezone", str, "UTC"))
    labs: dict[str, Any] = _take(data, "", "labs", dict, {})
    terms = {}
    for number in labs:
        where = f"labs.{number}"
        if not re.fullmatch(r"[0-9]{2}", number):
            _fail(where, "two digits, as in [labs.03]", number)
        terms[number] = _terms(where, _take(labs, "labs", number, dict, {}), zone)
    paths = {key: _path(folder, key, _take(data, "", key, str, None)) for key in ("key_file", "roster")}
    return Course(_take(data, "", "course", str, "").strip(), paths["key_file"], paths["roster"], terms)


def _terms(where: str, data: dict[str, Any], zone: tzinfo) -> Terms:
    """Turn the table of one lab into its terms."""
    numbers = ("grace_minutes", "late_percent_per_day", "late_percent_most", "closes_after_days")
    _known(where, data, ("due", *numbers, "excused", "extensions"))
    due = _time(f"{where}.due", data["due"], zone) if "due" in data else None
    extensions: dict[str, datetime] = {}
    given: dict[str, Any] = _take(data, where, "extensions", dict, {})
    for name, time in given.items():
        at = f"{where}.extensions.{name}"
        extensions[_id(at, name)] = longer = _time(at, time, zone)
        if due is not None and longer < due:
            _fail(at, f"a time not before the deadline ({due})", longer)
    excused: list[Any] = _take(data, where, "excused", list, [])
    days = _number(data, where, "closes_after_days", None, _MOST_DAYS)
    if due is None and not extensions and any(key in data for key in numbers):
        _fail(f"{where}.due", "a deadline, since there are rules for lateness", None)
    return Terms(
        due=due,
        grace=timedelta(minutes=_number(data, where, "grace_minutes", 0, _MOST_DAYS * 1440) or 0),
        per_day=(_number(data, where, "late_percent_per_day", 0, 100) or 0) / 100,
        most=_percent(_number(data, where, "late_percent_most", 100, 100)),
        closes=None if days is None else timedelta(days=days),
        extensions=extensions,
        excused=frozenset(_id(f"{where}.excused", name) for name in excused),
    )


def _percent(number: float | None) -> float:
    """Turn a percentage into a share."""
    return 1.0 if number is None else number / 100


def _known(where: str, data: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Refuse a key that means nothing."""
    for key in data:
        if key not in keys:
            close = nearest(key, keys)
            hint = f"did you mean {close!r}?" if close else f"there are: {', '.join(keys)}"
            raise XailabError(f"{_join(where, key)}: an unknown key; {hint}")


def _take(data: Mapping[str, Any], where: str, key: str, kind: type, default: Any) -> Any:
    """Return a value of the expected type."""
    if key not in data:
        return default
    value = data[key]
    if not isinstance(value, kind):
        _fail(_join(where, key), _KINDS[kind], value)
    return value


def _number(data: Mapping[str, Any], where: str, key: str, default: float | None, most: float) -> float | None:
    """Return a number from 0 to ``most``."""
    if key not in data:
        return default
    value = data[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        _fail(_join(where, key), f"a number from 0 to {most:g}", value)
    return value


def _id(where: str, value: object) -> str:
    """Return a student's id."""
    name = clean_id(value) if isinstance(value, str) else ""
    if not name:
        _fail(where, 'a student\'s id in quotes, as in ["ada"]', value)
    return name


def _time(where: str, value: object, zone: tzinfo) -> datetime:
    """Return a time with a zone; a time that the clocks jump over in spring is refused."""
    if not isinstance(value, datetime):
        kind = "a date without a time" if isinstance(value, date) else repr(value)
        raise XailabError(f"{where}: expected a time without quotes, as in 2026-11-20T23:59:00; got {kind}")
    if value.tzinfo is not None:
        return value
    time = value.replace(tzinfo=zone)
    try:
        real = time.astimezone(UTC).astimezone(zone)
    except OverflowError:
        _fail(where, "a time of this century", value)
    if real.replace(tzinfo=None) != value:
        _fail(where, f"a time that the clocks of {zone} show; that night they are put forward", value)
    return time


def _zone(name: str) -> tzinfo:
    """Return a time zone."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # unknown, a path, a folder of zones
        raise XailabError(
            f"timezone: expected a name as in 'Europe/Berlin' or 'UTC', got {name!r}, which this system does not know"
        ) from None


def _path(folder: Path, key: str, value: str | None) -> Path | None:
    """Return a path that is meant relative to the file."""
    if value is None:
        return None
    if not value.strip() or "\0" in value:
        _fail(key, "the name of a file", value)
    return folder / value


def _join(where: str, key: str) -> str:
    """Return the place of a key."""
    return f"{where}.{key}" if where else key


def _fail(where: str, expected: str, got: object) -> NoReturn:
    """Raise the error that names a key."""
    shown = str(got) if isinstance(got, datetime) else repr(got)[:80]
    raise XailabError(f"{where}: expected {expected}, got {shown}")
