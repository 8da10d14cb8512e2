"""The checks of one exercise, tier by tier: defined, runs, type, shape, dtype, worked, random, invariants, edges.

- ``check_function``  all checks of a function -> records, and what the grader needs to name the mistake

Deny by default: a check passes only on a positive comparison with an expected value that the student's process never
had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from xailab_autograder.exercises import Case, Exercise, Value
from xailab_autograder.judging.calling import Awaited, Caller
from xailab_autograder.judging.comparing import Difference, compare, plain, same_bytes
from xailab_autograder.judging.describing import call_text, value_text
from xailab_autograder.judging.invariants import Examined, check_invariants
from xailab_autograder.judging.naming import Observation
from xailab_autograder.judging.records import CheckRecord, Outcome, Tier
from xailab_autograder.sandbox.outcomes import Outcome as CallOutcome
from xailab_autograder.sandbox.outcomes import Returned

RUNS_SAYS = "runs without an error"
FORM_SAYS: dict[Tier, str] = {
    "type": "returns the right kind of value",
    "shape": "returns the right shape",
    "dtype": "returns the right kind of numbers",
}
UNCHANGED_SAYS = "leaves its arguments as they were"


@dataclass(frozen=True)
class Tried:
    """A case with what came and what is wrong with it (None: nothing)."""

    case: Case
    tier: Tier
    outcome: CallOutcome
    expected: Value
    difference: Difference | None


@dataclass
class Findings:
    """Everything that the checks of a function gave."""

    checks: list[CheckRecord] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    pointed: list[str] = field(default_factory=list)

    def add(self, seen: Examined, *, hidden: bool) -> None:
        """Write down an invariant, and which misconception its breach points to."""
        outcome: Outcome = "blocked" if seen.blocked else "failed" if seen.breach else "passed"
        says = seen.breach.says if seen.breach else ""
        self.checks.append(CheckRecord("invariants", seen.says, outcome, says, hidden, seen.seconds))
        if seen.breach and seen.breach.mistake:
            self.pointed.append(seen.breach.mistake)

    def observations(self) -> list[Observation]:
        """Return the cases that gave a value."""
        return [Observation(t.case, t.outcome.value, t.expected) for t in self.tried if isinstance(t.outcome, Returned)]

    def sound(self, *tiers: Tier) -> bool:
        """Say whether every check of some tiers passed; of all tiers if none is named."""
        return all(check.outcome == "passed" for check in self.checks if not tiers or check.tier in tiers)


def check_function(
    exercise: Exercise,
    caller: Caller,
    parameters: Sequence[str],
    *,
    cases: Sequence[Case],
    edges: Sequence[Case],
    rng: np.random.Generator,
    hidden: bool,
) -> Findings:
    """Make all checks of an exercise that come after "defined".

    Parameters
    ----------
    exercise
        What is asked.
    caller
        Calls the student's function.
    parameters
        Names of the function's parameters, for messages.
    cases
        Random cases, drawn by the caller of this.
    edges
        Edge cases; empty in the self-check.
    rng
        For the invariants.
    hidden
        Whether random cases and edges are this student's own, so that their numbers are not shown.
    """
    findings = Findings()
    findings.tried += [_try(exercise, caller, case, "worked", shown=True) for case in exercise.worked]
    findings.tried += [_try(exercise, caller, case, "random", shown=not hidden) for case in cases]
    formed = _check_form(exercise, caller, findings, parameters, hidden=hidden)
    for tried in findings.tried:
        findings.checks.append(
            _case_check(exercise, caller, tried, parameters, hidden=hidden and tried.tier == "random")
            if formed
            else CheckRecord(tried.tier, tried.case.name, "blocked", hidden=hidden and tried.tier == "random")
        )
    for seen in check_invariants(exercise, caller, rng, formed=formed):
        findings.add(seen, hidden=hidden)
    sound = findings.sound()
    _check_unchanged(findings, parameters, formed=formed)
    for case in edges:
        if not sound:
            findings.checks.append(CheckRecord("edges", case.name, "blocked", hidden=hidden))
            continue
        tried = _try(exercise, caller, case, "edges")
        findings.tried.append(tried)
        findings.checks.append(_case_check(exercise, caller, tried, parameters, hidden=hidden))
        if isinstance(tried.outcome, Returned) and not _unchanged(tried):
            findings.checks.append(
                CheckRecord("edges", f"{case.name}: {UNCHANGED_SAYS}", "failed", _CHANGED, hidden=hidden)
            )
    return findings


_CHANGED = (
    "An argument is not the same after the call. Whoever calls a function goes on using its arguments: "
    "work on a copy (x = x.copy()), and avoid +=, *= and x[...] = ... on what was passed in."
)


def _try(exercise: Exercise, caller: Caller, case: Case, tier: Tier, *, shown: bool = False) -> Tried:
    """Call with one case and compare."""
    awaited = Awaited(exercise, case.arguments, case.expected)
    outcome = caller.outcome(case.arguments, return_arguments=True, shown=shown, meanwhile=awaited.compute)
    expected = awaited.value()
    difference = _difference(exercise, case, outcome.value, expected) if isinstance(outcome, Returned) else None
    return Tried(case, tier, outcome, expected, difference)


def _difference(exercise: Exercise, case: Case, got: Value, expected: Value) -> Difference | None:
    """Compare with what is expected, or let the exercise judge a result that is one of many right ones."""
    if exercise.judge is not None:
        if (form := compare(got, expected, exercise.tolerance)) and form.tier != "values":
            return form
        verdict = exercise.judge(case, plain(got))
        return None if verdict is None else Difference.said("values", verdict, verdict)
    if exercise.canonical is not None and compare(got, expected, exercise.tolerance):
        try:
            got = exercise.canonical(plain(got))
        except Exception:  # not of the form that can be brought into order: compared as it is
            return compare(got, expected, exercise.tolerance)
        return compare(got, exercise.canonical(plain(expected)), exercise.tolerance)
    return compare(got, expected, exercise.tolerance)


def _check_form(
    exercise: Exercise, caller: Caller, findings: Findings, parameters: Sequence[str], *, hidden: bool
) -> bool:
    """Check that it runs, and type, shape and dtype, over all cases; say whether the values can be looked at."""
    ended = next((t for t in findings.tried if not isinstance(t.outcome, Returned)), None)
    if ended is not None:
        called = _called(exercise, ended, parameters, hidden=hidden)
        message = f"{called}\n{caller.ended(ended.outcome)}"
        findings.checks.append(CheckRecord("runs", RUNS_SAYS, "failed", message, seconds=ended.outcome.seconds))
        findings.checks += [CheckRecord(tier, says, "blocked") for tier, says in FORM_SAYS.items()]
        return False
    findings.checks.append(CheckRecord("runs", RUNS_SAYS, "passed", seconds=caller.seconds))
    for position, (tier, says) in enumerate(FORM_SAYS.items()):
        wrong = next((t for t in findings.tried if t.difference is not None and t.difference.tier == tier), None)
        if wrong is not None and wrong.difference is not None:
            message = f"{_called(exercise, wrong, parameters, hidden=hidden)}\n{wrong.difference.message}"
            findings.checks.append(CheckRecord(tier, says, "failed", message))
            later = list(FORM_SAYS.items())[position + 1 :]
            findings.checks += [CheckRecord(other, text, "blocked") for other, text in later]
            return False
        findings.checks.append(CheckRecord(tier, says, "passed"))
    return True


def _called(exercise: Exercise, tried: Tried, parameters: Sequence[str], *, hidden: bool) -> str:
    full = tried.tier == "worked" or not hidden
    return call_text(exercise.function, parameters, tried.case.arguments, full=full)


def _case_check(
    exercise: Exercise, caller: Caller, tried: Tried, parameters: Sequence[str], *, hidden: bool
) -> CheckRecord:
    """Write down one case."""
    seconds = tried.outcome.seconds
    if not isinstance(tried.outcome, Returned):
        message = f"{_called(exercise, tried, parameters, hidden=hidden)}\n{caller.ended(tried.outcome)}"
        return CheckRecord(tried.tier, tried.case.name, "failed", message, hidden, seconds)
    if tried.difference is None:
        return CheckRecord(tried.tier, tried.case.name, "passed", "", hidden, seconds)
    called = _called(exercise, tried, parameters, hidden=hidden)
    if hidden:
        message = f"{called}\n{tried.difference.summary}"
    else:
        came, expected = (value_text(value, full=True) for value in (plain(tried.outcome.value), tried.expected))
        shown = "" if exercise.judge else f"\nyours: {came}\nexpected: {expected}"
        message = f"{called}{shown}\n{tried.difference.message}"
    return CheckRecord(tried.tier, tried.case.name, "failed", message, hidden, seconds)


def _unchanged(tried: Tried) -> bool:
    """Say whether the arguments came back as they were sent."""
    assert isinstance(tried.outcome, Returned)
    returned = tried.outcome.arguments
    sent = tried.case.arguments
    return returned is not None and len(returned) == len(sent) and all(map(same_bytes, sent, returned))


def _check_unchanged(findings: Findings, parameters: Sequence[str], *, formed: bool) -> None:
    """Check that the worked and random cases left their arguments alone."""
    if not formed:
        findings.checks.append(CheckRecord("edges", UNCHANGED_SAYS, "blocked"))
        return
    changed = [t for t in findings.tried if isinstance(t.outcome, Returned) and not _unchanged(t)]
    outcome: Outcome = "failed" if changed else "passed"
    message = f"{_names_changed(changed[0], parameters)}{_CHANGED}" if changed else ""
    findings.checks.append(CheckRecord("edges", UNCHANGED_SAYS, outcome, message))


def _names_changed(tried: Tried, parameters: Sequence[str]) -> str:
    """Name the arguments that came back changed."""
    assert isinstance(tried.outcome, Returned)
    pairs: Iterable[tuple[str, Value, Value]] = zip(
        parameters, tried.case.arguments, tried.outcome.arguments or (), strict=False
    )
    names = [name for name, sent, returned in pairs if not same_bytes(sent, returned)]
    return f"Changed: {', '.join(names)}. " if names else ""
