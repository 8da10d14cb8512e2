"""Verdicts: what passes, what is said about what does not, and what it is worth."""

from dataclasses import replace

import numpy as np
import pytest
from xailab_autograder.exercises import Breach, Case, Choice, Invariant, Misconception, Reflection
from xailab_autograder.judging.judge import check_task
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.judging.seeds import for_student, public
from xailab_autograder.sandbox.outcomes import Definitions, Died, Found, Note, Raised, Returned, Unreadable

from tests.autograder.judging.toys import ROW_MEANS, column_means, first_of_row, row_means, row_sums, shifting

DRAW = for_student(b"0123456789abcdef", "90", "row-means", "ada")


def verdict(function, *, hidden=True, task=ROW_MEANS, **options):
    return check_task(task, LocalStudent({task.function: function}), DRAW, hidden=hidden, **options)


def judged(function, **options):
    return verdict(function, **options).record


def outcomes(record):
    return {(check.tier, check.says): check.outcome for check in record.checks}


def failed(record):
    return [check for check in record.checks if check.outcome == "failed"]


def loops(table):
    means = []
    for row in table.tolist():
        total = 0.0
        for number in row:
            total += number
        means.append(total / len(row))
    return np.array(means, dtype=np.float32)


@pytest.mark.parametrize(
    "function", [row_means, loops, lambda table: table @ np.full(table.shape[1], 1 / table.shape[1])]
)
def test_right_answers_get_full_marks(function):
    record = judged(function)
    assert (record.status, record.score, record.mistake) == ("passed", 4, None)
    assert {check.outcome for check in record.checks} == {"passed"}
    assert record.hint == record.likely == record.read == ""


@pytest.mark.parametrize(
    ("function", "mistake"), [(column_means, "columns"), (row_sums, "sum"), (first_of_row, "first")]
)
@pytest.mark.parametrize("hidden", [True, False])
def test_known_mistakes_get_nothing_and_their_name(function, mistake, hidden):
    record = judged(function, hidden=hidden)
    assert (record.status, record.score, record.mistake) == ("failed", 0, mistake)
    assert record.likely
    assert record.hint == "What does axis mean?"


def test_a_known_mistake_in_another_style_is_named_too():
    assert judged(lambda table: np.array([sum(row) for row in table.tolist()])).mistake == "sum"


def test_an_unknown_mistake_is_described_and_not_named():
    record = judged(lambda table: row_means(table) * 2)
    assert (record.mistake, record.likely) == (None, "")
    assert "2 x the reference everywhere" in failed(record)[0].message
    assert record.read == "section 1"


def test_a_broken_invariant_names_its_mistake_where_there_are_many_right_results():
    def any_of(case, value):
        return None if np.allclose(value, row_means(*case.arguments)) else "these are no means"

    many = replace(ROW_MEANS, judge=any_of)
    assert judged(lambda table: row_sums(table) + 0.1, task=many).mistake == "sum"
    assert judged(lambda table: row_sums(table) + 0.1).mistake is None
    assert judged(first_of_row, task=many).mistake == "first"


def test_one_invariant_may_point_to_different_mistakes():
    def which(call, rng):
        table = np.ones((2, 2))
        return None if np.allclose(call(table), 1) else Breach("too large", "sum" if call(table)[0] == 2 else "first")

    task = replace(ROW_MEANS, judge=lambda case, value: "no", invariants=(Invariant("which", "holds", which),))
    assert judged(lambda table: row_sums(table) * 1.0 + 0.0 * table[:, 0], task=task).mistake == "sum"
    assert judged(lambda table: row_means(table) + 5, task=task).mistake == "first"
    record = judged(lambda table: row_means(table) + 5, task=task)
    assert [check.message for check in failed(record) if check.tier == "invariants"] == ["too large"]


def test_a_mistake_that_shows_in_no_case_is_not_named():
    assert judged(lambda table: row_means(table) if table.shape != (3, 4) else row_means(table) + 1).mistake is None


def test_a_worked_case_is_shown_in_full():
    message = failed(judged(row_sums))[0].message
    assert "row_means(table: 2 x 2 float64)" in message
    assert "[1., 2.]" in message
    assert "yours: (2,) float64\n[3., 8.]" in message
    assert "expected: (2,) float64\n[1.5, 4. ]" in message


def test_hidden_cases_show_no_numbers():
    task = replace(ROW_MEANS, worked=())
    shown = [check.message for check in failed(judged(row_sums, task=task)) if check.tier == "random"]
    public_shown = [
        check.message for check in failed(judged(row_sums, task=task, hidden=False)) if check.tier == "random"
    ]
    assert all("expected:" not in message and "yours:" not in message and "[[" not in message for message in shown)
    assert "yours is 4 x the reference everywhere" in shown[0]
    assert "expected:" in public_shown[0]


