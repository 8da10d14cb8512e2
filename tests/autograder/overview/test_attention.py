"""Nobody is forgotten: whoever has no complete result stands on a list that says why."""

from dataclasses import replace
from datetime import timedelta

from xailab_autograder.course.policy import Lateness
from xailab_autograder.gradebook.contents import HandedIn, HandMark, Standing
from xailab_autograder.labs import load
from xailab_autograder.overview.attention import SLOWEST, Attention, attention

from tests.autograder.overview.classes import NOW, book, exercise_record, large, standing_of

LAB = load("03")
FILE = HandedIn("03", "a", "ab", "lab.ipynb", "week 3/lab.ipynb")


def fine(student: str = "a", **changes: object) -> Standing:
    return standing_of(LAB, student, [exercise_record(task, "passed") for task in LAB.tasks], **changes)


def lists(standing: Standing) -> dict[str, str]:
    """Return list -> sentence for one student."""
    found = attention(book(LAB, standing))
    names = [name for name in Attention.__dataclass_fields__ if name not in ("suspicious", "slowest")]
    return {name: getattr(found, name)[0].says for name in names if getattr(found, name)}


def test_a_complete_result_is_on_no_list() -> None:
    assert lists(fine()) == {}


def test_a_file_that_cannot_be_graded_is_the_students_and_a_failure_is_ours() -> None:
    cut = replace(FILE, problem="the notebook is cut off")
    assert lists(standing_of(LAB, "a", None, handed_in=cut, problem="the notebook is cut off")) == {
        "problems": "lab.ipynb: the notebook is cut off"
    }
    assert lists(standing_of(LAB, "a", None, handed_in=FILE, problem="the grader's process died")) == {
        "failures": "the grader's process died"
    }


def test_nothing_handed_in_is_absent_unless_excused() -> None:
    assert lists(standing_of(LAB, "a", None)) == {"absent": "nothing was handed in"}
    assert lists(standing_of(LAB, "a", None, lateness=Lateness(excused=True))) == {"excused": "need not hand in"}


def test_handed_in_and_not_graded_is_not_forgotten() -> None:
    assert list(lists(standing_of(LAB, "a", None, handed_in=FILE))) == ["ungraded"]


def test_outdated_unknown_and_late_are_said() -> None:
    late = Lateness(timedelta(hours=2), 0.1, "handed in 2 h after the deadline: 10% off")
    assert lists(fine(outdated=True)).keys() == {"outdated"}
    assert "week 3/lab.ipynb" in lists(fine(known=False, handed_in=FILE))["unknown"]
    assert lists(fine(lateness=late)) == {"late": late.why}


def test_texts_wait_for_a_person_and_failed_tasks_for_us() -> None:
    records = [
        exercise_record(task, "manual" if task.id == "reflect" else "error" if task.id == "fractional" else "passed")
        for task in LAB.tasks
    ]
    assert lists(standing_of(LAB, "a", records)) == {
        "failures": "the grader failed at fractional",
        "waiting": "reflect: not marked yet",
    }
    marks = {name: HandMark(name, 1, "", "Ada", NOW) for name in ("reflect", "fractional")}
    assert lists(standing_of(LAB, "a", records, by_hand=marks)) == {}
    again = standing_of(LAB, "a", records, by_hand=marks, remarked=["reflect"])
    assert lists(again) == {"waiting": "reflect: another text than the one that was marked"}


def test_the_slowest_come_with_what_took_the_time() -> None:
    records = [exercise_record(task, "passed", seconds=7.0 if task.id == "iou-table" else 0.1) for task in LAB.tasks]
    made = book(LAB, *(fine(f"s{n:02}") for n in range(15)), standing_of(LAB, "slow", records))
    first, *others = attention(made).slowest
    assert (first.student, first.task and first.task.id, first.task_seconds) == ("slow", "iou-table", 7.0)
    assert first.seconds == max(standing.record.seconds for standing in made.standings if standing.record)
    assert len(others) == SLOWEST - 1
    assert others[0].task is None


def test_in_a_large_class_everybody_without_a_complete_result_is_on_a_list() -> None:
    made = large(LAB)
    found = attention(made)
    reasons = ("problems", "failures", "ungraded", "waiting", "absent", "excused")
    listed = {entry.student for name in reasons for entry in getattr(found, name)}
    assert listed == {standing.student.id for standing in made.standings if not standing.complete}
