"""``course.toml`` is read strictly: nothing misspelt is passed over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_autograder.course import config
from xailab_autograder.course.config import Course, read, strangers
from xailab_autograder.course.policy import Terms
from xailab_autograder.course.roster import Roster
from xailab_autograder.course.students import Student

from xailab.errors import XailabError

FULL = """\
course = "Looking inside"
key_file = "secret/course.key"
roster = "students.csv"
timezone = "Europe/Berlin"
[labs.03]
due = 2026-11-20T23:59:00
grace_minutes = 10
late_percent_per_day = 20
late_percent_most = 60.5
closes_after_days = 7
excused = ["ada ", "e\u0301mile"]
[labs.03.extensions]
bob = 2026-11-27T23:59:00
"cy@uni.edu" = 2026-11-28T12:00:00Z
[labs.04]
"""


@pytest.fixture
def course(tmp_path):
    """Return a function that writes ``course.toml`` and reads it."""

    def made(text: str | bytes) -> Course:
        path = tmp_path / "course.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)

    return made


def test_everything_that_can_be_said_is_read(course, tmp_path):
    found = course(FULL)
    berlin = ZoneInfo("Europe/Berlin")
    assert found.name == "Looking inside"
    assert found.key_file == tmp_path / "secret" / "course.key"
    assert found.roster == tmp_path / "students.csv"
    assert found.terms["03"] == Terms(
        due=datetime(2026, 11, 20, 23, 59, tzinfo=berlin),
        grace=timedelta(minutes=10),
        per_day=0.2,
        most=0.605,
        closes=timedelta(days=7),
        extensions={
            "bob": datetime(2026, 11, 27, 23, 59, tzinfo=berlin),
            "cy@uni.edu": datetime(2026, 11, 28, 12, tzinfo=UTC),
        },
        excused=frozenset({"ada", "émile"}),
    )
    assert found.terms["04"] == Terms()


def test_an_empty_file_decides_nothing(course):
    assert course("") == Course()


def test_times_without_a_zone_are_utc_unless_a_zone_is_given(course):
    assert course("[labs.03]\ndue = 2026-11-20 23:59:00").terms["03"].due == datetime(2026, 11, 20, 23, 59, tzinfo=UTC)


def test_an_absolute_path_stays_as_it_is(course, tmp_path):
    assert course(f"roster = '{tmp_path}/x.csv'").roster == tmp_path / "x.csv"


LAB = "[labs.03]\ndue = 2026-11-20T23:59:00\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('cuorse = "x"', "cuorse: an unknown key; did you mean 'course'"),
        ("[labs.03]\nlate_percent = 3", "labs.03.late_percent: an unknown key; did you mean"),
        ("[labs.03]\nzzz = 3", "labs.03.zzz: an unknown key; there are: due"),
        ("course = 3", "course: expected a text, got 3"),
        ("labs = 3", "labs: expected a table, got 3"),
        ("[labs]\n03 = 1", "labs.03: expected a table, got 1"),
        ("[labs.3]", "labs.3: expected two digits, as in [labs.03], got '3'"),
        ('roster = ""', "roster: expected the name of a file, got ''"),
        ('timezone = "Mars/Olympus"', "timezone: expected a name as in 'Europe/Berlin' or 'UTC', got 'Mars/Olympus'"),
        ('timezone = "../../etc/passwd"', "timezone: expected a name"),
        ('timezone = "Europe"', "timezone: expected a name"),
        ('[labs.03]\ndue = "2026-11-20"', "labs.03.due: expected a time without quotes"),
        (
            "[labs.03]\ndue = 2026-11-20",
            "labs.03.due: expected a time without quotes, as in 2026-11-20T23:59:00; got a date",
        ),
        ("[labs.03]\ndue = 2026-11-40T00:00:00", "course.toml: "),
        (
            'timezone = "Europe/Berlin"\n[labs.03]\ndue = 2026-03-29T02:30:00',
            "labs.03.due: expected a time that the clocks of Europe/Berlin show",
        ),
        (f"{LAB}late_percent_per_day = 120", "labs.03.late_percent_per_day: expected a number from 0 to 100, got 120"),
        (f"{LAB}late_percent_most = -1", "labs.03.late_percent_most: expected a number from 0 to 100, got -1"),
        (f"{LAB}grace_minutes = true", "labs.03.grace_minutes: expected a number from 0 to"),
        (f"{LAB}grace_minutes = nan", "labs.03.grace_minutes: expected a number"),
        (f"{LAB}closes_after_days = inf", "labs.03.closes_after_days: expected a number"),
        ("[labs.03]\ngrace_minutes = 5", "labs.03.due: expected a deadline, since there are rules for lateness"),
        (f'{LAB}excused = "ada"', "labs.03.excused: expected a list, got 'ada'"),
        (f"{LAB}excused = [3]", "labs.03.excused: expected a student's id in quotes"),
        (f'{LAB}excused = [" "]', "labs.03.excused: expected a student's id"),
        (f"{LAB}[labs.03.extensions]\nbob = 7", "labs.03.extensions.bob: expected a time without quotes"),
        (
            f"{LAB}[labs.03.extensions]\nbob = 2026-11-19T23:59:00",
            "labs.03.extensions.bob: expected a time not before the deadline",
        ),
        ("course = ", "Invalid value"),
        ("a = 1\nb = = 2", "(at line 2"),
        ("x = " + "[" * 3000, "course.toml: "),
        (b"course = '\xff'", "expected UTF-8 text, but byte 10 is none"),
    ],
)
def test_what_cannot_be_meant_names_the_key_and_says_what_was_expected(course, text, says):
    with pytest.raises(XailabError) as caught:
        course(text)
    assert "course.toml: " in str(caught.value)
    assert says in str(caught.value)


def test_a_file_that_is_missing_or_too_large_is_an_error(tmp_path, course, monkeypatch):
    with pytest.raises(XailabError, match="cannot read the course's file"):
        read(tmp_path / "nothing.toml")
    monkeypatch.setattr(config, "MOST_BYTES", 10)
    with pytest.raises(XailabError, match=r"course\.toml: expected a short file"):
        course('course = "long enough"')


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda text: f"[labs.03]\ndue = {text}".encode("utf-8", "replace")),
    )
)
def test_any_bytes_are_a_course_or_one_error(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(raw)
    try:
        found = read(path)
    except XailabError as error:
        message = str(error)
    else:
        message = f"{path}: {found.name}"
    assert message.startswith(str(path))


def test_ids_that_nobody_on_the_roster_has_are_told(course):
    roster = Roster((Student("ada"), Student("bobby"), Student("cy@uni.edu")))
    assert strangers(course(FULL), roster) == (
        "labs.03.excused: 'émile' is not on the roster",
        "labs.03.extensions: 'bob' is not on the roster; did you mean 'bobby'?",
    )