def test_only_edges_wrong_costs_their_share():
    record = judged(lambda table: row_means(table) if len(table) > 1 else np.zeros(1))
    assert (record.status, record.score) == ("partial", 3)


def test_edges_are_not_tried_before_the_rest_is_right():
    edges = [check for check in judged(row_sums).checks if check.tier == "edges" and check.hidden]
    assert [check.outcome for check in edges] == ["blocked", "blocked"]


def test_the_self_check_has_no_edges_and_says_what_remains():
    record = judged(row_means, hidden=False)
    assert record.status == "passed"
    assert record.remaining == 4
    assert not any(check.hidden for check in record.checks)
    assert [check.says for check in record.checks if check.tier == "edges"] == ["leaves its arguments as they were"]


def test_changing_an_argument_costs_the_edges():
    def spoils(table):
        means = row_means(table)
        table *= 0
        return means

    record = judged(spoils)
    assert (record.status, record.score) == ("partial", 3)
    assert "Changed: table." in failed(record)[0].message
    assert "x.copy()" in failed(record)[0].message


def test_changing_an_argument_in_an_edge_case_alone_costs_the_edges_too():
    def spoils(table):
        means = row_means(table)
        if len(table) == 1:
            table *= 0
        return means

    record = judged(spoils)
    assert (record.status, record.score) == ("partial", 3)
    assert [check.says for check in failed(record)] == ["one row: leaves its arguments as they were"]


def test_an_exercise_without_cases_gives_no_points():
    task = replace(ROW_MEANS, worked=(), random=lambda rng: ())
    assert judged(row_means, task=task).score == 0


def test_a_mistake_that_is_right_in_all_cases_explains_nothing():
    def spoils(table):
        means = row_means(table)
        table *= 0
        return means

    same = Misconception("same", row_means, "This is the reference.")
    record = judged(spoils, task=replace(ROW_MEANS, misconceptions=(same,)))
    assert (record.status, record.mistake) == ("partial", None)


def test_of_two_mistakes_that_fit_none_is_named_unless_an_invariant_decides():
    twins = tuple(Misconception(name, row_sums, "") for name in ("one", "two"))
    silent = Invariant("silent", "holds", lambda call, rng: None)
    assert judged(row_sums, task=replace(ROW_MEANS, misconceptions=twins, invariants=(silent,))).mistake is None
    telling = Invariant("telling", "holds", lambda call, rng: "it does not", mistake="two")
    assert judged(row_sums, task=replace(ROW_MEANS, misconceptions=twins, invariants=(telling,))).mistake == "two"


def test_a_wrong_way_that_raises_explains_nothing():
    def raises(table):
        raise ValueError("no")

    task = replace(ROW_MEANS, reference=lambda table: float(np.sum(table)), worked=(), invariants=(),
                   misconceptions=(Misconception("raises", raises, ""),))  # fmt: skip
    record = judged(lambda table: 0.5, task=task)
    assert (record.status, record.mistake) == ("failed", None)


def test_all_calls_of_an_exercise_share_its_seconds(monkeypatch):
    from xailab_autograder.judging import calling

    clock = iter(range(1000))
    monkeypatch.setattr(calling.time, "monotonic", lambda: next(clock))  # a call takes a second
    limits = []

    class Watched(Scripted):
        def call(self, name, arguments, *, limit_s, return_arguments=False, meanwhile=None):
            limits.append(limit_s)
            return super().call(name, arguments, limit_s=limit_s, return_arguments=return_arguments)

    record = check_task(ROW_MEANS, Watched("right"), DRAW, hidden=True).record
    assert limits == [5, 4, 3, 2, 1]
    assert (record.status, record.score) == ("partial", 3)  # the sixth call, of the first edge case, came too late
    assert "did not finish within the 5 seconds" in failed(record)[0].message


def test_after_a_death_in_one_property_the_next_is_blocked():
    again = Invariant("again", "holds again", shifting)
    task = replace(ROW_MEANS, invariants=(*ROW_MEANS.invariants, again))
    student = Scripted("right", "right", "right", Died("time"))
    record = check_task(task, student, DRAW, hidden=True).record
    assert [check.outcome for check in record.checks if check.tier == "invariants"] == ["failed", "blocked"]


