"""Marking from the first page to the last, without JavaScript."""

import json
import re

import pytest
from xailab_autograder.gradebook.contents import HandMark, Standing
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.marking import desk
from xailab_autograder.marking.app import create_app
from xailab_autograder.marking.pile import Pile, codes

from tests.autograder.feedback.examples import HOSTILE
from tests.autograder.marking.browsing import Browser
from tests.autograder.marking.classroom import LAB, REFLECT, fill, handed, hurry, people, with_text
from xailab.errors import XailabError

FIRST = "/task/reflect-mean?show=all"


def standing(book: Gradebook, student: str) -> Standing:
    return next(each for each in class_book(book, LAB).standings if each.student.id == student)


def stored(book: Gradebook, student: str, task: str = "reflect-mean") -> HandMark | None:
    return next(mark.by_hand for mark in standing(book, student).marks if mark.task.id == task)


def order(book: Gradebook, marker: str = "Ada") -> list[tuple[str, str]]:
    """(student, code) in the marker's order."""
    return [(a.standing.student.id, a.code) for a in Pile.of(class_book(book, LAB), REFLECT, marker).answers]


def waiting(book: Gradebook) -> list[tuple[str, str]]:
    pile = Pile.of(class_book(book, LAB), REFLECT, "Ada").answers
    return [(a.standing.student.id, a.code) for a in pile if a.fits("waiting")]


def answer(book: Gradebook, student: str, task: str = "reflect-mean") -> str:
    return f"/task/{task}/{codes(class_book(book, LAB))[student]}"


def test_the_first_page_says_what_there_is_to_do(browser: Browser) -> None:
    page = browser.get("/")
    assert "12 of 12 students handed in" in page.text
    assert "0 of 11 marked, 1 wrote nothing" in page.text
    assert "marking as Ada" in page.text
    assert page.links["Start"].startswith("/task/reflect-mean/")
    assert {"Pairs of equal labels (pairs)", "A vector of length one (normalize)"} <= set(page.links)


def test_all_answers_can_be_marked_in_a_row_without_javascript(browser: Browser, book: Gradebook) -> None:
    expected = waiting(book)
    page = browser.get(browser.get("/").links["Start"])
    for at, (student, code) in enumerate(expected):
        assert f"{at} of 11 marked" in page.text
        assert code in page.text
        page = browser.send(page.marking, points="1.5", comment=f"Good, {at}.", do="next")
        mark = stored(book, student)
        assert mark is not None
        assert (mark.score, mark.comment, mark.marker) == (1.5, f"Good, {at}.", "Ada")
    assert "11 of 11 marked" in page.text
    assert "✓ all marked" in browser.get("/").text
    assert all(each.complete for each in class_book(book, LAB).standings)


def test_save_stays_and_shows_what_is_stored(browser: Browser, book: Gradebook) -> None:
    page = browser.send(browser.get(answer(book, "s000")).marking, points="other", number="1,25", do="save")
    assert page.marking.fields["points"] == "other"
    assert page.marking.fields["number"] == "1.25"
    assert "Saved: 1.25 by Ada" in page.text
    assert "1.25 points" in page.text
    again = browser.send(page.marking, points="2", comment="Better.", do="save")
    mark = stored(book, "s000")
    assert mark is not None
    assert (mark.score, mark.comment) == (2, "Better.")
    assert again.marking.fields["points"] == "2"


def test_steps_and_filters(browser: Browser, book: Gradebook) -> None:
    names = [code for _, code in order(book)]
    at = next(at for at, name in enumerate(names) if at and name in {code for _, code in waiting(book)})
    page = browser.get(f"/task/reflect-mean/{names[at]}")
    assert page.links["Next"].endswith(names[at + 1])
    assert page.links["Previous"].endswith(names[at - 1])
    assert f"answer {at + 1} of 12" in page.text
    assert "Previous" not in browser.get(f"/task/reflect-mean/{names[0]}").links
    assert "Next" not in browser.get(f"/task/reflect-mean/{names[-1]}").links
    browser.send(page.marking, points="1", do="save")
    for show, count in (("waiting", 10), ("unmarked", 10), ("outdated", 0), ("marked", 1), ("all", 12)):
        listed = browser.get(f"/task/reflect-mean?show={show}")
        rows = [text for text, href in listed.links.items() if re.search(r"mean/\w+", href) and text != "Go on"]
        assert len(rows) == count
        assert sum(tag == "tr" for tag, _ in listed.elements) == (count + 1 if count else 0)
    marked = browser.get(f"/task/reflect-mean/{names[at]}?show=marked")
    assert "marked: 1 of 1" in marked.text
    assert "Next" not in marked.links


