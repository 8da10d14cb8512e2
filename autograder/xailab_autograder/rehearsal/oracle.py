"""What a known mistake is worth, found out without the judge.

- ``worth``   points of a wrong function, or None if that depends on the random cases
- ``differs``  whether two values are different answers

The wrong function and the reference are called in this process, on the declaration's own cases, of draws that no
student gets. Nothing of ``judging`` is used: where both come to the same marks, it is not because they share a line.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from xailab_autograder.exercises import Case, Exercise, Value
from xailab_autograder.sandbox.kinds import GeneratorHandle, NetworkHandle, TorchTensor

DRAWS = 8
"""How often random cases, invariants and edges are drawn. A mistake that shows in some draws only is unsure."""


def worth(exercise: Exercise, wrong: Callable[..., Value]) -> float | None:
    """Return the points that a wrong function earns; None: that depends on the draw.

    Parameters
    ----------
    exercise
        What is asked.
    wrong
        A function with its signature.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # wrong ways divide by zero; that is no news
        return _worth(exercise, _Trial(exercise, wrong))


def _worth(exercise: Exercise, trial: "_Trial") -> float | None:
    if any(trial.fails(case) for case in exercise.worked):
        return 0.0
    shows = {trial.fails_draw(draw) for draw in range(DRAWS)}
    if len(shows) > 1:
        return None
    if shows == {True}:
        return 0.0
    edges = {trial.fails_edges(draw) for draw in range(DRAWS)}
    if len(edges) > 1:
        return None
    return exercise.points * (1 - exercise.edge_share) if edges == {True} else exercise.points


@dataclass(frozen=True)
class _Trial:
    """A wrong function beside the reference."""

    exercise: Exercise
    wrong: Callable[..., Value]

    def fails(self, case: Case) -> bool:
        """Whether its answer to a case is wrong."""
        try:
            got = _plain(self.wrong(*_fresh(case.arguments)))
        except Exception:  # however it fails, it gives no answer
            return True
        if self.exercise.judge is not None:
            return self._of_another_form(got, case) or self.exercise.judge(case, got) is not None
        expected = self._expected(case)
        canonical = self.exercise.canonical
        if canonical is None or not differs(got, expected, self.exercise):
            return differs(got, expected, self.exercise)
        try:
            return differs(canonical(got), canonical(expected), self.exercise)
        except Exception:  # not of the form that can be brought into order
            return True

    def fails_draw(self, draw: int) -> bool:
        """Whether some random case or invariant of a draw shows it."""
        if any(self.fails(case) for case in self.exercise.random(np.random.default_rng([draw, 1]))):
            return True
        streams = np.random.default_rng([draw, 2]).spawn(len(self.exercise.invariants))
        return any(
            self._breaks(invariant.check, stream)
            for invariant, stream in zip(self.exercise.invariants, streams, strict=True)
        )

    def fails_edges(self, draw: int) -> bool:
        """Whether some edge case shows it, or an argument that is not the same after the call."""
        edges = tuple(self.exercise.edges(np.random.default_rng([draw, 3])))
        return any(self.fails(case) or self._changes(case) for case in (*self.exercise.worked, *edges))

    def _breaks(self, check: Callable[..., object], stream: np.random.Generator) -> bool:
        try:
            return check(lambda *arguments: _plain(self.wrong(*_fresh(arguments))), stream) is not None
        except Exception:  # the check could not be made with what came
            return True

    def _changes(self, case: Case) -> bool:
        arguments = _fresh(case.arguments)
        self.wrong(*arguments)
        before = _fresh(case.arguments)
        arrays = [(a, b) for a, b in zip(before, arguments, strict=True) if isinstance(a, np.ndarray)]
        return any(a.tobytes() != b.tobytes() for a, b in arrays)

    def _expected(self, case: Case) -> Value:
        return _plain(case.expected if case.expected is not None else self.exercise.reference(*_fresh(case.arguments)))

    def _of_another_form(self, got: Value, case: Case) -> bool:
        """Whether an answer that is judged by its properties has not even the reference's structure and shapes."""
        return _form(got) != _form(self._expected(case))


def differs(got: Value, expected: Value, exercise: Exercise) -> bool:
    """Say whether two values are different answers: structure, shape, kind of numbers, and numbers.

    Parameters
    ----------
    got, expected
        Plain values.
    exercise
        Says how near is near enough.
    """
    if isinstance(expected, Mapping):
        return (
            not isinstance(got, Mapping)
            or set(got) != set(expected)
            or any(differs(got[key], expected[key], exercise) for key in expected)
        )
    if isinstance(expected, tuple | list):
        parts = list(got) if isinstance(got, tuple | list) or (np.ndim(got) == 1 and hasattr(got, "dtype")) else None
        return (
            parts is None
            or len(parts) != len(expected)
            or any(differs(g, e, exercise) for g, e in zip(parts, expected, strict=True))
        )
    if expected is None or isinstance(expected, str):
        return type(got) is not type(expected) or got != expected
    return _numbers_differ(got, expected, exercise)


def _numbers_differ(got: Value, expected: Value, exercise: Exercise) -> bool:
    if isinstance(got, tuple | list | str | Mapping) or got is None:
        return True
    mine, right = np.asarray(got), np.asarray(expected)
    if mine.shape != right.shape or (np.ndim(expected) > 0 and not isinstance(got, np.ndarray)):
        return True
    kinds = {"u": "i"}.get(mine.dtype.kind, mine.dtype.kind), {"u": "i"}.get(right.dtype.kind, right.dtype.kind)
    if kinds[0] != kinds[1] and kinds != ("i", "f"):
        return True
    if kinds[1] in "ib":
        return not np.array_equal(mine, right)
    near = exercise.tolerance
    return not np.allclose(mine, right, rtol=near.relative, atol=near.absolute, equal_nan=True)


def _form(value: Value) -> object:
    """Return what is left of a value without its numbers."""
    if isinstance(value, tuple | list):
        return [_form(part) for part in value]
    return np.shape(value) if isinstance(value, np.ndarray | np.generic | int | float) else type(value)


def _fresh(arguments: Iterable[Value]) -> tuple[Any, ...]:
    """Return arguments as functions take them, nothing shared with the case."""
    return tuple(_fresh_one(argument) for argument in arguments)


def _fresh_one(value: Value) -> Any:
    if isinstance(value, GeneratorHandle):
        return np.random.default_rng(value.seed)
    if isinstance(value, NetworkHandle):
        from xailab import models

        return models.load(value.name)
    if isinstance(value, TorchTensor):
        return value.array.copy()
    if isinstance(value, tuple | list):
        return type(value)(_fresh_one(part) for part in value)
    if isinstance(value, dict):
        return {key: _fresh_one(part) for key, part in value.items()}
    return value.copy(order="K") if isinstance(value, np.ndarray) else value


def _plain(value: Value) -> Any:
    """Return tensors as arrays."""
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    if isinstance(value, tuple | list):
        return type(value)(_plain(part) for part in value)
    return value
