"""What is known about a student's mark, in a word.

- ``State``      the words
- ``state``      of a standing
- ``countable``  whether there is a mark that may leave the house
- ``why_not``    the sentence where there is none
"""

from typing import Literal

from xailab_autograder.gradebook.contents import Standing

State = Literal["final", "waiting", "grader failed", "outdated", "ungraded", "problem", "nothing", "excused"]
"""``final``: nothing is to be added. ``waiting``: a person has yet to mark a part. ``grader failed``: at a task, which
is nobody's fault but ours: no mark leaves the house. ``outdated``: of an earlier hand-in or an older judge.
``ungraded``: handed in, not graded yet. ``problem``: handed in, cannot be graded. ``nothing``: nothing came.
"""

EXCUSED_WHY = "excused"

_SENTENCES: dict[State, str] = {
    "grader failed": "the grader itself failed at a task; grade again",
    "outdated": "the result is of an earlier hand-in or an older judge; grade again",
    "ungraded": "not graded yet",
    "problem": "cannot be graded",
    "nothing": "nothing was handed in",
    "excused": EXCUSED_WHY,
}


def state(standing: Standing) -> State:
    """Return what is known about a student's mark. Excused students who have handed in count like all others."""
    if standing.handed_in is None and standing.record is None:
        return "excused" if standing.lateness.excused else "nothing"
    if standing.record is None:
        if standing.problem or (standing.handed_in is not None and standing.handed_in.problem):
            return "excused" if standing.lateness.excused else "problem"
        return "ungraded"
    if standing.outdated:
        return "outdated"
    if any(mark.status == "error" and mark.by_hand is None for mark in standing.marks):
        return "grader failed"
    return "final" if standing.complete else "waiting"


def countable(known: State) -> bool:
    """Whether there is a mark that may leave the house: final, or a person has yet to add to it."""
    return known in ("final", "waiting")


def why_not(standing: Standing) -> str:
    """Say in a sentence why there is no mark; empty where there is one."""
    known = state(standing)
    if known == "problem":
        return standing.problem or (standing.handed_in.problem if standing.handed_in else "")
    return _SENTENCES.get(known, "")
