"""Lists of units in words."""

import pytest

from xailab.errors import XailabError
from xailab.exemplars.naming import parse_units


@pytest.mark.parametrize(
    ("text", "units"),
    [("3,17", (3, 17)), ("3-6", (3, 4, 5, 6)), (" 7 , 2-3,3,7", (7, 2, 3)), ("0-127", tuple(range(128)))],
)
def test_units_are_read(text: str, units: tuple[int, ...]) -> None:
    assert parse_units(text, most=128) == units


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read ''"), ("3,", "cannot read ''"), ("-3", "cannot read '-3'"), ("3-", "like 3,17 or 3-9"),
        ("x", "cannot read 'x'"), ("2.5", "cannot read"), ("²", "cannot read"), ("9-3", "did you mean 3-9"),
        ("0-128", "more than 128"), ("0-99,200-299", "more than 128"), ("0-999999999", "more than 128"),
        ("1-2-3", "cannot read"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_units_is_refused(text: str, message: str) -> None:
    with pytest.raises(XailabError, match=message):
        parse_units(text, most=128)