@pytest.mark.parametrize(
    ("function", "tier", "words"),
    [
        (lambda table: None, "type", "got None (does every path through the function end with a return?)"),
        (lambda table: row_means(table).tolist(), "type", "expected an array, got a list"),
        (lambda table: row_means(table)[:, None], "shape", "expected shape (2,), got 2 x 1: an axis of length 1"),
        (lambda table: row_means(table) > 0, "dtype", "expected floats, got True and False (bool)"),
        (lambda table: row_means(table).astype(complex), "dtype", "the right result is real"),
        (lambda table: 1 / 0, "runs", "it raised ZeroDivisionError: division by zero"),
        (lambda: 1, "runs", "it raised TypeError"),
    ],
)
def test_each_tier_has_its_own_message_and_blocks_the_later_ones(function, tier, words):
    record = judged(function)
    assert record.score == 0
    first = next(check for check in record.checks if check.outcome != "passed")
    assert first.tier == tier
    assert words in first.message
    assert [check.tier for check in failed(record)] == [tier]


def test_hints_come_one_by_one_and_stay_at_the_last():
    assert [judged(row_sums, attempts=n).hint for n in (0, 1, 2, 9)] == [
        "What does axis mean?",
        "Axis 1 runs along a row.",
        "np.mean takes axis.",
        "np.mean takes axis.",
    ]


def test_evidence_for_a_picture_comes_from_the_worked_case():
    evidence = verdict(row_sums, hidden=False).evidence
    assert evidence is not None
    assert evidence.got.tolist() == [3, 8]
    assert evidence.expected.tolist() == [1.5, 4]
    assert verdict(row_means).evidence is None


def test_a_different_student_gets_different_cases_and_the_same_verdict():
    seen = []
    for name in ("ada", "bob", "ada"):
        inputs = []
        draw = for_student(b"0123456789abcdef", "90", "row-means", name)
        student = LocalStudent(
            {"row_means": lambda table, inputs=inputs: inputs.append(table.sum()) or row_means(table)}
        )
        assert check_task(ROW_MEANS, student, draw, hidden=True).record.score == 4
        seen.append(inputs)
    assert seen[0] == seen[2]
    assert seen[0] != seen[1]


def test_our_own_fault_is_said_to_be_ours():
    def broken(table):
        raise RuntimeError("no such thing")

    record = judged(row_means, task=replace(ROW_MEANS, reference=broken, worked=()))
    assert (record.status, record.score) == ("error", 0)
    assert "not your mistake" in record.checks[0].message


def test_an_invariant_that_cannot_work_with_what_came_gives_no_point():
    fragile = Invariant("fragile", "holds", lambda call, rng: call(np.ones((2, 2))).no_such_attribute)
    record = judged(row_means, task=replace(ROW_MEANS, invariants=(fragile,)))
    assert record.score == 0
    assert "could not be checked with what came" in failed(record)[0].message


def test_functions_with_many_right_results_are_judged_by_a_rule():
    def one_of(case, value):
        return None if value.shape == (2,) and value.sum() == case.arguments[0].sum() else "the sum is another"

    task = replace(ROW_MEANS, judge=one_of, worked=(), edges=lambda rng: (), invariants=(),
                   random=lambda rng: (Case("two", (np.array([3.0, 4.0]),)),), reference=lambda pair: pair)  # fmt: skip
    assert judged(lambda pair: pair[::-1].copy(), task=task).status == "passed"
    record = judged(lambda pair: pair * 2, task=task)
    assert record.status == "failed"
    assert "the sum is another" in failed(record)[0].message
    assert failed(judged(lambda pair: pair[:1], task=task))[0].tier == "shape"


def test_lists_whose_order_is_free_are_brought_into_order():
    task = replace(ROW_MEANS, reference=lambda n: [(i, i * i) for i in range(n)], worked=(), edges=lambda rng: (),
                   invariants=(), misconceptions=(), random=lambda rng: (Case("three", (3,)),),
                   canonical=sorted)  # fmt: skip
    assert judged(lambda n: [(2, 4), (0, 0), (1, 1)], task=task).status == "passed"
    assert judged(lambda n: [(2, 4), (0, 0), (1, 2)], task=task).status == "failed"
    assert judged(lambda n: 5, task=task).status == "failed"


class Scripted:
    """A student whose calls end as scripted."""

    def __init__(self, *script, found=True, notes=()):
        self.script, self.calls, self.found, self.notes = list(script), 0, found, notes

    def definitions(self):
        return Definitions({"row_means": Found("cell 3", 1, ("table",))} if self.found else {}, self.notes)

    def call(self, name, arguments, *, limit_s, return_arguments=False, meanwhile=None):
        self.calls += 1
        step = self.script[min(self.calls - 1, len(self.script) - 1)]
        return Returned(row_means(*arguments), 0.0, arguments=tuple(arguments)) if step == "right" else step

    def value(self, name):
        return Raised("NameError", name)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Died("time"), "did not finish within the 5 seconds of this exercise"),
        (Died("memory"), "more memory"),
        (Died("exit"), "sys.exit"),
        (Died("crash", "signal 11"), "crashed the Python interpreter (signal 11)"),
        (Died("protocol"), "no answer"),
        (Died("scratch"), "more files"),
        (Unreadable("a generator"), "it returned a generator; expected arrays"),
        (Raised("KeyError", "'x'", ("cell 7, line 3: y['x']",)), "cell 7, line 3: y['x']"),
    ],
)
def test_every_end_of_a_call_has_its_words(end, words):
    record = check_task(ROW_MEANS, Scripted(end), DRAW, hidden=True).record
    assert record.score == 0
    assert words in next(check for check in record.checks if check.outcome == "failed").message


