"""Whatever a student writes can be looked at: no escape sequence, turned writing or megabyte survives."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.feedback.cleaning import clean, one_line

NASTY = "\x00\x07\x1b\x9b\u202e\u2066\u200b\ufeff\r\n\t\u2028\ud800\U000e0041[31m]0;"
UGLY = st.text(
    st.one_of(st.characters(), st.sampled_from(NASTY)),
    max_size=200,
)  # fmt: skip


def is_harmless(character: str) -> bool:
    """Newlines, and characters that are visible or spaces, or join letters."""
    return character in "\n\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


@given(UGLY)
def test_nothing_invisible_survives(text: str) -> None:
    shown = clean(text, 100)
    # Format characters that Unicode has for some scripts (Arabic number signs...) are left: they are visible.
    assert all(is_harmless(c) or unicodedata.category(c) == "Cf" for c in shown)
    assert not set(shown) & set("\x1b\x9b\r\t\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u200b\ufeff")
    shown.encode()


@given(UGLY)
def test_plain_text_is_left_alone_and_the_rest_is_cut(text: str) -> None:
    assert len(one_line(text, 50)) <= 50
    assert "\n" not in one_line(text)
    plain = re.sub(r"[^ -~]", "", text)
    assert clean(plain) == plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("gpj.\u202eexe", "gpj.[U+202E]exe"),
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 50, "e\u0301\u0301\u0301"),
        ("👩\u200d🔬 数学 שלום", "👩\u200d🔬 数学 שלום"),
    ],
)
def test_what_becomes_of(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_long_text_is_cut_and_says_how_much_is_left_out() -> None:
    assert clean("x" * 5_000_000, 100) == "x" * 100 + "\n[cut: 4,999,900 more characters]"
    assert one_line("word " * 1000, 20) == "word word word word…"
