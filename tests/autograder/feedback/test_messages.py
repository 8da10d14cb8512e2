"""Messages of the judge become sentences, rows and blocks; nothing of them is lost."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.feedback.messages import Block, Rows, Sentence, pieces
from xailab_autograder.judging.describing import call_text

from tests.autograder.feedback.examples import CRASH, EXPECTED, IOU, SHIFTED, SMALL, comparison_message


def message_of(record: object, says: str) -> str:
    return next(check.message for check in record.checks if check.says == says)  # type: ignore[attr-defined]


def test_a_comparison_becomes_a_table_and_a_sentence() -> None:
    call = call_text("upsample", ["a", "height", "width"], (SMALL, 4, 4), full=True)
    table, sentence = pieces(comparison_message(call, SHIFTED, EXPECTED))
    assert isinstance(table, Rows)
    assert [label for label, _ in table.rows] == ["called", "a", "yours", "expected"]
    assert dict(table.rows)["a"] == "[[0., 1.],\n [2., 3.]]"
    assert dict(table.rows)["called"] == "upsample(a: 2 x 2 float64, height: 4, width: 4)"
    assert isinstance(sentence, Sentence)
    assert sentence.text.startswith("12 of 16 numbers differ")


def test_planes_of_an_array_stay_together_and_aligned() -> None:
    table = pieces(message_of(IOU, "1 unit, 2 images, 1 concept"))[0]
    assert isinstance(table, Rows)
    assert dict(table.rows)["labels"] == "[[[1, 1],\n  [0, 1]],\n\n [[0, 1],\n  [0, 0]]]"


def test_blocks_of_an_array_with_four_axes_stay_aligned_too() -> None:
    array = np.arange(8.0).reshape(2, 1, 2, 2)
    (table,) = pieces(call_text("f", ["x"], (array,), full=True))
    assert isinstance(table, Rows)
    lines = dict(table.rows)["x"].splitlines()
    assert [line.index("0." if "0." in line else "4.") for line in (lines[0], lines[-2])] == [4, 4]


def test_the_students_lines_of_a_traceback_become_a_block() -> None:
    *_, sentence, lines = pieces(message_of(CRASH, "runs without an error"))
    assert isinstance(sentence, Sentence)
    assert sentence.text.startswith("it raised IndexError")
    assert lines == Block("cell 17, line 4: best = iou[unit, concept + 1]")


def test_brackets_of_a_cut_text_are_no_array() -> None:
    assert isinstance(pieces("x" * 50, limit=20)[-1], Sentence)


@given(st.text(st.sampled_from("ab 1[](),:=.\n"), max_size=80))
def test_no_character_is_lost(message: str) -> None:
    shown = "".join(
        "".join(label + value for label, value in piece.rows) if isinstance(piece, Rows) else piece.text
        for piece in pieces(message)
    )
    letters = re.sub(r"[\s:=]", "", message)
    assert re.sub(r"[\s:=]|^called|(?<=[\s)])called", "", shown).count("1") == letters.count("1")
    assert shown.count("(") == letters.count("(")
    assert shown.count("[") == letters.count("[")
