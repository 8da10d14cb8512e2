"""Who judges, and what is told meanwhile.

- ``started``   processes of this machine, or the workers of a Dask scheduler
- ``telling``   progress of a run -> numbers for a progress bar
"""

from collections.abc import Callable
from functools import partial

from xailab_autograder.batch import machine, worker
from xailab_autograder.batch.jobs import Setting
from xailab_autograder.batch.run import Progress
from xailab_autograder.batch.workers import Workers
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import Fingerprint
from xailab_autograder.sandbox.levels import Level

Told = Callable[[str, int, int], None]
"""What is being done, how much of it is done, of how much."""

Note = Callable[[str], None]


def started(scheduler: str, jobs: int | None, lab: Lab, identity: Fingerprint, minimum: Level, note: Note) -> Workers:
    """Return workers that are getting ready; use them as a context.

    Parameters
    ----------
    scheduler
        Address of a Dask scheduler; empty: processes of this machine.
    jobs
        How many processes; None: what processors and memory carry.
    lab, identity, minimum
        What they must hold before they judge.
    note
        Told if there are too many for this machine.

    Raises
    ------
    XailabError
        The scheduler or its workers cannot be used.
    """
    first = partial(worker.prepare, Setting(lab.number, identity, minimum))
    if scheduler:
        from xailab_autograder.batch.cluster import ClusterWorkers

        return ClusterWorkers(scheduler, first=first)
    from xailab_autograder.batch.local import LocalWorkers

    warning = machine.too_many(jobs) if jobs is not None else ""
    if warning:
        note(warning)
    return LocalWorkers(jobs or machine.fitting(), first=first)


def telling(told: Told, note: Note) -> Callable[[Progress], None]:
    """Return what a run tells its progress to."""
    last = ""

    def tell(progress: Progress) -> None:
        nonlocal last
        told("grading", progress.done, progress.total)
        if progress.note and progress.note != last:
            note(progress.note)
        if progress.problem:
            note(f"{progress.student}: {progress.problem}")
        last = progress.note or last

    return tell
