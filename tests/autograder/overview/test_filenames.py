"""No id, whatever somebody chose, becomes a path, a device or somebody else's page."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.overview.filenames import page_name

from tests.autograder.overview.classes import HOSTILE_NAMES


@pytest.mark.parametrize("student", ["ada", "s1234567", "max.muster", "a_b-c", "7"])
def test_a_plain_id_keeps_its_name(student: str) -> None:
    assert page_name(student) == f"{student}.html"


@pytest.mark.parametrize(
    "student",
    [*HOSTILE_NAMES, "", ".", "..", "Ada", "a/b", "a\\b", "con", "aux.txt", "LPT1", ".hidden", "a.", "a b",
     "ada@uni.de", "a" * 5000, "\x00", "lone \ud800", "é", "e\u0301", "ada-0123456789"],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)  # fmt: skip
def test_every_other_id_gets_a_safe_name_of_its_own(student: str) -> None:
    name = page_name(student)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-[0-9a-f]{10}\.html", name)
    assert len(name) <= 70
    assert name == page_name(student)


def test_what_is_readable_stays_readable() -> None:
    assert page_name("Müller, Åsa").startswith("muller-asa-")
    assert page_name("李小龍").startswith("student-")


@given(
    st.lists(st.one_of(st.text(max_size=12), st.from_regex(r"[a-z]{0,3}-?[0-9a-f]{9,11}")), max_size=60, unique=True)
)
def test_different_ids_have_different_files_even_where_case_is_ignored(students: list[str]) -> None:
    assert len({page_name(student).casefold() for student in students}) == len(students)


def test_a_plain_id_cannot_take_the_name_of_another() -> None:
    stolen = page_name("Ada").removesuffix(".html")
    assert page_name(stolen) != page_name("Ada")
