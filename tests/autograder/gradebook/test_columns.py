"""Texts, times and bytes survive every database."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.gradebook.columns import Moment, Packed, restored, storable

EVERY_TEXT = st.text(st.characters(codec=None) | st.sampled_from("\x00\x1b0a\ud800\udfff"))


@given(EVERY_TEXT)
def test_every_text_comes_back(text):
    kept = storable(text)
    assert restored(kept) == text
    assert "\x00" not in kept
    kept.encode()  # UTF-8 takes it


@given(EVERY_TEXT, EVERY_TEXT)
def test_different_texts_are_kept_differently(one, other):
    assert (storable(one) == storable(other)) == (one == other)


@given(st.text(st.characters(min_codepoint=32, codec="utf-8")))
def test_ordinary_texts_are_kept_as_they_are(text):
    assert storable(text) == text


ZONES = st.builds(timezone, st.timedeltas(timedelta(0), timedelta(hours=12)))
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1), timezones=ZONES)


@given(MOMENTS, MOMENTS)
def test_times_come_back_in_utc_and_sort_as_text(one, other):
    column = Moment()
    kept = [column.process_bind_param(moment, None) for moment in (one, other)]  # type: ignore[arg-type]
    assert [column.process_result_value(each, None) for each in kept] == [one, other]  # type: ignore[arg-type]
    assert (kept[0] < kept[1]) == (one < other)
    assert column.process_result_value(kept[0], None).tzinfo == UTC  # type: ignore[arg-type]


@given(st.binary())
def test_bytes_come_back(raw):
    column = Packed()
    kept = column.process_bind_param(raw, None)  # type: ignore[arg-type]
    assert column.process_result_value(kept, None) == raw  # type: ignore[arg-type]
