"""What is worth a look is found where it is, and nowhere else."""

from dataclasses import replace

import pytest
from xailab_autograder.exercises import Exercise
from xailab_autograder.gradebook.contents import HandedIn, Standing
from xailab_autograder.judging.calling import ended_text
from xailab_autograder.judging.judge import check_task
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.judging.records import CheckRecord
from xailab_autograder.judging.seeds import public
from xailab_autograder.labs import load
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.overview.suspicion import MUCH_CODE, RULES, SAME_TEXT, suspicious
from xailab_autograder.sandbox.outcomes import Cell, Died, Raised, Unreadable

from tests.autograder.overview.classes import book, exercise_record, large, standing_of

LAB = load("03")
TASK = next(task for task in LAB.tasks if isinstance(task, Exercise))
TEXT = (
    "It fires at boats; water would be the confound, so one shows it boats that lie on land, and lakes without boats."
)


def handed(student: str, sha256: str) -> HandedIn:
    return HandedIn("03", student, sha256, "lab.ipynb")


def found(*standings: Standing) -> list[tuple[str, str, str]]:
    return [(one.student, one.rule, one.why) for one in suspicious(book(LAB, *standings))]


def ended(message: str) -> Standing:
    check = CheckRecord("runs", "runs without an error", "failed", message)
    return standing_of(LAB, "a", [exercise_record(TASK, "failed", checks=(check,))])


def test_an_honest_class_is_not_suspicious() -> None:
    right = [exercise_record(task, "passed") for task in LAB.tasks]
    assert found(*(standing_of(LAB, name, right) for name in "abc"), standing_of(LAB, "d", None)) == []


def test_the_same_file_is_named_with_the_others_also_where_it_cannot_be_graded() -> None:
    same = [standing_of(LAB, name, None, handed_in=handed(name, "ab")) for name in "abcdef"]
    other = [standing_of(LAB, name, None, handed_in=handed(name, "")) for name in "xy"]
    told = found(*same, *other)
    assert [student for student, _, _ in told] == list("abcdef")
    assert told[0] == ("a", "same-file", "the same file as b, c, d and 2 more")


def test_the_same_words_in_two_files_are_named_and_short_texts_are_not() -> None:
    task = LAB.tasks[-1]

    def writes(student: str, text: str, sha256: str) -> Standing:
        return standing_of(
            LAB, student, [exercise_record(task, "manual", text=text)], handed_in=handed(student, sha256)
        )

    assert len(TEXT) > SAME_TEXT
    told = found(
        writes("a", TEXT, "1"), writes("b", TEXT.upper().replace(" ", "\n"), "2"), writes("c", TEXT + "!", "3")
    )
    assert told == [
        ("a", "same-text", "reflect: the same text as b"),
        ("b", "same-text", "reflect: the same text as a"),
    ]
    assert found(writes("a", "I do not know.", "1"), writes("b", "I do not know.", "2")) == []
    assert {rule for _, rule, _ in found(writes("a", TEXT, "1"), writes("b", TEXT, "1"))} == {"same-file"}


@pytest.mark.parametrize(
    ("reason", "rule"),
    [("crash", "process"), ("exit", "process"), ("protocol", "process"),
     ("time", "limits"), ("memory", "limits"), ("scratch", "limits")],
)  # fmt: skip
def test_every_death_of_a_worker_is_found_as_the_judge_words_it(reason: str, rule: str) -> None:
    death = Died(reason, "signal 11")  # type: ignore[arg-type]
    for message in (
        f"thresholds(A: 2 x 3)\n{ended_text(death, 20)}",
        f"The definitions of this submission could not be run: {ended_text(death, 0)}.",
    ):
        ((student, told, why),) = found(ended(message))
        assert (student, told) == ("a", rule)
        assert why.startswith(("thresholds: it ", "thresholds: the process "))


def test_refusals_of_the_sandbox_are_found() -> None:
    refused = ended_text(Raised("PermissionError", "[Errno 13] Permission denied: '/home/x/data.npy'"), 20)
    asked = "xailab.dissection is what you build here; it is withheld while your code is graded"
    withheld = ended_text(Raised("ImportError", asked), 20)
    for message in (refused, withheld):
        ((_, rule, why),) = found(ended(f"f(x)\n{message}"))
        assert rule == "refused"
        assert message.partition(": ")[2].split(";")[0] in why
    noted = standing_of(LAB, "a", [])
    assert noted.record is not None
    note = "cell 2: ImportError: xailab.dissection is withheld while your code is graded (cell 2, line 1)"
    assert found(replace(noted, record=replace(noted.record, notes=(note,)))) == [("a", "refused", note)]


def test_errors_and_what_students_write_into_them_are_not_suspicious() -> None:
    lies = "x\nit crashed the Python interpreter\nit did not finish"
    for outcome in (Raised("ValueError", lies), Raised("IndexError", "out of bounds"), Unreadable("a generator")):
        assert found(ended(f"f(x)\n{ended_text(outcome, 20)}")) == []


def test_much_code_without_any_function_is_found_and_an_empty_hand_out_is_not() -> None:
    nothing = [check_task(task, LocalStudent({}), public("03", task.id), hidden=True).record for task in LAB.tasks]

    def long(lines: int, records: list) -> Standing:  # type: ignore[type-arg]
        code = (Cell("cell 1", "x = 1\n\n" * lines),)
        return standing_of(
            LAB, "a", records, handed_in=replace(handed("a", "1"), submission=Submission("l.ipynb", code))
        )

    ((_, rule, why),) = found(long(MUCH_CODE, nothing))
    assert rule == "no-functions"
    assert why == "40 lines of code, but none of the 10 functions asked for"
    assert found(long(MUCH_CODE - 1, nothing)) == []
    assert found(long(400, [exercise_record(task, "missing") for task in LAB.tasks])) == []  # the holes are there
    assert found(long(400, [exercise_record(TASK, "passed"), *nothing[1:]])) == []


def test_every_rule_says_what_else_it_may_mean() -> None:
    told = suspicious(large(LAB))
    assert {one.rule for one in told} <= RULES.keys()
    assert len({(one.student, one.rule) for one in told}) == len(told)
    assert all(one.why for one in told)
