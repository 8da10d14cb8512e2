"""What is written down about a submission. Plain data that goes to JSON and back; every page and table is a view of it.

- ``CheckRecord``     one check of one exercise
- ``ExerciseRecord``  one exercise, prediction or reflection
- ``SubmissionRecord``  the whole submission

Text in a record may hold what a student wrote (names, messages, printed output): views must escape it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FORMAT = 1
"""Of the JSON; a reader refuses others."""

Tier = Literal["defined", "runs", "type", "shape", "dtype", "worked", "random", "invariants", "edges", "answer", "text"]
"""The kinds of checks, in the order in which they are made. ``answer``: predictions; ``text``: reflections."""

TIERS: tuple[Tier, ...] = ("defined", "runs", "type", "shape", "dtype", "worked", "random", "invariants", "edges")

Outcome = Literal["passed", "failed", "blocked"]
"""``blocked``: could not be checked because an earlier check failed, or the deadline had passed."""

Status = Literal["passed", "partial", "failed", "missing", "answered", "manual", "error"]
"""``partial``: all but the edge cases. ``missing``: no definition, or the stub. ``answered``: an unmarked prediction.

``manual``: a person marks it. ``error``: the grader itself failed; nobody's fault but ours, and no mark is final.
"""


@dataclass(frozen=True)
class CheckRecord:
    """One check.

    Parameters
    ----------
    tier
        Which kind.
    says
        The learner's line: ``"2 units, 3 images: the right numbers"``.
    outcome
        Passed, failed or blocked.
    message
        What was called, what came, what was expected. Empty where it passed.
    hidden
        Drawn for this student: its numbers are not shown.
    seconds
        What the calls took.
    """

    tier: Tier
    says: str
    outcome: Outcome
    message: str = ""
    hidden: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class ExerciseRecord:
    """What came of one exercise, prediction or reflection.

    Parameters
    ----------
    id, title
        Of its declaration.
    function
        The name of the function or variable; empty for a reflection.
    status
        See ``Status``.
    score, points
        Earned, and at most. A score above 0 rests on a comparison made outside the student's process.
    checks
        In the order in which they were made.
    mistake
        The id of the misconception that explains what came; None: none does.
    likely
        Its sentence.
    read
        Where to read.
    hint
        One hint; empty where none is needed.
    output
        What the function printed, cut.
    text
        The student's text (reflections) or answer (predictions).
    notes
        Where it was found, renamed functions and the like.
    seconds
        All calls together.
    remaining
        Hidden checks that the final grading makes besides these.
    comment, marker
        A person's, where one marked: then status and score are that person's.
    """

    id: str
    title: str
    function: str
    status: Status
    score: float
    points: float
    checks: tuple[CheckRecord, ...] = ()
    mistake: str | None = None
    likely: str = ""
    read: str = ""
    hint: str = ""
    output: str = ""
    text: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    remaining: int = 0
    comment: str = ""
    marker: str = ""


@dataclass(frozen=True)
class SubmissionRecord:
    """What came of a submission.

    Parameters
    ----------
    lab, title
        Number and title of the lab.
    student
        Whose; as given by the instructor, never by the submission.
    source
        The file's name.
    sha256
        Of the file's bytes.
    graded
        When, ISO 8601 with zone.
    grader
        Version of xailab.
    level
        How well student code was contained: the sentence of the sandbox's level.
    seconds
        From reading to the record.
    notes
        About the file and its cells: ``"cell 7: invalid syntax ..."``.
    exercises
        In the lab's order.
    deduction, deduction_why
        Points that lateness costs, and the sentence that says so.
    """

    lab: str
    title: str
    student: str
    source: str
    sha256: str
    graded: str
    grader: str
    level: str
    seconds: float
    notes: tuple[str, ...] = ()
    exercises: tuple[ExerciseRecord, ...] = field(default=())
    deduction: float = 0.0
    deduction_why: str = ""

    @property
    def score(self) -> float:
        """What has been earned so far (texts are marked by people)."""
        return sum(exercise.score for exercise in self.exercises)

    @property
    def final(self) -> float:
        """What counts: what has been earned, less what lateness costs."""
        return self.score - self.deduction

    @property
    def points(self) -> float:
        """The most that could be earned."""
        return sum(exercise.points for exercise in self.exercises)

    def to_json(self, *, indent: int | None = 1) -> str:
        """Write it down; ``from_json`` reads it back. ``indent=None`` is one line, and quicker."""
        return json.dumps(
            {"format": FORMAT, **asdict(self), "score": self.score, "points": self.points, "final": self.final},
            indent=indent,
        )  # ASCII: what a student wrote may hold half characters, which no encoding takes

    @classmethod
    def from_json(cls, text: str) -> "SubmissionRecord":
        """Read what ``to_json`` wrote.

        Raises
        ------
        ValueError
            Not a record, or of another format.
        """
        data: dict[str, Any] = json.loads(text)
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise ValueError(f"expected a submission record of format {FORMAT}")
        for derived in ("score", "points", "final"):
            data.pop(derived, None)
        exercises = tuple(_exercise(entry) for entry in data.pop("exercises"))
        return cls(**{**data, "notes": tuple(data["notes"]), "exercises": exercises})


def _exercise(entry: dict[str, Any]) -> ExerciseRecord:
    """Rebuild one exercise."""
    checks = tuple(CheckRecord(**check) for check in entry["checks"])
    return ExerciseRecord(**{**entry, "checks": checks, "notes": tuple(entry["notes"])})
