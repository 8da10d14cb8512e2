"""What every view of a record says: headlines, marks, tiers.

- ``headline``      the verdict in one line: ``"upsample: 5 of 7 checks pass"``
- ``tiers``         the kinds of checks with their outcome, for a compact row
- ``failures``      the checks that failed, first one first
- ``check_title``   a check with its kind: ``"random case: 3 units, 5 images"``
- ``task_title``    a task with its kind: ``"Prediction: ..."``
- ``likely_words``  the sentence on the likely mistake, unless it has been said
- ``number``        points without needless zeros
- ``earned``        how many points there are so far, what lateness costs, and what is still to come
- ``late_words``    what lateness means for this hand-in
- ``status_words``  a status in words, or that a person marked
- ``by_person``     whether a person marked
- ``marked_words``  who marked, and what it gave
- ``shown_tiers``   the tiers that tell something
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, Outcome, Status, SubmissionRecord, Tier

SYMBOLS: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "blocked": "–"}
"""Beside the words of ``OUTCOMES``, never color alone."""

OUTCOMES: dict[Outcome, str] = {"passed": "passed", "failed": "failed", "blocked": "not checked"}

STATUS_SYMBOLS: dict[Status, str] = {
    "passed": "✓", "partial": "◐", "failed": "✗", "missing": "○", "answered": "●", "manual": "✎", "error": "!",
}  # fmt: skip

STATUSES: dict[Status, str] = {
    "passed": "passed",
    "partial": "almost: edge cases",
    "failed": "not yet right",
    "missing": "not written yet",
    "answered": "answered",
    "manual": "to be marked by a person",
    "error": "grader failed",
}

TIER_NAMES: dict[Tier, str] = {
    "defined": "defined",
    "runs": "runs",
    "type": "type",
    "shape": "shape",
    "dtype": "dtype",
    "worked": "worked by hand",
    "random": "random cases",
    "invariants": "properties",
    "edges": "edge cases",
    "answer": "answer",
    "text": "text",
}


@dataclass(frozen=True)
class TierMark:
    """The checks of one kind: failed if one of them failed, else blocked if one could not be made."""

    name: str
    outcome: Outcome
    passed: int
    total: int


def headline(record: ExerciseRecord) -> str:
    """Say the verdict in one line."""
    name = one_line(record.function or record.title, 80)
    passed, total = sum(check.outcome == "passed" for check in record.checks), len(record.checks)
    checks = f"{passed} of {total} checks pass" if total != 1 else f"{passed} of 1 check passes"
    if by_person(record):
        return f"{name}: {marked_words(record)}"
    if record.status == "passed" and record.remaining:
        plural = "" if record.remaining == 1 else "s"
        return f"{name}: public cases passed; {record.remaining} hidden check{plural} remain{'s' if not plural else ''}"
    if record.status in ("passed", "failed") and any(check.tier == "answer" for check in record.checks):
        return f"{name}: {_prediction(record)}"
    says: dict[Status, str] = {
        "passed": f"all {total} checks pass" if total > 1 else "right",
        "partial": f"{checks}; only edge cases are missing",
        "failed": checks if total > 1 else "not right",
        "missing": "not written yet",
        "answered": "answered; the experiment shows whether it is right",
        "manual": "handed in; a person has yet to mark it" if record.text.strip() else "no text yet; a person marks it",
        "error": "the grader itself failed here; this is not your fault, and no mark is final",
    }
    return f"{name}: {says[record.status]}"


def _prediction(record: ExerciseRecord) -> str:
    """Say what came of a marked prediction."""
    if not record.text.strip():
        return "no answer yet"
    return f"{one_line(record.text)} ({'that is what' if record.status == 'passed' else 'not what'} happens)"


def tiers(checks: Sequence[CheckRecord]) -> list[TierMark]:
    """Return one mark per kind of check, in the order in which the kinds were checked."""
    groups: dict[Tier, list[Outcome]] = {}
    for check in checks:
        groups.setdefault(check.tier, []).append(check.outcome)
    return [
        TierMark(
            TIER_NAMES.get(tier, one_line(str(tier), 30)),
            "failed" if "failed" in found else "blocked" if "blocked" in found else "passed",
            found.count("passed"),
            len(found),
        )
        for tier, found in groups.items()
    ]


def failures(record: ExerciseRecord) -> list[CheckRecord]:
    """Return the failed checks in order; the first one is the one to look at."""
    return [check for check in record.checks if check.outcome == "failed"]


def check_title(check: CheckRecord) -> str:
    """Name a check, with its kind where its own line does not say it."""
    kinds: dict[Tier, str] = {"worked": "worked by hand", "random": "random case", "edges": "edge case"}
    says = one_line(check.says)
    return f"{kinds[check.tier]}: {says}" if check.tier in kinds else says


def task_title(record: ExerciseRecord, limit: int = 300) -> str:
    """Name a task in a table, where a question alone would not say what kind of task it is."""
    kinds = {check.tier for check in record.checks}
    kind = "Prediction: " if "answer" in kinds else "Text: " if "text" in kinds else ""
    return one_line(kind + record.title, limit)


def likely_words(record: ExerciseRecord) -> str:
    """Return the sentence on the likely mistake, unless a failed check has just said it."""
    return "" if record.likely in [check.message for check in failures(record)] else record.likely


def number(value: float) -> str:
    """Write points: at most two decimals, no needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def earned(record: SubmissionRecord) -> str:
    """Say how many points count, and how many still wait for a person."""
    waiting = sum(exercise.points for exercise in record.exercises if exercise.status == "manual")
    score = f"{number(record.final)} of {number(record.points)} points"
    if record.deduction:
        score += f" ({number(record.score)} earned, {number(record.deduction)} off)"
    return score + (f" so far; {number(waiting)} more are marked by a person" if waiting else "")


def late_words(record: SubmissionRecord) -> str:
    """Say what lateness means for this hand-in, as a sentence; empty if it came in time."""
    why = one_line(record.deduction_why, 400).rstrip(".")
    return f"{why[0].upper()}{why[1:]}." if why else ""


def by_person(record: ExerciseRecord) -> bool:
    """Say whether the mark is a person's: the judge gives texts none."""
    text = any(check.tier == "text" for check in record.checks)
    return bool(record.marker or record.comment) or (text and record.status in ("passed", "partial", "failed"))


def status_words(record: ExerciseRecord) -> str:
    """Say a status in words. A person's mark has words of its own: the judge's would name causes."""
    return "marked by a person" if by_person(record) else STATUSES[record.status]


def marked_words(record: ExerciseRecord) -> str:
    """Say who marked a task and with how many points."""
    who = one_line(record.marker, 80) or "a person"
    return f"{number(record.score)} of {number(record.points)} points, marked by {who}"


def shown_tiers(record: ExerciseRecord) -> list[TierMark]:
    """Return the tiers of a task that was checked; of a text, or of what was not written, they tell nothing."""
    if record.status in ("missing", "manual", "answered"):
        return []
    return tiers([check for check in record.checks if check.tier != "text"])
