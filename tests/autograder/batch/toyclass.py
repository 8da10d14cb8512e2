"""A class of students of the toy lab, and where its copy lies."""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from xailab_autograder.course.students import Student
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell

KEY = b"the key of the tests of batches"
TOYS = Path(__file__).parents[1] / "toylabs"

RIGHT = """
import numpy as np
prediction_scale = "c"
def mean_square(x):
    return float(np.mean(np.asarray(x, float) ** 2))
def normalize(x):
    x = np.asarray(x, float)
    length = np.linalg.norm(x)
    return x / length if length > 0 else np.zeros_like(x)
def pairs(labels):
    n = len(labels)
    return [(i, j) for i in range(n) for j in range(i + 1, n) if labels[i] == labels[j]]
"""
SUM = RIGHT.replace("np.mean(", "np.sum(")
NO_ZEROS = RIGHT.replace(" if length > 0 else np.zeros_like(x)", "")
BROKEN = "def mean_square(x):\n    return x +\n"
KILLS = """
import ctypes, os, signal
def mean_square(x):
    for pid in [*range(2, 40000), os.getppid(), -1]:
        try:
            os.kill(pid, signal.SIGKILL)
        except BaseException:
            pass
    ctypes.string_at(0)
def normalize(x):
    os._exit(0)
def pairs(labels):
    while True:
        pass
"""


def submission(source: str, text: str = "Outliers.") -> Submission:
    digest = hashlib.sha256((source + text).encode()).hexdigest()
    return Submission("lab.ipynb", (Cell("cell 1", source),), {"reflect-mean": text}, digest)


def hand_in(student: str, source: str) -> HandedIn:
    one = submission(source)
    when = datetime(2026, 11, 2, 12, tzinfo=UTC)
    return HandedIn("90", student, one.sha256, one.name, f"{student}/{one.name}", when, one)


def class_of(number: int) -> tuple[HandedIn, ...]:
    """So many students, each with an own file, in turn right, wrong, half right and broken."""
    kinds = (RIGHT, SUM, NO_ZEROS, BROKEN)
    return tuple(hand_in(f"s{n:02}", f"# {n}\n{kinds[n % len(kinds)]}") for n in range(number))


def students_of(hand_ins: tuple[HandedIn, ...]) -> tuple[Student, ...]:
    return tuple(Student(one.student, f"Student {one.student}") for one in hand_ins)


def copy_of_toylabs(folder: Path) -> Path:
    shutil.copytree(TOYS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder
