"""What grading a submission costs beyond the student's own computing time, and how that grows with the exercises.

Run: ``python benchmarks/bench_grading.py``. A right submission of Lab 3 is graded again and again from one warm zygote.
The student's own time is that of the same calls of the same functions in this process, on one thread of linear algebra.
Beside it: starting a Jupyter kernel and importing what the notebook imports, which graders that run notebooks pay for
every submission (nothing is graded in that time yet).
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from xailab_autograder import labs
from xailab_autograder.exercises import Exercise, Lab
from xailab_autograder.judging.grading import Hand, grade, grade_submission
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.sandbox.zygote import Zygote

ROUNDS = 15
SETTLED_S = 6
"""In its first seconds a zygote gathers its memory into large pages; workers start slower meanwhile."""
HAND = Hand("ada", b"the key of the benchmark")


def submission_of(lab: Lab) -> Submission:
    """Return a submission that holds the references."""
    source = (labs.find(lab.number) / "reference.py").read_text()
    return Submission("reference.py", (Cell("reference.py", source),))


def own_seconds(lab: Lab, submission: Submission) -> float:
    """Return how long the functions themselves take for the calls that grading makes."""
    spent = 0.0

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal spent
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent += time.perf_counter() - began

        return call

    names = {task.function: timed(task.reference) for task in lab.tasks if isinstance(task, Exercise)}
    grade(lab, submission, HAND, LocalStudent(names), level="")
    return spent


def kernel_seconds() -> float:
    """Return how long a Jupyter kernel takes until the notebook's imports are done."""
    import nbformat
    from nbclient import NotebookClient

    code = "import numpy, torch, matplotlib.pyplot\nfrom xailab import hooks, images, models, render, data"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    began = time.perf_counter()
    NotebookClient(notebook, kernel_name="python3").execute()
    return time.perf_counter() - began


def main() -> None:
    """Print what grading costs."""
    lab = labs.load("03")
    lab = replace(lab, tasks=tuple(task for task in lab.tasks if isinstance(task, Exercise)))
    submission = submission_of(lab)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with Zygote() as zygote:
        print(f"{zygote.level}; medians of {ROUNDS} submissions, from a zygote that is {SETTLED_S} s old")
        time.sleep(SETTLED_S)
        print(f"{'exercises':>9} {'checks':>7} {'whole ms':>9} {'own ms':>7} {'beyond own ms':>14}")
        for count in (1, 5, len(lab.tasks)):
            part = replace(lab, tasks=lab.tasks[:count])
            grade_submission(part, submission, HAND, zygote)  # warm
            whole = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                record = grade_submission(part, submission, HAND, zygote)
                whole.append(time.perf_counter() - began)
            assert record.score == record.points
            checks = sum(len(exercise.checks) for exercise in record.exercises)
            own = statistics.median(own_seconds(part, submission) for _ in range(5))
            middle = statistics.median(whole)
            print(f"{count:9} {checks:7} {middle * 1e3:9.1f} {own * 1e3:7.1f} {(middle - own) * 1e3:14.1f}")
    try:
        kernels = [kernel_seconds() for _ in range(3)]
    except ImportError as error:
        print(f"no Jupyter kernel to compare with: {error}")
        return
    ratio = statistics.median(kernels) / middle
    print(
        f"a Jupyter kernel until its imports are done: {statistics.median(kernels):.2f} s, {ratio:.0f} times the whole"
    )


if __name__ == "__main__":
    print(f"benchmark of {Path(__file__).name}")
    main()
