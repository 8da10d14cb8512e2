"""Whatever ends a run, the same command goes on, and the gradebook becomes that of an undisturbed run."""

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.autograder.classroom.running import digest_of, finish, results_in, start

KILLS = int(os.environ.get("XAILAB_TEST_KILLS", "1"))
"""Random moments at which a run is killed; 20 before a release."""

pytestmark = pytest.mark.slow


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
        run = start(submissions, results, "--key-file", key)
        more = rng.randint(0, max(1, 2 * total // KILLS))
        kill_after(run, results / "gradebook.db", min(total, begun + more), rng.random() * 0.2)
        ended_early += run.returncode == -signal.SIGKILL
    assert ended_early, "no run was killed: the class is too small for this test"
    finish(submissions, results, "--key-file", key)
    assert digest_of(results / "gradebook.db") == expected


def test_a_second_run_grades_nothing(submissions, quiet, undisturbed, key):
    assert f"0 graded, {undisturbed[1]} unchanged" in finish(submissions, quiet, "--key-file", key)


def test_two_runs_into_one_folder_share_the_work(submissions, undisturbed, key, tmp_path):
    runs = [start(submissions, tmp_path, "--key-file", key) for _ in range(2)]
    said = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert digest_of(tmp_path / "gradebook.db") == undisturbed[0]
    graded = [int(found[1]) for text in said if (found := re.search(r"^(\d+) graded,", text, re.MULTILINE))]
    assert sum(graded) == undisturbed[1], said


def test_ctrl_c_says_how_far_it_is_and_how_to_go_on(submissions, key, tmp_path):
    run = start(submissions, tmp_path, "--key-file", key)
    deadline = time.monotonic() + 120
    while results_in(tmp_path / "gradebook.db") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 130, said
    assert "results are in the gradebook, and the same command goes on from there" in said
    assert "Traceback" not in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that is soon full; skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_said_and_loses_nothing(submissions, undisturbed, key, small_disk):
    said = finish(submissions, small_disk, "--key-file", key, status=2)
    assert "no space is left for the gradebook" in said
    assert "Traceback" not in said
    subprocess.run(["mount", "-o", "remount,size=50m", small_disk], check=True)
    finish(submissions, small_disk, "--key-file", key)
    assert digest_of(small_disk / "gradebook.db") == undisturbed[0]
