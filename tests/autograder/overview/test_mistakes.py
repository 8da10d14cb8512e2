"""Every named mistake is counted with its sentence, and what has no name is not hidden."""

from xailab_autograder.exercises import Choice, Exercise
from xailab_autograder.gradebook.contents import HandMark
from xailab_autograder.labs import load
from xailab_autograder.overview.mistakes import named_mistakes, never_attempted, unnamed_failures

from tests.autograder.overview.classes import NOW, book, exercise_record, standing_of

LAB = load("03")
UPSAMPLE = next(task for task in LAB.tasks if isinstance(task, Exercise) and task.id == "upsample")
NULL = next(task for task in LAB.tasks if isinstance(task, Choice) and task.id == "predict-null")
NEAREST, CORNERS = (next(m for m in UPSAMPLE.misconceptions if m.id == name) for name in ("nearest", "align-corners"))


def wrong(mistake: str | None, **changes: object) -> list:  # type: ignore[type-arg]
    return [exercise_record(UPSAMPLE, "failed", mistake=mistake, **changes)]


def test_mistakes_are_counted_with_their_sentences_the_most_frequent_first() -> None:
    made = book(
        LAB,
        *(standing_of(LAB, name, wrong("align-corners")) for name in "abc"),
        standing_of(LAB, "d", wrong("nearest")),
        standing_of(LAB, "e", [exercise_record(UPSAMPLE, "passed")]),
        standing_of(LAB, "f", None),
    )
    first, second = named_mistakes(made)
    assert (first.id, first.students, first.says) == ("align-corners", ("a", "b", "c"), CORNERS.says)
    assert first.share == 0.6  # of the five who have a result
    assert first.read == CORNERS.read
    assert (second.id, second.students, second.says) == ("nearest", ("d",), NEAREST.says)


def test_a_wrong_prediction_is_a_named_mistake() -> None:
    record = exercise_record(NULL, "failed", mistake="chose-a", likely="as recorded")
    (found,) = named_mistakes(book(LAB, standing_of(LAB, "a", [record])))
    assert (found.task, found.id, found.says) == (NULL, "chose-a", NULL.because["a"])


def test_a_mistake_that_the_lab_knows_no_more_keeps_its_recorded_sentence() -> None:
    (found,) = named_mistakes(book(LAB, standing_of(LAB, "a", wrong("gone", likely="You went.", read="there"))))
    assert (found.says, found.read) == ("You went.", "there")
    record = exercise_record(NULL, "failed", mistake="chose-z", likely="Z.")
    (found,) = named_mistakes(book(LAB, standing_of(LAB, "a", [record])))
    assert found.says == "Z."


def test_where_a_person_gave_all_points_nothing_is_a_mistake() -> None:
    marks = {points: {"upsample": HandMark("upsample", points, "", "Ada", NOW)} for points in (1.0, 2.0)}
    made = book(LAB, *(standing_of(LAB, f"s{p}", wrong("nearest"), by_hand=hand) for p, hand in marks.items()))
    assert [found.students for found in named_mistakes(made)] == [("s1.0",)]
    unnamed = book(LAB, *(standing_of(LAB, f"s{p}", wrong(None), by_hand=hand) for p, hand in marks.items()))
    assert [found.students for found in unnamed_failures(unnamed)] == [("s1.0",)]


def test_what_has_no_name_is_listed_by_the_first_check_that_failed() -> None:
    made = book(
        LAB,
        standing_of(LAB, "a", wrong(None)),
        standing_of(LAB, "b", [exercise_record(UPSAMPLE, "partial")]),
        standing_of(LAB, "c", [exercise_record(UPSAMPLE, "partial")]),
        standing_of(LAB, "d", [exercise_record(UPSAMPLE, "missing")]),
        standing_of(LAB, "e", wrong("nearest")),
    )
    assert [(one.task.id, one.tier, one.students) for one in unnamed_failures(made)] == [
        ("upsample", "edges", ("b", "c")),
        ("upsample", "worked", ("a",)),
    ]


def test_tasks_that_nobody_tried_are_named() -> None:
    untouched = [exercise_record(task, "missing") for task in LAB.tasks]
    tried = [exercise_record(task, "failed" if task is UPSAMPLE else "missing") for task in LAB.tasks]
    assert never_attempted(book(LAB, standing_of(LAB, "a", untouched), standing_of(LAB, "b", untouched))) == LAB.tasks
    rest = tuple(task for task in LAB.tasks if task is not UPSAMPLE)
    assert never_attempted(book(LAB, standing_of(LAB, "a", untouched), standing_of(LAB, "b", tried))) == rest
    assert never_attempted(book(LAB)) == ()
