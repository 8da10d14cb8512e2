"""What an exercise is: declarations, from which checks, marks, feedback, statistics and the grader's own tests derive.

- ``Exercise``       a function to write
- ``Case``           one call with arguments
- ``Invariant``      something that holds between several calls; ``Breach``: it does not
- ``Misconception``  a known wrong implementation, with the sentence that helps
- ``Tolerance``      how far a right answer may be from the reference
- ``Choice``         a prediction: one of several options, marked automatically
- ``Reflection``     a text, marked by a person
- ``Lab``            all of these in order

A lab's folder holds ``exercises.py`` with ``LAB = Lab(...)``. Declarations are data: they import numpy and the
reference functions, and are never seen by the process that runs student code.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Value = Any
"""What crosses the border to a worker; see ``xailab_autograder.sandbox.values``."""

Cases = Callable[[np.random.Generator], Iterable["Case"]]
"""Makes cases from a generator: the same generator state, the same cases."""


@dataclass(frozen=True)
class Tolerance:
    """A number y is right if ``abs(y - expected) <= absolute + relative * abs(expected)``.

    The defaults let float32 pass where the reference computes in float64.
    """

    relative: float = 1e-4
    absolute: float = 1e-6


@dataclass(frozen=True)
class Case:
    """One call of the student's function.

    Parameters
    ----------
    name
        Said in messages: ``"2 units, 3 images"``.
    arguments
        Positional arguments: arrays and numbers, strings, tuples, dicts with string keys, ``TorchTensor``,
        ``NetworkHandle`` and ``GeneratorHandle`` of ``xailab_autograder.sandbox.values``.
    expected
        Worked by hand; None: what the reference returns. Where it is given, the reference is tested against it.
    """

    name: str
    arguments: tuple[Value, ...]
    expected: Value = None


class Call(Protocol):
    """The student's function as an invariant sees it: plain numpy values in and out."""

    def __call__(self, *arguments: Value) -> Value:
        """Call it with fresh copies."""
        ...


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold, and the misconception that this breach points to."""

    says: str
    mistake: str | None = None


@dataclass(frozen=True)
class Invariant:
    """A property of the function, checked by calling it several times.

    Parameters
    ----------
    id
        Stable within the exercise.
    says
        The line that the learner reads: "renumbering the units renumbers the rows".
    check
        Gets the function and a generator; returns None if it holds, else one sentence with what was seen, or a
        ``Breach`` where different breaches point to different misconceptions.
    mistake
        The misconception that every breach of this invariant points to; None: none in particular.
    """

    id: str
    says: str
    check: Callable[[Call, np.random.Generator], str | Breach | None]
    mistake: str | None = None


@dataclass(frozen=True)
class Misconception:
    """A known wrong way.

    Parameters
    ----------
    id
        Stable, unique within the exercise; class statistics count it: ``"quantile-per-image"``.
    wrong
        A function with the exercise's signature that makes the mistake, and no other.
    says
        What the student probably did, and why it is not what is asked; never the solution's code.
    read
        Where to read: a section of the notebook, a paper's equation.
    also
        Other ways to make the same mistake that give other results.
    """

    id: str
    wrong: Callable[..., Value]
    says: str
    read: str = ""
    also: tuple[Callable[..., Value], ...] = ()

    @property
    def ways(self) -> tuple[Callable[..., Value], ...]:
        """Every wrong implementation."""
        return (self.wrong, *self.also)


@dataclass(frozen=True)
class Exercise:
    """A function to write.

    Parameters
    ----------
    id
        Stable, unique in the course; also the grade id of its cell.
    function
        The name that the student's function must have.
    signature
        As shown to the student, with shapes.
    title, task
        A heading and one or two sentences.
    points, minutes
        What it is worth, how long it takes.
    reference
        The right function, with the same positional parameters; called on the trusted side only.
    worked
        Small cases with numbers that can be followed by hand. Shown in full.
    random
        Makes cases from a generator. The student sees some in the self-check; grading draws others.
    edges
        Makes hidden cases: n = 1, ties, non-contiguous, float32, empty... Inputs must be left unchanged in all cases.
    invariants
        Checked by several calls each.
    misconceptions
        Known mistakes.
    hints
        Graduated; one more is shown at each failed check.
    tolerance
        For numbers and arrays of floats.
    canonical
        Brings a value into a form in which equal answers are equal (sorts a list whose order is free).
    judge
        For functions with more than one right result (random ones): gets the case and the plain result, returns None if
        it is right, else a sentence. Replaces the comparison with the reference, which still gives type, shape and
        dtype.
    edge_share
        Part of the points that hangs on the edge cases alone.
    limit_s
        Seconds that all calls of this exercise may take together.
    read
        Where the method is explained.
    """

    id: str
    function: str
    signature: str
    title: str
    task: str
    points: float
    minutes: int
    reference: Callable[..., Value]
    worked: tuple[Case, ...]
    random: Cases
    edges: Cases = lambda rng: ()
    invariants: tuple[Invariant, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()
    hints: tuple[str, ...] = ()
    tolerance: Tolerance = Tolerance()
    canonical: Callable[[Value], Value] | None = None
    judge: Callable[[Case, Value], str | None] | None = None
    edge_share: float = 0.25
    limit_s: float = 20.0
    read: str = ""


@dataclass(frozen=True)
class Choice:
    """A prediction before an experiment is run: one of several options.

    Parameters
    ----------
    id
        Stable, unique in the course; also the grade id of its cell.
    variable
        The variable that holds the key of the chosen option.
    question
        What is asked.
    options
        Key -> text, in the order shown.
    answer
        The key of the right option. Known to the grader only.
    because
        Wrong key -> what somebody who chose it probably thought. Its key counts as a mistake in class statistics.
    points, minutes
        What it is worth, how long it takes.
    """

    id: str
    variable: str
    question: str
    options: Mapping[str, str]
    answer: str
    because: Mapping[str, str]
    points: float
    minutes: int = 2


@dataclass(frozen=True)
class Reflection:
    """A text that a person marks.

    Parameters
    ----------
    id
        Stable, unique in the course; also the grade id of its cell.
    question
        What is asked.
    scheme
        For the marker: what earns points.
    points, minutes
        What it is worth at most, how long it takes.
    """

    id: str
    question: str
    scheme: str
    points: float
    minutes: int = 5


Task = Exercise | Choice | Reflection


@dataclass(frozen=True)
class Lab:
    """A lab: what is asked, in order.

    Parameters
    ----------
    number
        Two digits: ``"03"``.
    name
        The folder's name after the number: ``"network-dissection"``.
    title, summary
        For lists and headings.
    tasks
        In the order of the notebook.
    """

    number: str
    name: str
    title: str
    summary: str
    tasks: tuple[Task, ...]

    @property
    def points(self) -> float:
        """The sum over all tasks."""
        return sum(task.points for task in self.tasks)

    @property
    def minutes(self) -> int:
        """What the tasks take together, without reading."""
        return sum(task.minutes for task in self.tasks)
