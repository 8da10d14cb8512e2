"""Whatever is not as it has to be is found."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from xailab_autograder.course.policy import Lateness
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Exercise
from xailab_autograder.gradebook.contents import ClassBook, HandedIn, HandMark, Standing, TaskMark
from xailab_autograder.judging.records import ExerciseRecord, SubmissionRecord
from xailab_autograder.rehearsal.comparing import compare, report
from xailab_autograder.rehearsal.truth import TaskTruth, Truth

TOLD = Truth(
    "ada",
    "late",
    "an hour late",
    tasks=(TaskTruth("mean-square", 3.0), TaskTruth("pairs", 0.0, "both-ways")),
    share=0.1,
)


def standing(lab, told: Truth = TOLD, **changes) -> Standing:
    tasks = {task.id: task for task in lab.tasks}
    records = tuple(
        ExerciseRecord(one.task, "", "f", "passed" if one.score else "failed", one.score, 3.0, mistake=one.mistake)
        for one in told.tasks
    )
    record = SubmissionRecord("90", "", told.student, "", "", "", "", "", 0.0, exercises=records)
    marks = tuple(TaskMark(tasks[judged.id], judged) for judged in records)
    handed_in = HandedIn("90", told.student, "00", "a.ipynb")
    made = Standing(Student(told.student), handed_in, record, marks, Lateness(share=told.share, excused=told.excused))
    return replace(made, **changes)


def book(lab, *standings: Standing) -> ClassBook:
    return ClassBook("", lab, standings, datetime.now(UTC))


def test_the_truth_has_no_differences(toy):
    assert compare(book(toy, standing(toy)), [TOLD]) == ()
    assert report((), [TOLD]) == "1 students, 1 to be graded, 1 mistakes to be named: everything as it has to be\n"


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (replace(TOLD, share=0.2), {"deduction", "score"}),
        (replace(TOLD, excused=True), {"excused"}),
        (replace(TOLD, status="problem"), {"result"}),
        (replace(TOLD, status="absent"), {"result"}),
        (replace(TOLD, student="bob"), {"result"}),
        (replace(TOLD, tasks=(TaskTruth("mean-square", 2.25),)), {"mean-square: points", "deduction", "score"}),
        (replace(TOLD, tasks=(TOLD.tasks[0], TaskTruth("pairs", 0.0, "with-itself"))), {"pairs: mistake"}),
        (replace(TOLD, tasks=(TOLD.tasks[0], TaskTruth("pairs", 0.0))), {"pairs: mistake"}),
        (replace(TOLD, tasks=(*TOLD.tasks, TaskTruth("normalize", 0.0))), {"normalize: result"}),
    ],
)
def test_what_is_not_the_truth_is_found(told, what, toy):
    assert {difference.what for difference in compare(book(toy, standing(toy)), [told])} == what


def test_what_the_gradebook_lacks_is_found(toy):
    problem = standing(toy, record=None, marks=(), problem="cut off")
    nothing = standing(toy, record=None, marks=(), handed_in=None)
    assert [d.got for d in compare(book(toy, problem), [TOLD])] == ["problem cut off"]
    assert [d.got for d in compare(book(toy, nothing), [TOLD])] == ["absent"]
    assert [d.got for d in compare(book(toy), [TOLD])] == ["not in the gradebook"]
    old = standing(toy, outdated=True)
    assert [d.got for d in compare(book(toy, old), [TOLD])] == ["problem"]
    assert compare(book(toy), [replace(TOLD, status="absent", tasks=())]) == ()


def test_a_failure_of_the_judge_is_found(toy):
    failed = standing(toy)
    mark = failed.marks[1]
    error = replace(mark, judged=replace(mark.judged, status="error"))
    found = compare(book(toy, replace(failed, marks=(failed.marks[0], error))), [TOLD])
    assert [difference.what for difference in found] == ["pairs: result"]


def test_a_persons_marks_count_in_the_sum_and_hide_no_verdict(toy):
    reflection = next(task for task in toy.tasks if not isinstance(task, Exercise) and task.id == "reflect-mean")
    one = standing(toy)
    by_hand = HandMark("reflect-mean", 2.0, "good", "eve", datetime.now(UTC))
    text = ExerciseRecord("reflect-mean", "", "", "manual", 0.0, 2.0, text="words")
    marked = replace(one, marks=(*one.marks, TaskMark(reflection, text, by_hand)))
    assert marked.score == pytest.approx(4.5)
    assert compare(book(toy, marked), [TOLD]) == ()


def test_the_report_counts_and_shows_the_first(toy):
    truths = [replace(TOLD, student=f"s{n}") for n in range(30)]
    text = report(compare(book(toy), truths), truths)
    assert "30 differences at 30 students" in text
    assert "  30  result" in text
    assert "s0: result: expected graded, got not in the gradebook  (an hour late)" in text
    assert "... and 10 more" in text