def test_after_a_death_no_further_call_is_made():
    student = Scripted("right", Died("time"))
    record = check_task(ROW_MEANS, student, DRAW, hidden=True).record
    assert student.calls == 2
    assert record.score == 0


@pytest.mark.parametrize("last", range(1, 9))
def test_a_death_at_any_call_leaves_no_full_marks(last):
    student = Scripted(*["right"] * (last - 1), Died("crash"))
    record = check_task(ROW_MEANS, student, DRAW, hidden=True).record
    whole = Scripted("right")
    check_task(ROW_MEANS, whole, DRAW, hidden=True)
    assert whole.calls >= 7
    assert record.status == ("passed" if last > whole.calls else "partial" if last > 5 else "failed")


def test_nothing_defined_and_the_empty_hole_say_so():
    record = check_task(
        ROW_MEANS, Scripted(found=False, notes=(Note("cell 4", "syntax", "invalid syntax"),)), DRAW, hidden=True
    ).record
    assert record.status == "missing"
    assert "No definition of `row_means` was found; expected a function `row_means(table)`" in record.checks[0].message
    assert record.notes == ("cell 4: invalid syntax",)

    class Hole(Scripted):
        def definitions(self):
            return Definitions({"row_means": Found("cell 3", 1, ("table",), stub=True)})

    record = check_task(ROW_MEANS, Hole("right"), DRAW, hidden=True).record
    assert (record.status, record.score) == ("missing", 0)
    assert "still the empty hole" in record.checks[0].message


def test_definitions_that_kill_the_worker_are_not_a_zero_without_words():
    class Deadly(Scripted):
        def definitions(self):
            return Died("memory")

    record = check_task(ROW_MEANS, Deadly("right"), DRAW, hidden=True).record
    assert (record.status, record.score) == ("failed", 0)
    assert "could not be run: it needed more memory" in record.checks[0].message


CHOICE = Choice(
    "predict", "prediction", "What happens?", {"a": "more", "b": "fewer"}, "b",
    {"a": "You may have thought of sums."}, 1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "hidden", "status", "score", "mistake"),
    [
        ("b", True, "passed", 1, None),
        (" B ", True, "passed", 1, None),
        ("a", True, "failed", 0, "chose-a"),
        ("b", False, "answered", 0, None),
        ("a", False, "answered", 0, None),
        ("c", True, "failed", 0, None),
        (None, True, "missing", 0, None),
        (1, True, "failed", 0, None),
    ],
)
def test_predictions(given, hidden, status, score, mistake):
    record = check_task(CHOICE, LocalStudent({"prediction": given}), DRAW, hidden=hidden).record
    assert (record.status, record.score, record.mistake) == (status, score, mistake)


def test_the_self_check_of_a_prediction_reveals_nothing():
    records = [check_task(CHOICE, LocalStudent({"prediction": key}), DRAW, hidden=False).record for key in "ab"]
    assert replace(records[0], text="") == replace(records[1], text="")


def test_a_reflection_is_passed_on():
    task = Reflection("reflect", "Why?", "scheme", 2)
    record = check_task(task, LocalStudent({}), DRAW, hidden=True, texts={"reflect": " Because. "}).record
    assert (record.status, record.score, record.text) == ("manual", 0, "Because.")
    assert check_task(task, LocalStudent({}), DRAW, hidden=True).record.status == "missing"


def test_the_public_draw_judges_alike():
    assert (
        check_task(
            ROW_MEANS, LocalStudent({"row_means": row_means}), public("90", "row-means"), hidden=False
        ).record.status
        == "passed"
    )


class Talking(Scripted):
    """A student whose function prints its argument."""

    def call(self, name, arguments, *, limit_s, return_arguments=False, meanwhile=None):
        self.calls += 1
        return Returned(row_means(*arguments), 0.0, f"call {self.calls}", tuple(arguments))


def test_what_is_printed_in_hidden_cases_is_not_shown():
    assert check_task(ROW_MEANS, Talking(), DRAW, hidden=True).record.output == "call 1"
    task = replace(ROW_MEANS, worked=())
    assert check_task(task, Talking(), DRAW, hidden=True).record.output == ""
    assert check_task(task, Talking(), DRAW, hidden=False).record.output == "call 1"
