"""Which known mistake gives exactly what the student's function gave?

- ``Observation``  a case and what came
- ``likely``       the one misconception that explains every observation, or None

A misconception is itself a function with the exercise's signature. Where its results equal the student's in every
case, and differ from the right ones in at least one, it is named. Nothing is guessed: if two of them fit, none is
named, unless an invariant decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xailab_autograder.exercises import Case, Exercise, Misconception, Value
from xailab_autograder.judging.comparing import compare
from xailab_autograder.judging.materials import materialize


@dataclass(frozen=True)
class Observation:
    """A case, what the student's function returned, and what is right."""

    case: Case
    got: Value
    expected: Value


def likely(
    exercise: Exercise, observations: Sequence[Observation], pointed: Sequence[str] = ()
) -> Misconception | None:
    """Return the misconception that explains what came.

    Parameters
    ----------
    exercise
        With its misconceptions.
    observations
        All cases in which the function returned a value, right and wrong ones.
    pointed
        Ids of the misconceptions that broken invariants point to, in order; the first decides between misconceptions
        that give the same values, and where the exercise has many right results. (Of several mistakes at once, one is
        named at a time.)
    """
    fitting = [
        known
        for known in exercise.misconceptions
        if any(_explains(exercise, wrong, observations) for wrong in known.ways)
    ]
    if len(fitting) == 1:
        return fitting[0]
    # Values that fit no misconception are another mistake, unless there is no one right value to compare with.
    candidates = exercise.misconceptions if exercise.judge is not None and not fitting else fitting
    by_id = {known.id: known for known in candidates}
    return next((by_id[mistake] for mistake in pointed if mistake in by_id), None)


def _explains(exercise: Exercise, way: Callable[..., Value], observations: Sequence[Observation]) -> bool:
    """Say whether a wrong way gives the student's values in all cases, and not the right ones in all."""
    told_apart = False
    for seen in observations:
        wrong = outcome_of(way, seen.case)
        if wrong is FAILED or _differs(exercise, seen.got, wrong):
            return False
        told_apart = told_apart or _differs(exercise, wrong, seen.expected)
    return told_apart


FAILED = object()
"""What a wrong implementation that raises gives: it explains no value."""


def outcome_of(function: Callable[..., Value], case: Case) -> Value:
    """Call a trusted function with the case's arguments; ``FAILED`` if it raises."""
    try:
        return function(*materialize(case.arguments))
    except Exception:  # a wrong implementation may fail in any way; then it explains nothing
        return FAILED


def _differs(exercise: Exercise, mine: Value, theirs: Value) -> bool:
    if exercise.canonical is not None:
        try:
            mine, theirs = exercise.canonical(mine), exercise.canonical(theirs)
        except Exception:  # what came is not of the form that can be brought into order
            return True
    return compare(mine, theirs, exercise.tolerance) is not None
