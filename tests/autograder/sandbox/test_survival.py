"""Nothing survives: not when the grader is killed, not when the zygote is, not when a worker leaves something
behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.outcomes import Cell, Returned, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import Zygote

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

GRADER = """
import sys
sys.path[:0] = {folders!r}
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.outcomes import Cell, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import Zygote
zygote = Zygote(without=frozenset(Layer(name) for name in {without!r}))
source = "def loop(x):\\n    while True:\\n        pass"
student = SandboxedStudent(zygote, [Cell("cell", source)], [Wanted("", "loop")])
student.definitions()
print(zygote.name, flush=True)
student.call("loop", [1], limit_s=600)
"""


def descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def forked_from(name: str) -> set[int]:
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if name.encode() in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except OSError:
            continue
    return found


def gone(name: str, within_s: float = 10.0) -> bool:
    end = time.monotonic() + within_s
    while forked_from(name):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("without", [[], ["namespaces"], ["namespaces", "landlock", "seccomp"]], ids=["L3", "L2", "L1"])
def test_a_killed_grader_takes_everything_with_it(without: list[str]) -> None:
    program = GRADER.format(folders=[str(ROOT), str(ROOT / "autograder")], without=without)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        name = grader.stdout.readline().strip()
        time.sleep(0.3)
        assert len(forked_from(name)) == 3  # zygote, keeper, and the worker in its loop
        grader.kill()
        grader.wait()
    assert gone(name)
    assert not list(Path("/tmp").glob(f"xailab-scratch-{name}-*"))


def test_a_killed_zygote_takes_its_workers_and_the_next_worker_comes_from_another() -> None:
    source = "def double(x):\n    return x * 2"
    with Zygote() as zygote, SandboxedStudent(zygote, [Cell("cell", source)], [Wanted("", "double")]) as student:
        student.definitions()
        first = zygote.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        time.sleep(0.3)
        outcome = student.call("double", [2], limit_s=5)
        again = student.call("double", [2], limit_s=5)
        assert isinstance(again, Returned)
        assert (again.value, zygote.pid != first) == (4, True)
        assert not isinstance(outcome, Returned) or outcome.value == 4
        assert first not in forked_from(zygote.name)
    assert gone(zygote.name)


def test_a_killed_zygote_leaves_no_scratch_folder() -> None:
    with Zygote(without=frozenset({Layer.NAMESPACES})) as zygote:
        worker = zygote.start_worker()
        folders = list(Path("/tmp").glob(f"xailab-scratch-{zygote.name}-*"))
        assert len(folders) == 1
        assert zygote.pid is not None
        os.kill(zygote.pid, signal.SIGKILL)
        assert gone(zygote.name)
        assert not folders[0].exists()
        worker.close()


def test_closing_the_zygote_ends_running_workers() -> None:
    zygote = Zygote()
    worker = zygote.start_worker()
    assert zygote.pid in forked_from(zygote.name)
    zygote.close()
    assert gone(zygote.name)
    worker.close()


def test_no_descriptor_and_no_process_is_left_after_many_workers(zygote: Zygote) -> None:
    zygote.start_worker().close()
    before = descriptors()
    for _ in range(5):
        zygote.start_worker().close()
    assert descriptors() == before
    end = time.monotonic() + 5
    while len(forked_from(zygote.name)) > 1 and time.monotonic() < end:
        time.sleep(0.02)
    assert forked_from(zygote.name) == {zygote.pid}


def test_scratch_folders_are_removed_where_there_is_no_disk_of_its_own() -> None:
    source = """
import os
def write(x):
    os.makedirs("a/b/c")
    with open("a/b/c/file", "w") as file:
        file.write("x")
    os.mkdir("shut", 0)
    return os.getcwd()
"""
    with Zygote(without=frozenset({Layer.NAMESPACES})) as zygote:
        with SandboxedStudent(zygote, [Cell("cell", source)], [Wanted("", "write")]) as student:
            outcome = student.call("write", [1], limit_s=5)
            assert isinstance(outcome, Returned)
            assert Path(outcome.value).is_dir()
        end = time.monotonic() + 5
        while Path(outcome.value).exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert not Path(outcome.value).exists()