def test_students_stay_anonymous_until_names_are_wanted(browser: Browser, book: Gradebook) -> None:
    identifying = ["Lovelace", "s000", "s001", "s000_lab90.ipynb", "example.org"]
    addresses = ["/", FIRST, answer(book, "s000"), f"/student/{codes(class_book(book, LAB))['s000']}"]
    for address in addresses:
        html = browser.get(address).html
        assert not [word for word in identifying if word in html], address
    page = browser.send(browser.get(addresses[2]).form("/names"), names="1", back=addresses[2])
    assert "Ada Lovelace (s000)" in page.text
    assert "s000_lab90.ipynb" in browser.get(addresses[3]).text
    hidden = browser.send(page.form("/names"))
    assert "Lovelace" not in hidden.html


def test_names_can_be_shown_from_the_start(book: Gradebook) -> None:
    assert "Ada Lovelace (s000)" in Browser(book, anonymous=False).get(FIRST).text


def test_a_student_is_found_by_id_or_code(browser: Browser, book: Gradebook) -> None:
    code = codes(class_book(book, LAB))["s003"]
    for query in ("s003", code, code.lower()):
        page = browser.get(f"/search?q={query}")
        assert code in page.text
        assert "All tasks" not in page.text
        assert "Pairs of equal labels" in page.text
    assert "Nobody has this code or id" in browser.get("/search?q=lovelace").text
    assert "Nobody" in browser.get("/search?q=").text


def test_the_page_of_a_student_holds_all_tasks(browser: Browser, book: Gradebook) -> None:
    page = browser.get("/search?q=s000")
    assert "5 of 11 points" in page.text
    assert "The judge: 0 of 3." in page.text
    assert "expected [(0, 2), (0, 3), (2, 3)]" in page.text
    assert "One number" not in page.text
    assert "ruled by outliers" in page.text
    links = [href for tag, a in page.elements if tag == "a" and (href := a.get("href") or "").startswith("/task/")]
    assert len(links) == len(LAB.tasks)


def test_a_judged_mark_is_changed_with_a_reason_and_given_back(browser: Browser, book: Gradebook) -> None:
    address = answer(book, "s002", "pairs")
    page = browser.get(address)
    assert "The judge: 0 of 3." in page.text
    assert "def pairs(labels):" in page.text
    refused = browser.send(page.marking, 422, points="2.5", do="save")
    assert "say why the judge's mark is changed" in refused.text
    assert refused.marking.fields["points"] == "2.5"
    saved = browser.send(refused.marking, comment="Order does not matter here.", do="save")
    assert standing(book, "s002").raw == 7.5
    assert "Back to the judge's mark" in saved.text
    browser.send(saved.marking, do="remove")
    assert stored(book, "s002", "pairs") is None
    assert standing(book, "s002").raw == 5


def test_undo_goes_back_step_by_step(browser: Browser, book: Gradebook) -> None:
    page = browser.send(browser.get(answer(book, "s000")).marking, points="1", comment="One.", do="save")
    browser.send(page.marking, points="2", comment="Two.", do="save")
    page = browser.send(browser.get(answer(book, "s001")).marking, points="0.5", do="next")
    code = codes(class_book(book, LAB))["s001"]
    assert f"{code}: 0.5 points" in page.text
    page = browser.send(page.form("/undo"))
    assert "Undone" in page.text
    assert code in page.text
    assert stored(book, "s001") is None
    page = browser.send(page.form("/undo"))
    mark = stored(book, "s000")
    assert mark is not None
    assert (mark.score, mark.comment) == (1, "One.")
    page = browser.send(page.form("/undo"))
    assert stored(book, "s000") is None
    assert ("form", "") in [(tag, a.get("hidden", "no") or "") for tag, a in page.elements if a.get("id") == "undo"]
    assert "There is nothing to undo" in browser.send(page.form("/undo")).text


def test_a_removed_mark_can_be_brought_back(browser: Browser, book: Gradebook) -> None:
    page = browser.send(browser.get(answer(book, "s000")).marking, points="1", comment="One.", do="save")
    page = browser.send(page.marking, do="remove")
    assert stored(book, "s000") is None
    assert "mark taken back" in page.text
    browser.send(page.form("/undo"))
    mark = stored(book, "s000")
    assert mark is not None
    assert mark.comment == "One."


