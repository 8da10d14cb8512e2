"""The numbers are those of hand-worked examples, and of other people's libraries."""

import random
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.policy import Lateness
from xailab_autograder.exercises import Choice, Lab
from xailab_autograder.gradebook.contents import HandMark
from xailab_autograder.overview.statistics import (
    FEWEST,
    bin_width,
    correlation,
    graded,
    kind,
    scores,
    task_statistics,
    upper_lower,
)

from tests.autograder.overview.classes import NOW, book, by_scores, exercise_record, large, standing_of


def small_lab(*points: float) -> Lab:
    tasks = [
        Choice(
            f"t{place}", f"v{place}", f"Question {place}?", {"x": "yes", "y": "no"}, "x", {"y": "Read again."}, worth
        )
        for place, worth in enumerate(points)
    ]
    return Lab("91", "small", "A small lab", "Small.", tuple(tasks))


TWO = small_lab(2, 3)


def test_the_scores_of_five_students_worked_by_hand() -> None:
    found = scores(by_scores(TWO, {"a": (0, 0), "b": (1, 0), "c": (0, 1), "d": (1, 1), "e": (1, 1)}))  # 0 2 3 5 5
    assert found is not None
    assert (found.counted, found.mean, found.median, found.lowest, found.highest) == (5, 3.0, 3.0, 0.0, 5.0)
    assert (found.lower, found.upper) == (2.0, 5.0)
    assert found.deviation == pytest.approx((4.5) ** 0.5)  # (9 + 1 + 0 + 4 + 4) / 4
    assert (found.width, found.bins) == (1.0, (1, 0, 1, 1, 2))  # the last bin holds 4 to 5, 5 included


def test_deductions_are_taken_off_before_scores_are_counted() -> None:
    (one,) = by_scores(TWO, {"a": (1, 1)}).standings
    found = scores(book(TWO, replace(one, lateness=Lateness(share=0.2))))
    assert found is not None
    assert (found.median, found.mean, found.deviation) == (4.0, 4.0, None)


def test_who_has_no_result_is_in_no_number() -> None:
    with_results = by_scores(TWO, {"a": (1, 0), "b": (0, 1)})
    absent, broken = standing_of(TWO, "c", None), replace(standing_of(TWO, "d", None), problem="cut off")
    everybody = book(TWO, *with_results.standings, absent, broken)
    assert [standing.student.id for standing in graded(everybody)] == ["a", "b"]
    assert scores(everybody) == scores(with_results)
    assert task_statistics(everybody) == task_statistics(with_results)


def test_without_results_or_points_there_are_no_scores() -> None:
    assert scores(book(TWO)) is None
    assert scores(by_scores(small_lab(0), {"a": (0,)})) is None
    (one, _) = task_statistics(book(TWO))
    assert (one.difficulty, one.discrimination, one.upper_lower, one.marked) == (None, None, None, 0)


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60))
def test_quartiles_and_deviation_are_numpys(quarters: list[int]) -> None:
    shares = {f"{n:03}": (quarter / 20,) for n, quarter in enumerate(quarters)}
    found = scores(by_scores(small_lab(10), shares))
    values = [quarter / 2 for quarter in quarters]
    assert found is not None
    assert (found.lower, found.median, found.upper) == pytest.approx(np.quantile(values, [0.25, 0.5, 0.75]))
    assert found.deviation == pytest.approx(np.std(values, ddof=1))
    edges = np.arange(len(found.bins) + 1) * found.width
    assert found.bins == tuple(np.histogram(values, edges)[0])


@pytest.mark.parametrize("points", [0.3, 1, 2.5, 7, 20, 21, 99, 100, 1000])
@pytest.mark.parametrize("students", [1, 12, 200, 2000])
def test_bins_are_round_and_neither_few_nor_many(points: float, students: int) -> None:
    width = bin_width(points, students)
    assert width / 10 ** np.floor(np.log10(width) + 1e-9) == pytest.approx(
        round(width / 10 ** np.floor(np.log10(width) + 1e-9))
    )
    assert 2 <= points / width <= 20 + 1e-6


def test_tenths_on_an_edge_belong_above_it() -> None:
    found = scores(by_scores(small_lab(0.5), {str(n): (n / 5,) for n in range(6)}))  # 0, 0.1, ... 0.5
    assert found is not None
    assert (found.width, found.bins) == (0.1, (1, 1, 1, 1, 2))


# Ten students, three tasks of one point. Others of t0: shares of t1 and t2 together.
TEN = {
    "a": (1, 1, 1), "b": (1, 1, 1), "c": (1, 1, 1), "d": (1, 1, 0), "e": (0, 1, 0),
    "f": (1, 0, 1), "g": (0, 0, 1), "h": (0, 0, 0), "i": (0, 0, 0), "j": (1, 0, 0),
}  # fmt: skip


