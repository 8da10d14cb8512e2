"""The text views: plain where there is no terminal, never read as markup, of bounded length."""

import io

import pytest
from rich.console import Console
from xailab_autograder.feedback.text import progress_text, submission_text, verdict_text

from tests.autograder.feedback import examples
from tests.autograder.feedback.examples import HOSTILE, hostile, submission


def printed(text: object, *, terminal: bool = False) -> str:
    file = io.StringIO()
    Console(file=file, force_terminal=terminal, width=100, highlight=False).print(text)
    return file.getvalue()


def test_a_submission_lists_every_task_with_points_and_details_of_those_that_fail() -> None:
    shown = printed(submission_text(submission()))
    for words in (
        "Lab 03: Network Dissection", "ada: 2.75 of 18 points so far", "✓ A threshold for each unit", "2 / 2",
        "○ Principal components", "not written yet", "upsample: 7 of 10 checks pass", "Likely: Pixel centres lie",
        "cell 17, line 4: best = iou[unit, concept + 1]", "Landlock",
        "graded 2025-11-20T12:00:00+00:00 by xailab 0.1.0",
    ):  # fmt: skip
        assert words in shown
    assert "thresholds: public cases" not in shown  # what passed needs no words


def test_without_a_terminal_there_are_no_escape_sequences_and_with_one_there_are() -> None:
    assert "\x1b" not in printed(submission_text(submission()))
    assert "\x1b[" in printed(submission_text(submission()), terminal=True)


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20].encode("unicode_escape").decode() for text in HOSTILE])
def test_hostile_text_is_printed_as_it_reads(text: str) -> None:
    record = hostile(text)
    for view in (submission_text(record), verdict_text(record.exercises[0])):
        shown = printed(view)
        assert len(shown) < 40_000
        assert not set(shown) & set("\x1b\x00\x07\r\u202e\u2066\u200b\x9b")
        shown.encode()
    if "[bold" in text:
        assert "[bold red]markup[/]" in printed(verdict_text(record.exercises[0]))


def test_arrays_keep_their_columns() -> None:
    shown = printed(verdict_text(examples.UPSAMPLE)).splitlines()
    rows = [line for line in shown if line.strip().startswith(("[[0.  ", "[0.5 ,", "[1.5 ,", "[2.  , 2.25"))]
    assert [line.index("[0." if "[[" in line else "[") for line in rows] == [rows[0].index("[0.")] * 4


def test_running_text_fits_a_terminal_of_eighty_columns() -> None:
    lines = verdict_text(examples.IOU).plain.splitlines()
    assert max(len(line) for line in lines if "iou_table(" not in line) <= 80


def test_only_some_of_many_failures_are_named() -> None:
    from dataclasses import replace

    from xailab_autograder.judging.records import CheckRecord

    checks = tuple(CheckRecord("random", f"case {n}", "failed", "wrong") for n in range(30))
    shown = verdict_text(replace(examples.UPSAMPLE, checks=checks)).plain
    assert "and 26 more" in shown
    assert shown.count("also failed") == 3


def test_progress_says_what_has_not_been_checked() -> None:
    shown = printed(progress_text([("One", 2.0, "passed"), ("Two", 0.5, None)]))
    assert "✓ One    2 points  passed" in shown
    assert "· Two  0.5 points  not checked yet" in shown


def test_a_persons_comment_and_what_lateness_costs_are_printed() -> None:
    from dataclasses import replace

    lamps = replace(examples.REFLECTION, title="Lamps", status="partial", score=1.5)
    marked = replace(lamps, comment="Good [bold]suns[/].", marker="M. Curie")
    late = replace(submission(marked), deduction=0.3, deduction_why="handed in 26 h after the deadline: 20% off")
    shown = printed(submission_text(late))
    for words in (
        "1.2 of 2 points (1.5 earned, 0.3 off)", "  Handed in 26 h after the deadline: 20% off.", "marked by a person",
        "1.5 of 2 points, marked by M. Curie", "Comment: Good [bold]suns[/].",
    ):  # fmt: skip
        assert words in shown
    assert "edge cases" not in shown
