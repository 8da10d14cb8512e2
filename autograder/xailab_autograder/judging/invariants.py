"""The invariants of an exercise: properties that hold between several calls of a function.

- ``check_invariants``  all of them -> what came of each

Invariants compute with what comes back, in the trusted process; so they see only values of the right kind and shape.
"""

from dataclasses import dataclass

import numpy as np

from xailab_autograder.exercises import Breach, Call, Exercise, Invariant, Value
from xailab_autograder.judging.calling import Awaited, CallEnded, Caller
from xailab_autograder.judging.comparing import compare, plain
from xailab_autograder.sandbox.outcomes import Returned


@dataclass(frozen=True)
class Examined:
    """What came of one invariant: ``breach`` None where it holds; ``blocked`` where it could not be looked at."""

    says: str
    breach: Breach | None = None
    seconds: float = 0.0
    blocked: bool = False


def check_invariants(exercise: Exercise, caller: Caller, rng: np.random.Generator, *, formed: bool) -> list[Examined]:
    """Check the invariants. Each has a stream of its own: none depends on another's draws.

    Parameters
    ----------
    exercise, caller, rng
        What is asked, the student's function, and where draws come from.
    formed
        Whether values had the right form so far; where they had not, all are blocked.
    """
    examined = []
    for invariant, stream in zip(exercise.invariants, rng.spawn(len(exercise.invariants)), strict=True):
        if not formed or caller.death is not None:
            examined.append(Examined(invariant.says, blocked=True))
            continue
        before = caller.seconds
        breach = _breach(exercise, invariant, caller, stream)
        examined.append(Examined(invariant.says, breach, caller.seconds - before))
    return examined


_NOBODYS = ""
"""What a breach points to that says nothing about the property: to no misconception, not even the invariant's own."""


class Misshapen(Exception):
    """A value inside an invariant that is of another kind or shape than the reference's."""


def _formed(exercise: Exercise, caller: Caller) -> Call:
    """Return the student's function as invariants see it: only values of the right form come through.

    An invariant computes with what comes, in the trusted process: shapes that were never meant to meet could fill its
    memory.
    """

    def call(*arguments: Value) -> Value:
        awaited = Awaited(exercise, arguments)
        outcome = caller.outcome(arguments, meanwhile=awaited.compute)
        if not isinstance(outcome, Returned):
            raise CallEnded(outcome)
        difference = compare(outcome.value, awaited.value(), exercise.tolerance)
        if difference is not None and difference.tier != "values":
            raise Misshapen(difference.summary)
        return plain(outcome.value)

    return call


def _breach(exercise: Exercise, invariant: Invariant, caller: Caller, stream: np.random.Generator) -> Breach | None:
    """Run an invariant's check; return what is wrong, or None."""
    try:
        found = invariant.check(_formed(exercise, caller), stream)
        breach = Breach(found) if isinstance(found, str) else found
        return breach if breach is None or breach.mistake is not None else Breach(breach.says, invariant.mistake)
    except CallEnded as ended:
        text = caller.ended(ended.outcome)
        return Breach(f"{text[:1].upper()}{text[1:]}", _NOBODYS)
    except Misshapen as wrong:
        return Breach(f"It returned something of another form: {wrong}", _NOBODYS)
    except Exception as error:  # values of another shape or kind than the check can work with: not a positive result
        return Breach(f"It could not be checked with what came: {type(error).__name__}: {error}", _NOBODYS)
