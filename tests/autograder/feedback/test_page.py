"""The page says everything that may be said, and nothing of a student's text becomes anything but text."""

from dataclasses import replace

import pytest
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.feedback.page import page, page_without_result
from xailab_autograder.feedback.verdict import message_html, progress_html, verdict_html
from xailab_autograder.judging.records import CheckRecord

from tests.autograder.feedback import examples
from tests.autograder.feedback.examples import HOSTILE, hostile, submission
from tests.autograder.feedback.parsing import Parsed

FRAGMENT = {"div", "span", "details", "summary", "pre", "table", "thead", "tbody", "tr", "th", "td"}
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_the_page_forbids_everything_but_its_own_style() -> None:
    parsed = Parsed(page(submission()))
    policies = [a["content"] for tag, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert (policies[0] or "").startswith(POLICY)
    assert {tag for tag, _ in parsed.elements}.isdisjoint(
        {"script", "iframe", "object", "embed", "form", "base", "link"}
    )
    assert "url(" not in page(submission())
    assert "@import" not in page(submission())


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20].encode("unicode_escape").decode() for text in HOSTILE])
def test_hostile_text_comes_through_as_text_only(text: str) -> None:
    html = page(hostile(text))
    parsed, innocent = Parsed(html), Parsed(page(hostile("x")))
    tags = {tag for tag, _ in innocent.elements} | {"pre"}  # indented text is a block
    assert {tag for tag, _ in parsed.elements} <= tags
    for tag, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcdoc", "srcset")], tag
        assert (attributes.get("href") or "#task-1") == "#task-1"
    expected = one_line(text)
    if expected:
        assert " ".join(expected.split()) in parsed.text
    assert len(html) < 300_000
    html.encode()


def test_a_page_of_hostile_text_has_the_elements_of_any_other() -> None:
    for text in ("<b>bold</b>", '" autofocus onfocus=alert(1) x="', "</section></main>"):
        assert Parsed(page(hostile(text))).skeleton == Parsed(page(hostile("plain"))).skeleton


def test_every_exercise_is_there_with_its_points_and_what_helps() -> None:
    text = Parsed(page(submission())).text
    for record in examples.ALL:
        assert " ".join(record.title.split()) in text
    assert "2.75 of 18 points so far; 2 more are marked by a person" in text
    assert examples.UPSAMPLE.likely in text
    assert examples.UPSAMPLE.hint in text
    assert examples.UPSAMPLE.read in text
    assert "IndexError: index 3 is out of bounds" in text
    assert "debug: (2, 1, 2, 2)" in text
    assert "cell 23: line 4: invalid syntax" in text


def test_of_a_hidden_check_the_page_shows_line_outcome_and_message_only() -> None:
    check = CheckRecord("random", "3 units, 5 images", "failed", "6 of 15 numbers differ", hidden=True, seconds=0.5)
    shown = page(submission(replace(examples.UPSAMPLE, checks=(check,))))
    assert "6 of 15 numbers differ" in shown
    assert "its numbers are not shown" in shown
    passed = replace(check, outcome="passed", message="expected 0.123456")
    assert "0.123456" not in page(submission(replace(examples.UPSAMPLE, checks=(passed,))))


def test_marks_are_words_and_signs_not_colors_alone() -> None:
    text = Parsed(page(submission(examples.UPSAMPLE))).text
    for words in ("✗ From cells to pixels", "✗ worked by hand failed", "✓ runs passed", "– edge cases 1/2 not checked"):
        assert words in text


