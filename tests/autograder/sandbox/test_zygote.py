"""The zygote says what it can do, refuses less than was asked for, and starts no worker whose walls do not stand."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder.sandbox import macos, visible
from xailab_autograder.sandbox import zygote as room
from xailab_autograder.sandbox.levels import Layer, Level, reached
from xailab_autograder.sandbox.outcomes import Cell, Died, Returned, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import SandboxError, Zygote

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("layers", "level"),
    [
        ("", Level.L0),
        ("process", Level.L0),
        ("process limits", Level.L1),
        ("process limits landlock", Level.L1),
        ("process limits namespaces seccomp", Level.L1),
        ("process limits landlock seccomp", Level.L2),
        ("process limits landlock seccomp namespaces", Level.L3),
        ("landlock seccomp namespaces", Level.L0),
    ],
)
def test_levels_are_made_of_walls(layers: str, level: Level) -> None:
    assert reached({Layer(name) for name in layers.split()}) == level


def test_every_level_says_honestly_what_it_does_not_stop() -> None:
    assert [str(level) for level in Level] == [
        "L0 nothing",
        "L1 separate process + limits",
        "L2 Landlock + seccomp + limits",
        "L3 namespaces + Landlock + seccomp + limits",
    ]
    assert len({level.honestly for level in Level}) == 4


def test_less_than_the_minimum_is_refused_before_any_worker_starts() -> None:
    with (
        Zygote(Level.L3, without=frozenset({Layer.LANDLOCK})) as zygote,
        pytest.raises(SandboxError, match=r"reaches L1 .*, and L3 .* is asked for \(landlock: left out on request\)"),
    ):
        zygote.start_worker()


def test_a_wall_that_does_not_stand_stops_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    with Zygote(without=frozenset({Layer.NAMESPACES})) as zygote:
        promised = zygote.layers | {Layer.NAMESPACES}
        monkeypatch.setattr(zygote, "_layers", promised)
        with pytest.raises(SandboxError, match="a worker could not be kept apart as announced"):
            zygote.start_worker()


def test_a_zygote_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_START", "import nonsense_that_is_not_there  # {folders} {descriptor} {options}")
    with (
        Zygote() as zygote,
        pytest.raises(SandboxError, match=r"(?s)the sandbox could not be built: .*nonsense_that_is_not_there"),
    ):
        zygote.start_worker()


def test_windows_is_told_about_wsl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.sys, "platform", "win32")
    with Zygote() as zygote, pytest.raises(SandboxError, match="Install WSL"):
        zygote.warm()


def test_warming_up_returns_at_once() -> None:
    program = "import time; t = time.monotonic(); z = Zygote(); z.warm(); print(time.monotonic() - t < 0.3); z.close()"
    folders = [str(ROOT), str(ROOT / "autograder")]
    start = f"import sys; sys.path[:0] = {folders!r}; from xailab_autograder.sandbox.zygote import Zygote; "
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_trusted_side_imports_no_torch() -> None:
    folders = [str(ROOT), str(ROOT / "autograder")]
    program = (
        f"import sys; sys.path[:0] = {folders!r}; import xailab_autograder.sandbox.student; "
        "print([name for name in ('torch', 'numba', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_zygote_never_imported_what_is_secret(zygote: Zygote) -> None:
    source = """
import gc, sys
def seen(x):
    names = {m.__name__ for m in gc.get_objects() if type(m) is type(sys)} | set(sys.modules)
    return sorted(name for name in names if isinstance(name, str) and name.startswith("xailab"))
"""
    with SandboxedStudent(zygote, [Cell("cell", source)], [Wanted("", "seen")]) as student:
        outcome = student.call("seen", [1], limit_s=10)
    assert isinstance(outcome, Returned)
    rooms = {".".join(name.split(".")[:2]) for name in outcome.value}
    bench = {"hooks", "images", "errors", "files", "interrupts", "data", "models", "render"}
    assert rooms <= {"xailab", "xailab_autograder", "xailab_autograder.sandbox"} | {f"xailab.{name}" for name in bench}


@pytest.fixture
def spawning(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zygote]:
    """A zygote as on macOS, without ``sandbox-exec``: every worker is a fresh interpreter."""
    with Zygote() as zygote:
        monkeypatch.setattr(zygote, "_spawns", True)
        yield zygote


def test_workers_without_a_zygote_answer_die_and_leave_nothing(spawning: Zygote) -> None:
    source = "import os\ndef double(x): return x * 2\ndef loop(x):\n    while 1: pass\ndef where(x): return os.getcwd()"
    assert spawning.level == Level.L1
    with SandboxedStudent(
        spawning, [Cell("cell", source)], [Wanted("", n) for n in ("double", "loop", "where")]
    ) as student:
        where = student.call("where", [0], limit_s=20)
        assert isinstance(where, Returned)
        outcome = student.call("loop", [0], limit_s=0.3)
        assert isinstance(outcome, Died)
        assert outcome.reason == "time"
        assert not Path(where.value).exists()
        again = student.call("double", [4], limit_s=20)
        assert isinstance(again, Returned)
        assert again.value == 8


def test_macos_s_profile_names_what_may_be_read_and_nothing_that_is_withheld(tmp_path: Path) -> None:
    text = macos.profile(visible.rules(), tmp_path)
    assert text.startswith("(version 1)\n(deny default)\n")
    assert f'(allow file-read* file-write* (subpath "{tmp_path}"))' in text
    assert "(allow network" not in text
    for folder in visible.hidden():
        assert f'"{folder}"' not in text
