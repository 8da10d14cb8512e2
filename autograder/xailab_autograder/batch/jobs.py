"""What goes to a worker and what comes back: small, plain, picklable.

- ``Setting``  what a worker must hold before it may judge anything
- ``Job``      one submission to be judged
- ``Judged``   what came of it
"""

from dataclasses import dataclass, field

from xailab_autograder.gradebook.contents import Fingerprint
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.levels import Level


@dataclass(frozen=True)
class Setting:
    """What a worker must hold before it may judge anything.

    Parameters
    ----------
    lab
        Its number.
    expected
        The fingerprint on the machine that hands out jobs: a worker with another one refuses.
    minimum
        Below this level no student code is run.
    """

    lab: str
    expected: Fingerprint
    minimum: Level = Level.L1


@dataclass(frozen=True)
class Job:
    """One submission to be judged.

    Parameters
    ----------
    setting
        The lab, its version, the level.
    student
        Whose; the random cases depend on it.
    submission
        What was handed in.
    key
        The course's secret; in no ``repr`` and no log.
    tasks
        Ids of those to judge; None: all.
    """

    setting: Setting
    student: str
    submission: Submission
    key: bytes = field(repr=False)
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Judged:
    """What came of a job. At most one of the three is there.

    Parameters
    ----------
    record
        What the judge wrote down.
    problem
        Why there is no record, in a sentence; ours, never the student's fault.
    refused
        Why this worker must not judge at all, in a sentence: nothing was run.
    """

    record: SubmissionRecord | None = None
    problem: str = ""
    refused: str = ""