def test_a_record_without_exercises_or_points_has_a_page() -> None:
    empty = submission(replace(examples.REFLECTION, points=0.0), student="")
    assert "a student without an id" in Parsed(page(empty)).text
    assert Parsed(page(replace(empty, exercises=()))).text


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20].encode("unicode_escape").decode() for text in HOSTILE])
def test_a_verdict_in_the_notebook_shows_hostile_text_as_text(text: str) -> None:
    (record,) = hostile(text).exercises
    for html in (verdict_html(record), message_html(text, "failed"), progress_html([(text, 1.0, "failed")])):
        parsed = Parsed(html)
        assert {tag for tag, _ in parsed.elements} <= FRAGMENT
        attributes = {name for _, found in parsed.elements for name in found}
        assert attributes <= {"style", "title", "role", "scope", "aria-hidden"}
        assert len(html) < 100_000


def test_a_verdict_leads_with_the_first_failure_and_names_the_others() -> None:
    text = Parsed(verdict_html(examples.IOU)).text
    order = [
        *("iou_table: 7 of 10 checks pass", "worked by hand: 1 unit", "yours", "0.8333", "expected", "0.75"),
        *("Likely", "You average", "Hint", "How many divisions", "Read", "also failed: random case: 4 units"),
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_a_picture_is_shown_only_if_it_is_one() -> None:
    assert 'src="data:image/png;base64,AAAA"' in verdict_html(examples.UPSAMPLE, "data:image/png;base64,AAAA")
    assert "<img" not in verdict_html(examples.UPSAMPLE, "https://example.org/x.png")
    assert "<img" not in verdict_html(examples.UPSAMPLE)


def test_a_passed_exercise_is_one_line_and_its_checks() -> None:
    text = Parsed(verdict_html(replace(examples.THRESHOLDS, notes=()))).text
    assert text.startswith("✓ thresholds: public cases passed; 6 hidden checks remain ✓ defined")
    assert text.endswith("✓ properties")


MARKED = replace(
    examples.REFLECTION, status="partial", score=1.5, comment="Good suns.\nWhat of <b>moons</b>?", marker="M. Curie"
)  # fmt: skip


def test_a_persons_comment_is_shown_with_who_marked_and_nothing_says_that_it_waits() -> None:
    html = page(submission(MARKED))
    text = Parsed(html).text
    assert "1.5 of 2 points" in text
    assert "Comment by M. Curie" in text
    assert "What of <b>moons</b>?" in text
    assert "Good suns.\nWhat of" in html  # its lines stay lines
    assert "1.5 of 2 points, marked by M. Curie" in text
    for other in ("yet to mark", "edge cases", "1 of 1 check", "more are marked"):
        assert other not in text


def test_a_text_without_a_mark_says_that_a_person_has_yet_to_mark_it() -> None:
    text = Parsed(page(submission(examples.REFLECTION))).text
    assert "a person has yet to mark it" in text
    assert "0 of 2 points so far; 2 more are marked by a person" in text


def test_lateness_is_shown_with_what_counts_and_why() -> None:
    why = "handed in 26 h after the deadline: 20% off"
    late = replace(submission(examples.THRESHOLDS, MARKED), deduction=0.7, deduction_why=why)
    html = page(late)
    assert "2.8 of 4 points (3.5 earned, 0.7 off) Handed in 26 h after the deadline: 20% off." in Parsed(html).text
    assert '<i style="width:70.0%"></i><i class="off" style="width:17.5%">' in html
    assert "off" not in Parsed(page(submission(examples.THRESHOLDS))).text


def test_a_hostile_comment_and_marker_are_text_only() -> None:
    for text in HOSTILE:
        marked = replace(MARKED, comment=text, marker=text)
        html = page(replace(submission(marked), deduction_why=text))
        assert {tag for tag, _ in Parsed(html).elements} <= {tag for tag, _ in Parsed(page(submission())).elements} | {
            "p"
        }
        html.encode()


def test_a_page_without_a_result_says_why() -> None:
    text = Parsed(
        page_without_result("03", "Network Dissection", "<ada>", ["Nothing was handed in.", "<b>no</b>"])
    ).text
    for words in ("Lab 03", "Network Dissection", "<ada>", "No result", "Nothing was handed in.", "<b>no</b>"):
        assert words in text
