"""Grading a class: what is out of date goes to the workers, each result is written down as it comes.

- ``grade_class``   a lab's hand-ins in a gradebook -> their results in it
- ``Progress``, ``Outcome``   what is told meanwhile, and what came of it

Killed at any moment, it loses what was being judged and nothing else: started again, it does what is left. Several at
once on one gradebook share the work.
"""

from dataclasses import replace

from xailab_autograder.batch.coordinator import Coordinator, Order
from xailab_autograder.batch.jobs import Setting
from xailab_autograder.batch.outcome import Outcome, Progress, Tell, silent
from xailab_autograder.batch.workers import Workers
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook import reading
from xailab_autograder.gradebook.contents import Fingerprint, Standing
from xailab_autograder.gradebook.opening import Gradebook
from xailab_autograder.sandbox.levels import Level

__all__ = ["Outcome", "Progress", "grade_class"]


def grade_class(
    book: Gradebook,
    lab: Lab,
    fingerprint: Fingerprint,
    key: bytes,
    *,
    executor: Workers,
    progress: Tell = silent,
    minimum: Level = Level.L1,
) -> Outcome:
    """Grade every hand-in of a lab whose result is not up to date, and those at which the grader itself failed before.

    Parameters
    ----------
    book
        Where they are registered and results are written.
    lab
        What was asked.
    fingerprint
        Of the lab, the grader and the key: ``batch.fingerprint``.
    key
        The course's secret.
    executor
        Who judges: ``LocalWorkers`` or ``ClusterWorkers``.
    progress
        Told of each result, in this thread.
    minimum
        Below this level no student code is run.

    Raises
    ------
    xailab.errors.Interrupted
        Somebody pressed Ctrl-C.
    XailabError
        No worker can judge, or the gradebook cannot be reached. What had come is written, claims are released.
    """
    setting = Setting(lab.number, fingerprint, minimum)
    failed = {standing.student.id for standing in reading.class_book(book, lab).standings if _failed(standing)}
    first = Coordinator(book, setting, key, executor=executor, progress=progress)
    outcome = first.go()
    again = frozenset(failed - first.tried)
    if not again:
        return outcome
    order = Order(anew=again)
    second = Coordinator(book, setting, key, executor=executor, progress=progress, order=order).go()
    return replace(
        outcome,
        graded=outcome.graded + second.graded,
        unchanged=outcome.unchanged - len(again),
        problems=outcome.problems + second.problems,
        changes=outcome.changes + second.changes,
        seconds=outcome.seconds + second.seconds,
    )


def _failed(standing: Standing) -> bool:
    """Tell whether the grader failed at a hand-in that could be graded, or at a part of it."""
    if standing.handed_in is None or standing.handed_in.submission is None:
        return False
    return bool(standing.problem) or any(mark.status == "error" for mark in standing.marks)
