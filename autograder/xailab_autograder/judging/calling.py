"""Calling a student's function within the exercise's time, and saying what went wrong in words.

- ``Caller``      calls one function; all calls share a deadline
- ``Awaited``     what the reference returns, computed meanwhile
- ``CallEnded``   a call that gave no value, for invariants that cannot go on
- ``ended_text``  how a call ended, for the student
"""

import time
from collections.abc import Callable, Sequence

from xailab_autograder.exercises import Exercise, Value
from xailab_autograder.judging.materials import materialize
from xailab_autograder.sandbox.outcomes import Died, Outcome, Raised, Student, Unreadable


class CallEnded(Exception):
    """A call inside an invariant that returned no value."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(ended_text(outcome, 0))
        self.outcome = outcome


class Caller:
    """Calls one function of a student. All calls together may take so many seconds.

    After a death no further call is made: the next one would very likely end in the same way, and cost its deadline
    again.

    Parameters
    ----------
    student
        Who answers.
    name
        The function.
    limit_s
        Seconds for all calls together.
    """

    def __init__(self, student: Student, name: str, limit_s: float) -> None:
        self._student, self._name, self._limit_s = student, name, limit_s
        self.seconds = 0.0
        self.output = ""
        self.death: Died | None = None

    def outcome(
        self,
        arguments: Sequence[Value],
        *,
        return_arguments: bool = False,
        shown: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Outcome:
        """Call and return how it ended.

        Parameters
        ----------
        arguments
            As the case has them.
        return_arguments
            Whether they are wanted back, as they are after the call.
        shown
            Whether what it prints is kept: that may be its inputs.
        meanwhile
            Run while the worker works; not run where no call is made.
        """
        if self.death is not None:
            return self.death
        left = self._limit_s - self.seconds
        if left <= 0:
            self.death = Died("time", seconds=self.seconds)
            return self.death
        began = time.monotonic()
        outcome = self._student.call(
            self._name, arguments, limit_s=left, return_arguments=return_arguments, meanwhile=meanwhile
        )
        self.seconds += time.monotonic() - began
        if isinstance(outcome, Died):
            self.death = outcome
        elif outcome.output and not self.output and shown:
            self.output = outcome.output
        return outcome

    def ended(self, outcome: Outcome) -> str:
        """Say how a call ended."""
        return ended_text(outcome, self._limit_s)


class Awaited:
    """What the reference returns, computed while the student's function computes its own."""

    def __init__(self, exercise: Exercise, arguments: Sequence[Value], known: Value = None) -> None:
        self._exercise, self._arguments, self._value = exercise, arguments, known
        self._computed = known is not None

    def compute(self) -> None:
        """Compute it, once."""
        if not self._computed:
            self._value = self._exercise.reference(*materialize(self._arguments))
            self._computed = True

    def value(self) -> Value:
        """Return it."""
        self.compute()
        return self._value


def ended_text(outcome: Outcome, limit_s: float) -> str:
    """Say how a call ended that gave no value, and what may help.

    Parameters
    ----------
    outcome
        Of the call.
    limit_s
        The exercise's deadline; 0: not said.
    """
    if isinstance(outcome, Raised):
        lines = "".join(f"\n    {line}" for line in outcome.lines[-4:])
        return f"it raised {outcome.kind}{': ' if outcome.message else ''}{outcome.message}{lines}"
    if isinstance(outcome, Unreadable):
        return f"it returned {outcome.what}; expected arrays, numbers, strings, or tuples, lists and dicts of them"
    if isinstance(outcome, Died):
        return _death_text(outcome, limit_s)
    return "it returned a value"


def _death_text(death: Died, limit_s: float) -> str:
    within = f" within the {limit_s:g} seconds of this exercise" if limit_s else " in time"
    text = {
        "time": f"it did not finish{within}: a loop that never ends, or Python loops over every pixel?",
        "memory": "it needed more memory than a submission may use: is an array much larger than its inputs needed?",
        "crash": "it crashed the Python interpreter",
        "exit": "it ended the Python process (sys.exit, quit or os._exit); a function should return",
        "protocol": "the process that ran it sent something that is no answer",
        "scratch": "it wrote more files than a submission may",
    }[death.reason]
    return f"{text} ({death.detail})" if death.detail else text