def test_difficulty_and_discrimination_worked_by_hand() -> None:
    first, *_ = task_statistics(by_scores(small_lab(1, 1, 1), TEN))
    assert (first.full, first.partial, first.none, first.missing, first.waiting) == (6, 0, 4, 0, 0)
    assert first.difficulty == 0.6
    # x = 1111010001, y = 1 1 1 .5 .5 .5 .5 0 0 0: sums of products: xy - 10 * 0.6 * 0.5 = 4 - 3 = 1
    # x: 6 - 3.6 = 2.4; y: 4 - 2.5 = 1.5; r = 1 / sqrt(3.6)
    assert first.discrimination == pytest.approx(1 / 3.6**0.5)
    # 27 per cent of 10: three students. Above: a b c, all right; below: h i j, one of three.
    assert first.upper_lower == pytest.approx(1 - 1 / 3)


def test_an_item_is_not_compared_with_itself() -> None:
    rng = random.Random(3)
    table = {f"{n:02}": (rng.randint(0, 1), *(rng.randint(0, 1) for _ in range(4))) for n in range(40)}
    lab = small_lab(8, 1, 1, 1, 1)
    found = task_statistics(by_scores(lab, table))
    for place, one in enumerate(found):
        own = [row[place] for row in table.values()]
        worth = np.array([task.points for task in lab.tasks])
        rest = [np.dot(row, worth) - row[place] * worth[place] for row in table.values()]
        assert one.discrimination == pytest.approx(scipy.stats.pearsonr(own, rest).statistic)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=40), st.randoms())
def test_the_groups_do_not_depend_on_the_order_of_students(pairs: list[tuple[int, int]], rng: random.Random) -> None:
    shuffled = rng.sample(pairs, len(pairs))
    first, second = upper_lower(pairs), upper_lower(shuffled)
    assert first == (pytest.approx(second) if second is not None else None)
    if first is not None:
        assert abs(first) <= 4


def test_students_who_tie_for_the_last_places_share_them() -> None:
    # Three places (27 per cent of 11): one student is above, six tie for the other two. 1 + 2 * 3/6 of 3.
    pairs = [(1, 9), (1, 5), (1, 5), (1, 5), (0, 5), (0, 5), (0, 5), (0, 2), (0, 1), (0, 1), (0, 1)]
    assert upper_lower(pairs) == pytest.approx((1 + 2 * 0.5) / 3)


def test_where_nothing_varies_there_is_no_discrimination() -> None:
    assert correlation([(1, 0.2), (1, 0.7), (1, 0.9)]) is None
    assert correlation([(0, 1), (1, 1)]) is None
    assert upper_lower([(0, 1), (1, 1)]) is None
    first, second = task_statistics(by_scores(TWO, {f"{n:02}": (1, n % 2) for n in range(20)}))
    assert (first.discrimination, second.discrimination) == (None, None)
    assert second.upper_lower is None


def test_with_few_marks_there_is_no_discrimination() -> None:
    table = {f"{n:02}": (n % 2, n % 2) for n in range(FEWEST)}
    assert task_statistics(by_scores(TWO, table))[0].discrimination == pytest.approx(1)
    table.popitem()
    assert task_statistics(by_scores(TWO, table))[0].discrimination is None


def test_what_waits_for_a_person_counts_for_nothing_yet() -> None:
    standings = list(by_scores(TWO, {f"{n:02}": (n % 2, n % 2) for n in range(12)}).standings)
    waiting = [exercise_record(TWO.tasks[0], "manual"), exercise_record(TWO.tasks[1], "passed")]
    failed = [exercise_record(TWO.tasks[0], "error"), exercise_record(TWO.tasks[1], "passed")]
    with_them = book(TWO, *standings, standing_of(TWO, "x", waiting), standing_of(TWO, "y", failed))
    first, second = task_statistics(with_them)
    assert (first.waiting, first.errors, first.marked, first.attempted) == (2, 1, 12, 13)
    assert (first.difficulty, first.discrimination) == (0.5, pytest.approx(1))
    assert (second.waiting, second.full, second.difficulty) == (0, 8, pytest.approx(8 / 14))
    assert second.discrimination == pytest.approx(1)  # over the twelve whose other task has a mark


def test_a_persons_mark_goes_before_the_judges() -> None:
    task = TWO.tasks[0]
    mark = HandMark(task.id, 1.0, "half", "Ada", NOW)
    records = [exercise_record(task, "failed"), exercise_record(TWO.tasks[1], "missing")]
    (standing,) = book(TWO, standing_of(TWO, "a", records, by_hand={task.id: mark})).standings
    assert [kind(one) for one in standing.marks] == ["partial", "missing"]
    (again,) = book(TWO, standing_of(TWO, "a", records, by_hand={task.id: mark}, remarked=[task.id])).standings
    assert kind(again.marks[0]) == "waiting"


def test_the_results_of_a_task_are_everybody_who_counts() -> None:
    from xailab_autograder.labs import load

    made = large(load("03"), 120)
    for one in task_statistics(made):
        assert one.full + one.partial + one.none + one.missing + one.waiting == len(graded(made))
        assert one.difficulty is not None
        assert 0 <= one.difficulty <= 1
        assert -1 <= (one.discrimination or 0) <= 1
