"""Whatever ends a run, the same command goes on, and the gradebook becomes that of an undisturbed run."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import digest
from xailab_autograder.rehearsal.making import rehearse

XAILAB = Path(sys.executable).with_name("xailab")
KILLS = int(os.environ.get("XAILAB_TEST_KILLS", "2"))
"""Random moments at which a run is killed; 20 before a release."""

STUDENTS = 24
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def submissions(toy_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic class of the toy lab."""
    return rehearse(toy_lab, students=STUDENTS, seed=3, out=tmp_path_factory.mktemp("class")).submissions


def start(submissions: Path, results: Path, *more: str) -> "subprocess.Popen[str]":
    arguments = ["grade", "90", str(submissions), "--out", str(results), "--no-similar", "--jobs", "2", *more]
    return subprocess.Popen(
        [XAILAB, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def finish(submissions: Path, results: Path, *more: str) -> str:
    run = start(submissions, results, *more)
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
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


def digest_of(results: Path) -> str:
    with open_gradebook(results / "gradebook.db") as book:
        return digest(book, "90")


@pytest.fixture(scope="module")
def quiet(submissions: Path, tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    """The results of a run that nothing disturbs."""
    results = tmp_path_factory.mktemp("undisturbed")
    finish(submissions, results, "--key-file", str(key))
    return results


@pytest.fixture(scope="module")
def undisturbed(quiet: Path) -> tuple[str, int]:
    """The digest of such a run, and how many results it has."""
    return digest_of(quiet), results_in(quiet / "gradebook.db")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "course.key"
    file.write_text("the key of these tests, long enough")
    return file


@pytest.fixture
def no_orphans() -> Iterator[None]:
    """Nothing that a run started may outlive it for long."""
    before = descendants()
    yield
    deadline = time.monotonic() + 20
    while descendants() - before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not descendants() - before


def descendants() -> set[int]:
    """Processes whose command line names this interpreter's grader or its zygote."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if b"zygote_process" in line or b"multiprocessing.spawn" in line or b"\0grade\x0090\0" in line:
            found.add(int(place.name))
    return found


def kill_after(run: "subprocess.Popen[str]", database: Path, results: int, jitter_s: float) -> None:
    """Kill a run as soon as so many results are written, and a moment more."""
    deadline = time.monotonic() + 120
    while run.poll() is None and results_in(database) < results and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(jitter_s)
    run.send_signal(signal.SIGKILL)
    run.communicate()


def test_killed_at_random_moments_it_ends_as_if_undisturbed(submissions, undisturbed, key, tmp_path, no_orphans):
    expected, total = undisturbed
    rng = random.Random(4)
    results = tmp_path / "results"
    ended_early = 0
    for _ in range(KILLS):
        begun = results_in(results / "gradebook.db")
        run = start(submissions, results, "--key-file", str(key))
        more = rng.randint(0, max(1, 2 * total // KILLS))
        kill_after(run, results / "gradebook.db", min(total, begun + more), rng.random() * 0.2)
        ended_early += run.returncode == -signal.SIGKILL
    assert ended_early, "no run was killed: the class is too small for this test"
    finish(submissions, results, "--key-file", str(key))
    assert digest_of(results) == expected


def test_a_second_run_grades_nothing(submissions, quiet, undisturbed, key):
    assert f"0 graded, {undisturbed[1]} unchanged" in finish(submissions, quiet, "--key-file", str(key))


def test_two_runs_into_one_folder_share_the_work(submissions, undisturbed, key, tmp_path):
    runs = [start(submissions, tmp_path, "--key-file", str(key)) for _ in range(2)]
    said = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert digest_of(tmp_path) == undisturbed[0]
    graded = [int(found[1]) for text in said if (found := re.search(r"^(\d+) graded,", text, re.MULTILINE))]
    assert sum(graded) == undisturbed[1], said


def test_ctrl_c_says_how_far_it_is_and_how_to_go_on(submissions, key, tmp_path):
    run = start(submissions, tmp_path, "--key-file", str(key))
    deadline = time.monotonic() + 120
    while results_in(tmp_path / "gradebook.db") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 130, said
    assert "results are in the gradebook, and the same command goes on from there" in said
    assert "Traceback" not in said
