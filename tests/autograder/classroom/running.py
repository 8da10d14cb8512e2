"""``xailab grade`` as a program of its own, and what it left behind."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import digest

XAILAB = Path(sys.executable).with_name("xailab")
TOYS = Path(__file__).parents[1] / "toylabs"
STUDENTS = 24


def start(submissions: Path, results: Path, *more: str | Path, jobs: int = 2) -> "subprocess.Popen[str]":
    """Begin to grade the toy lab."""
    arguments = ["grade", "90", submissions, "--out", results, "--no-similar", "--jobs", jobs, *more]
    return subprocess.Popen(
        [XAILAB, *map(str, arguments)], env=os.environ | {"XAILAB_LABS": str(TOYS)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def finish(submissions: Path, results: Path, *more: str | Path, jobs: int = 2, status: int = 0) -> str:
    """Grade the toy lab; return what was said."""
    run = start(submissions, results, *more, jobs=jobs)
    said, _ = run.communicate(timeout=300)
    assert run.returncode == status, said
    return said


def results_in(database: Path) -> int:
    """How many results there are, read while a run writes them."""
    if not database.is_file():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("select count(*) from results").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet, or being written
            return 0


def digest_of(address: Path | str) -> str:
    """Everything in a gradebook but clocks."""
    with open_gradebook(address) as book:
        return digest(book, "90")