def test_comments_used_before_are_offered_most_frequent_first(browser: Browser, book: Gradebook) -> None:
    for student, comment in (("s000", "Rare."), ("s001", "Signs?"), ("s002", "Signs?"), ("s003", "")):
        browser.send(browser.get(answer(book, student)).marking, points="1", comment=comment, do="save")
    page = browser.get(answer(book, "s004"))
    offered = [a["data-comment"] for tag, a in page.elements if tag == "button" and a.get("name") == "use"]
    assert offered == ["Signs?", "Rare."]
    assert "2×" in page.text
    taken = browser.send(page.marking, points="1.5", comment="Good.", use="0", do="next")
    assert taken.marking.fields["comment"] == "Good.\nSigns?"
    assert taken.marking.fields["points"] == "1.5"
    assert stored(book, "s004") is None
    for nonsense in ("99", "-1", "x", "²", "9" * 50):
        assert browser.send(page.marking, comment="Mine.", use=nonsense).marking.fields["comment"] == "Mine."
    other = browser.get(answer(book, "s004", "pairs"))
    assert not [a for tag, a in other.elements if a.get("name") == "use"]


def test_a_comment_keeps_its_first_empty_line_and_its_lines(browser: Browser, book: Gradebook) -> None:
    page = browser.send(browser.get(answer(book, "s000")).marking, points="1", comment="a\r\n\r\n  b", do="save")
    mark = stored(book, "s000")
    assert mark is not None
    assert mark.comment == page.marking.fields["comment"] == "a\n\n  b"


def test_another_text_is_asked_about_again(browser: Browser, book: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "FRESH_S", 0.0)
    monkeypatch.setattr(desk, "FRESH_TIMES", 0.0)
    browser.send(browser.get(answer(book, "s000")).marking, points="1", comment="One.", do="save")
    fill(book, [with_text(people(12)[0], "A quite different text.")])
    page = browser.get(answer(book, "s000"))
    assert "Handed in again. The mark below (1 of 2, by Ada," in page.text
    assert "A quite different text." in page.text
    assert page.marking.fields["points"] == "1"
    assert "1 handed in again" in browser.get("/").text
    assert "handed in again" in browser.get(FIRST).text
    kept = browser.send(page.marking, do="save")
    assert "Handed in again" not in kept.text
    assert not standing(book, "s000").marks[-1].outdated


def test_a_text_that_came_while_the_page_was_open_is_shown_before_anything_is_saved(
    browser: Browser, book: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "FRESH_S", 0.0)
    monkeypatch.setattr(desk, "FRESH_TIMES", 0.0)
    page = browser.get(answer(book, "s000"))
    fill(book, [with_text(people(12)[0], "A quite different text.")])
    again = browser.send(page.marking, 409, points="2", comment="Fine.", do="save")
    assert "handed in another text meanwhile" in again.text
    assert "A quite different text." in again.text
    assert (again.marking.fields["points"], again.marking.fields["comment"]) == ("2", "Fine.")
    assert stored(book, "s000") is None
    browser.send(again.marking, do="save")
    assert not standing(book, "s000").marks[-1].outdated


def test_a_mark_for_a_text_that_is_not_the_newest_is_outdated_at_once(browser: Browser, book: Gradebook) -> None:
    page = browser.get(answer(book, "s000"))
    fill(book, [with_text(people(12)[0], "A quite different text.")])
    browser.send(page.marking, points="2", comment="Fine.", do="save")  # within the two seconds
    assert standing(book, "s000").marks[-1].outdated


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"points": "3"}, "expected a number from 0 to 2, got 3"),
        ({"points": "other", "number": "nan"}, "got &#39;nan&#39;"),
        ({"points": "other", "number": "-1"}, "got &#39;-1&#39;"),
        ({}, "no points chosen"),
        ({"points": "1", "comment": "x" * 10_001}, "at most 10,000 characters"),
    ],
)
def test_what_is_no_mark_comes_back_with_a_sentence(
    browser: Browser, book: Gradebook, fields: dict[str, str], says: str
) -> None:
    page = browser.get(answer(book, "s000"))
    again = browser.send(page.marking, 422, **{"comment": "Typed.", "do": "next", **fields})
    assert says in again.html
    assert again.marking.fields["comment"] == fields.get("comment", "Typed.")
    assert stored(book, "s000") is None
    told = browser.script(page.marking, do="save", **fields)
    assert told.status_code == 422
    assert told.json is not None
    assert told.json["saved"] is False


def test_the_script_gets_as_json_what_the_page_must_change(browser: Browser, book: Gradebook) -> None:
    page = browser.get(answer(book, "s000"))
    told = browser.script(page.marking, points="1", comment="One.", do="save").json
    assert told is not None
    assert told["saved"]
    assert told["says"] == "Saved: 1 of 2 points"
    assert told["marked"] == "1 of 11"
    second = browser.script(page.marking, points="2", shown=told["shown"], do="save")
    assert second.status_code == 200
    mark = stored(book, "s000")
    assert mark is not None
    assert mark.score == 2
    following = {code for _, code in waiting(book)}
    assert told["next"].rsplit("/", 1)[1] in following


@pytest.mark.parametrize(
    "address",
    ["/task/nothing", "/task/nothing/ABCD", "/task/reflect-mean/ZZZZ", "/task/reflect-mean/x", "/student/ZZZZ",
     "/student/..%2f", "/else", "/task/reflect-mean/%00", "/static/marking.js"],
)  # fmt: skip
def test_unknown_addresses_are_answered_with_a_page(browser: Browser, address: str) -> None:
    assert "To the questions" in browser.get(address, 404).text


def test_an_unknown_student_or_task_cannot_be_marked(browser: Browser, book: Gradebook) -> None:
    form = browser.get(answer(book, "s000")).marking
    for address in ("/task/nothing/ABCD", "/task/reflect-mean/ZZZZ"):
        form.action = address
        browser.send(form, 404, points="1", do="save")
        assert browser.script(form, points="1", do="save").json == {
            "saved": False,
            "says": browser.script(form, points="1").json["says"],  # type: ignore[index]
        }


def test_too_large_a_request_is_refused(browser: Browser, book: Gradebook) -> None:
    form = browser.get(answer(book, "s000")).marking
    assert "too much" in browser.send(form, 413, points="1", comment="x" * 300_000).text
    assert stored(book, "s000") is None


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20].encode("unicode_escape").decode() for text in HOSTILE])
def test_whatever_a_student_writes_is_text(browser: Browser, book: Gradebook, text: str) -> None:
    innocent = {tag for address in ("/", FIRST) for tag, _ in browser.get(address).elements}
    nasty = handed("=evil", text, text)
    typed = text[:5000].encode("utf-8", "replace").decode()
    fill(book, [nasty])
    code = codes(class_book(book, LAB))["=evil"]
    browser = Browser(book, anonymous=False)
    told = browser.script(browser.get(f"/task/reflect-mean/{code}").marking, points="1", comment=typed, do="save")
    assert told.json is not None
    assert told.json["saved"], told.json
    for address in (
        "/",
        FIRST,
        f"/task/reflect-mean/{code}",
        f"/student/{code}",
        "/search?q=ev",
        f"/task/pairs/{code}",
    ):
        page = browser.get(address)
        innocent |= {"div", "fieldset", "legend", "textarea", "aside", "pre", "details", "summary", "nav", "ul", "li"}
        innocent |= {"blockquote", "table", "thead", "tbody", "tr", "th", "td", "h3", "i", "small", "dd", "dt", "bdi"}
        assert {tag for tag, _ in page.elements} <= innocent | {"b", "kbd", "dl", "label", "input", "progress"}
        assert sum(tag == "script" for tag, _ in page.elements) == 1
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcdoc", "style")], tag
        assert len(page.html) < 400_000


def test_what_runs_backwards_or_cannot_be_seen_is_named(browser: Browser, book: Gradebook) -> None:
    fill(book, [handed("x", "abc\u202edef \u200b \x1b[31mred")])
    page = Browser(book).get(answer(book, "x"))
    assert "abc[U+202E]def [U+200B] red" in page.text


def test_formulas_and_spaces_are_left_as_they_are(browser: Browser, book: Gradebook) -> None:
    text = "a  $x_{i}$\n\n    indented $$\\frac{1}{n}$$\nenglish ثم עברית"
    fill(book, [handed("x", text)])
    page = Browser(book).get(answer(book, "x"))
    assert text in page.texts
    assert ("div", "auto") in [(tag, a.get("dir")) for tag, a in page.elements]


def test_a_class_of_200_can_be_marked(tmp_path: object) -> None:
    with open_gradebook(f"sqlite:///{tmp_path}/large.sqlite") as book:
        hurry(book)
        fill(book, people(200))
        browser = Browser(book)
        names = [code for _, code in order(book)]
        for code in names[:20]:
            form = browser.get(f"/task/reflect-mean/{code}").marking
            assert browser.script(form, points="1", do="next").status_code == 200
        assert browser.get(FIRST).text.count("not marked yet") > 100


@pytest.mark.parametrize("marker", ["", "  ", "x" * 101, "a\nb"])
def test_a_marker_has_a_name(book: Gradebook, marker: str) -> None:
    with pytest.raises(XailabError, match="marker: expected a name of 1 to 100 characters"):
        create_app(book, LAB, marker=marker, token="x" * 30)


def test_marks_reach_the_feedback_and_the_list_of_changes(browser: Browser, book: Gradebook) -> None:
    from xailab_autograder.gradebook.reading import changes

    browser.send(browser.get(answer(book, "s000")).marking, points="1.5", comment="Signs too.", do="save")
    settled = standing(book, "s000").settled
    assert settled is not None
    reflection = settled.exercises[-1]
    assert (reflection.score, reflection.comment, reflection.marker) == (1.5, "Signs too.", "Ada")
    assert [(change.after, change.why) for change in changes(book, "90")] == [(1.5, "marked by hand")]
    json.dumps(settled.to_json())
