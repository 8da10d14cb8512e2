"""The page shows both sides, and nothing of a student's becomes anything but text."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.similarity.contents import Note, Survey
from xailab_autograder.similarity.finding import survey
from xailab_autograder.similarity.page import MOST, page

from tests.autograder.feedback.test_page import Parsed
from tests.autograder.similarity.classes import a_class, functions_of, hand_in, lab3

HOSTILE = "</code></mark><script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def found() -> Survey:
    hand_ins, known = a_class(12, 21, copies=1)
    [names] = known
    for number, one in enumerate(hand_ins):
        if one.student in names:
            hand_ins[number] = _hostile(one)
    return survey(lab3(), hand_ins, references={})


def _hostile(one: HandedIn) -> HandedIn:
    """Return the hand-in with markup in its code, its text and its author's id."""
    functions = {task: f"{source}  # {HOSTILE}" for task, source in functions_of(one).items()}
    return hand_in(
        f"{one.student} {HOSTILE}", functions, f"{HOSTILE} we think that this is a text of some length, alas"
    )


def test_nothing_of_a_student_becomes_markup(found: Survey) -> None:
    html = page(found.pairs, lab=lab3(), survey=found, names={found.pairs[0].left: HOSTILE}, course=HOSTILE)
    assert html.count("<script") == 1
    assert "alert(1)</script>" not in html.replace("&lt;/script&gt;", "")
    assert "\u202e" not in html
    parsed = Parsed(html)
    assert not any(name.startswith("on") for _, attributes in parsed.elements for name in attributes)
    assert not any(name in ("src", "href") for _, attributes in parsed.elements for name in attributes)


def test_only_the_pages_own_script_may_run(found: Survey) -> None:
    html = page(found.pairs, lab=lab3(), survey=found)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    assert f"script-src 'sha256-{digest}'" in policy[1].replace("&#43;", "+")
    assert "default-src 'none'" in policy[1]


def test_both_sides_are_shown_as_written_with_passages_in_pairs(found: Survey) -> None:
    html = page(found.pairs, lab=lab3(), survey=found)
    parsed = Parsed(html)
    text = "".join(parsed.texts)
    pair = found.pairs[0]
    for piece in (*pair.overlaps[0].left, *pair.overlaps[0].right):
        assert piece.text.split("\n")[0].split("  #")[0] in text
    for section in html.split('<section class="task">')[1:]:
        left, right = section.split('<div class="column">')[1:]
        passages = [set(re.findall(r'data-p="(\d+)"', side)) for side in (left, right)]
        assert passages[0] == passages[1] != set()


def test_the_page_gives_no_verdict(found: Survey) -> None:
    for pairs in (found.pairs, ()):
        text = page(pairs, lab=lab3(), survey=found).casefold()
        assert not re.search(r"plagiari|cheat|guilt|fraud|caught|offen[cs]e", text)
        assert "innocent reasons" in text


def test_an_empty_list_says_so(found: Survey) -> None:
    html = page((), lab=lab3(), survey=replace(found, pairs=()))
    assert "Nothing is unusually alike." in html
    assert '<details class="entry"' not in html
    assert "Nothing is unusually alike." in page((), lab=lab3())


def test_long_lists_are_cut_with_a_note(found: Survey) -> None:
    html = page(found.pairs[:1] * (MOST + 7), lab=lab3())
    assert html.count('<details class="entry"') == MOST
    assert f"The {MOST} most unusual of {MOST + 7} are shown." in html


def test_a_group_names_its_members(found: Survey) -> None:
    pair = found.pairs[0]
    group = replace(pair, group=(pair.left, "b", pair.right), more=(replace(pair, right="b"),))
    html = page([group], lab=lab3(), names={"b": "Bea"})
    assert "<b>3 hand-ins</b>" in html
    assert "Bea (b)" in html
    assert html.count('<details class="member"') == 2


def test_notes_are_shown(found: Survey) -> None:
    html = page((), lab=lab3(), survey=replace(found, notes=tuple(Note(f"s{n}", HOSTILE) for n in range(30))))
    assert "30 notes about what was left out" in html
    assert "And 10 more." in html
    Parsed(html)


def test_megabytes_are_cut() -> None:
    hand_ins, _ = a_class(10, 22, copies=1)
    pair = survey(lab3(), hand_ins, references={}).pairs[0]
    first = pair.overlaps[0]
    large = replace(first, left=(replace(first.left[0], text="x = 1\n" * 200_000),), passages=())
    html = page([replace(pair, overlaps=(large,))], lab=lab3())
    assert len(html) < 500_000
    assert "the rest is not shown" in html


def test_a_cell_that_is_no_python_can_be_shown() -> None:
    cell = Cell(
        "cell 1", "def thresholds(a:\n" + "".join(f"  sort )( them {n} times\n" for n in range(30)), "thresholds"
    )
    pair = [hand_in(name, {}, more=(cell,)) for name in ("a", "b")]
    found = survey(lab3(), pair, references={})
    assert "sort )( them 7 times" in page(found.pairs, lab=lab3(), survey=found)
