"""The lecturer's page says everything, needs nothing, and shows names as names."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import ClassBook
from xailab_autograder.labs import load
from xailab_autograder.overview.attention import attention
from xailab_autograder.overview.filenames import page_name
from xailab_autograder.overview.mistakes import named_mistakes
from xailab_autograder.overview.page import overview
from xailab_autograder.overview.rows import link
from xailab_autograder.overview.statistics import scores
from xailab_autograder.overview.wording import band, uncertainty

from tests.autograder.feedback.examples import HOSTILE
from tests.autograder.feedback.parsing import Parsed
from tests.autograder.overview.classes import book, exercise_record, large, standing_of

LAB = load("03")
CLASS = large(LAB)


def pages_of(made: ClassBook) -> Mapping[str, str]:
    return {standing.student.id: f"pages/{n}.html" for n, standing in enumerate(made.standings)}


@pytest.fixture(scope="module")
def html() -> str:
    return overview(CLASS, pages=pages_of(CLASS), similar=[("s2600037", "s2600074", 0.934)])


@pytest.fixture(scope="module")
def parsed(html: str) -> Parsed:
    return Parsed(html)


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(html: str, parsed: Parsed) -> None:
    (policy,) = [a["content"] or "" for tag, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy"]
    hashes = []
    for tag in ("style", "script"):
        ((text),) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        hashes.append(digest)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert not {"link", "iframe", "img", "form", "base", "object"} & {tag for tag, _ in parsed.elements}
    assert not [a for _, a in parsed.elements for name in a if name.startswith("on") or name in ("style", "src")]


def test_the_headline_says_how_many_how_well_and_what_needs_attention(parsed: Parsed) -> None:
    found, marks = attention(CLASS), scores(CLASS)
    assert marks is not None
    handed_in = sum(standing.handed_in is not None for standing in CLASS.standings)
    head = parsed.text.split("What to repeat", 1)[0]
    for words in (
        f"handed in {handed_in} of 200", f"graded {marks.counted}", f"median {marks.median:g} of 20 points",
        f"{len(found.problems)} files cannot be graded", f"{len(found.waiting)} hand-ins wait for a person",
        "1 pair of programs alike",
    ):  # fmt: skip
        assert words in head


def test_mistakes_come_before_scores_the_most_frequent_first_with_who_made_them(html: str, parsed: Parsed) -> None:
    found = named_mistakes(CLASS)
    assert (
        html.index('id="repeat"') < html.index('id="scores"') < html.index('id="tasks"') < html.index('id="students"')
    )
    counts = [int(count) for count in re.findall(r'<span class="count">(\d+)</span>', html)]
    assert counts == [len(mistake.students) for mistake in found]
    assert counts == sorted(counts, reverse=True)
    for mistake in found:
        assert " ".join(mistake.says.split()) in parsed.text
    first = html.split('<details class="mistake">', 2)[1]
    assert first.count("<li>") == len(found[0].students)


def test_every_student_is_in_the_table_with_a_link_and_every_task(parsed: Parsed) -> None:
    rows = [tag for tag, attributes in parsed.elements if tag == "td" and "cell" in (attributes.get("class") or "")]
    assert len(rows) == 200 * len(LAB.tasks)
    linked = {attributes["href"] for tag, attributes in parsed.elements if tag == "a"}
    assert linked >= set(pages_of(CLASS).values())


def test_every_link_leads_into_the_page_or_to_a_page_beside_it(parsed: Parsed) -> None:
    ids = {f"#{attributes['id']}" for _, attributes in parsed.elements if attributes.get("id")}
    allowed = ids | set(pages_of(CLASS).values()) | {"similar.html"}
    assert {attributes["href"] for tag, attributes in parsed.elements if tag == "a"} <= allowed
    names = [attributes["id"] for _, attributes in parsed.elements if attributes.get("id")]
    assert len(names) == len(set(names))


def test_a_link_never_gets_another_scheme_or_host() -> None:
    assert link("javascript:alert(1)") == "javascript%3Aalert%281%29"
    assert link("pages/a b.html") == "pages/a%20b.html"
    assert link("//host/x") == "host/x"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20].encode("unicode_escape").decode())
def test_hostile_names_ids_texts_and_problems_are_text_only(text: str) -> None:
    def made(words: str) -> str:
        said = dict.fromkeys(("mistake", "likely", "read", "text"), words)
        records = [exercise_record(task, "failed", **said) for task in LAB.tasks]
        first = standing_of(LAB, Student(words, words, words), records)
        assert first.handed_in is not None
        broken = replace(first.handed_in, problem=words, source=words, origin=words)
        second = standing_of(LAB, Student(words + "2", words), None, handed_in=broken, problem=words, known=False)
        class_book = replace(book(LAB, first, second), course=words)
        return overview(class_book, pages={words: page_name(words)}, similar=[(words, words, 1.0)])

    html = made(text)
    innocent, parsed = Parsed(made("x")), Parsed(html)
    assert {tag for tag, _ in parsed.elements} <= {tag for tag, _ in innocent.elements}
    assert not [name for _, a in parsed.elements for name in a if name.startswith("on")]
    assert not [a for _, a in parsed.elements if ":" in (a.get("href") or "")]
    assert not set(parsed.text) & set("\x1b\x00\x07\u202e\u2066\u200b\x9b")
    assert len(html) < 300_000
    html.encode()


def test_a_class_without_anybody_or_without_results_has_a_page() -> None:
    nobody = Parsed(overview(book(LAB), pages={})).text
    assert "handed in 0 of 0" in nobody
    assert "There are no results yet." in nobody
    absent = Parsed(overview(book(LAB, standing_of(LAB, "a", None)), pages={})).text
    assert "handed in 0 of 1" in absent
    assert "1 student handed in nothing" in absent
    assert "Nothing waits for you" not in absent
    empty = Lab("92", "empty", "Empty", "Nothing asked.", ())
    assert "Students" in Parsed(overview(book(empty, standing_of(empty, "a", [])), pages={})).text


def test_a_class_in_which_all_is_well_says_so() -> None:
    right = [exercise_record(task, "passed") for task in LAB.tasks]
    text = Parsed(overview(book(LAB, *(standing_of(LAB, name, right) for name in "abc")), pages={})).text
    assert "Nothing waits for you: every hand-in has a complete result." in text
    assert "No known mistake was made." in text
    assert "with so few students, take it as a hint" in text


def test_cells_say_in_words_and_signs_how_it_went(html: str) -> None:
    for status, sign, words in (
        ("passed", "✓", "passed"),
        ("failed", "✗", "not yet right"),
        ("missing", "○", "not written yet"),
    ):
        assert re.search(
            rf'<td class="cell {status}"[^>]*><i aria-hidden="true">{sign}</i>[\d.]+<span class="spoken"> {words}<',
            html,
        )


def test_bands_are_those_of_the_number_that_is_shown() -> None:
    assert [band(value) for value in (None, 0.5, 0.396, 0.394, 0.2, 0.1, -0.001, -0.3)] == [
        "", "very good", "very good", "good", "fair", "weak", "weak", "negative",
    ]  # fmt: skip


def test_a_small_class_is_uncertain() -> None:
    assert uncertainty(3) == 1.0
    assert uncertainty(200) == pytest.approx(0.139, abs=0.001)  # 1.96 / sqrt(197), nearly
    assert uncertainty(12) > 0.5
