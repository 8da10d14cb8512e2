"""No attack of the corpus gets through: at every level that stops it, as this user, as an ordinary one, in a
container."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder.sandbox.attacks import CORPUS, Attack
from xailab_autograder.sandbox.attacks.attack import ENDINGS, PRELUDE
from xailab_autograder.sandbox.attacks.firing_range import Range
from xailab_autograder.sandbox.levels import Layer, Level
from xailab_autograder.sandbox.zygote import Zygote

ROOT = Path(__file__).parents[3]
WALLS = frozenset({Layer.NAMESPACES, Layer.LANDLOCK, Layer.SECCOMP, Layer.OTHER_USER})

BITE = (
    "read-a-secret",
    "read-the-exercises",
    "read-the-autograder",
    "read-the-methods",
    "read-the-kernels",
    "load-withheld-modules",
    "list-folders",
    "links",
    "other-ways-to-the-root",
    "read-other-processes",
    "change-attributes",
    "empty-a-file",
    "a-neighbour's-scratch",
    "connect-by-tcp",
    "send-by-udp",
    "local-sockets",
    "listen",
    "pass-a-descriptor",
    "signal-others",
    "signal-groups",
    "leave-a-daemon",
    "fork-bomb",
    "run-a-program",
    "limit-others",
    "rare-calls",
    "calls-of-32-bit",
    "watch-files",
    "memory-by-files",
)
"""Attacks that do no lasting harm, and must succeed where no wall stands: else they would prove nothing."""


@pytest.fixture(scope="module")
def best(zygote: Zygote) -> Iterator[Range]:
    with Range(zygote) as place:
        yield place


@pytest.fixture(scope="module")
def without_namespaces() -> Iterator[Range]:
    with Zygote(without=frozenset({Layer.NAMESPACES})) as zygote, Range(zygote) as place:
        yield place


@pytest.fixture(scope="module")
def without_walls() -> Iterator[Range]:
    with Zygote(without=WALLS) as zygote, Range(zygote) as place:
        yield place


def test_the_corpus_is_large_and_well_formed() -> None:
    assert len(CORPUS) >= 45
    assert len({attack.name for attack in CORPUS}) == len(CORPUS)
    assert set(BITE) <= {attack.name for attack in CORPUS}
    for attack in CORPUS:
        compile(PRELUDE + attack.source, attack.name, "exec")
        assert attack.ends <= ENDINGS


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_attacks_are_stopped(best: Range, attack: Attack) -> None:
    verdict = best.fire(attack)
    if verdict.outcome == "open":
        pytest.skip(f"this machine has none of {', '.join(sorted(wall.value for wall in attack.walls))}")
    assert verdict.outcome == "contained", verdict.detail


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_attacks_are_stopped_without_namespaces(without_namespaces: Range, attack: Attack) -> None:
    verdict = without_namespaces.fire(attack)
    if verdict.outcome == "open":
        pytest.skip(f"this machine has none of {', '.join(sorted(wall.value for wall in attack.walls))}")
    assert verdict.outcome == "contained", verdict.detail


@pytest.mark.parametrize("name", BITE)
def test_attacks_succeed_where_no_wall_stands(without_walls: Range, name: str) -> None:
    (attack,) = [attack for attack in CORPUS if attack.name == name]
    verdict = without_walls.fire(attack, regardless=True)
    if attack.needs and verdict.detail.startswith("it is written for"):
        pytest.skip(verdict.detail)
    assert verdict.outcome in ("breach", "unclear"), verdict.detail
    if name not in ("calls-of-32-bit", "rare-calls"):  # which kernels may be built without
        assert verdict.outcome == "breach", verdict.detail


EXAMINE = """
import json, sys
sys.path[:0] = {folders!r}
from xailab_autograder.sandbox import doctor
from xailab_autograder.sandbox.zygote import Zygote
with Zygote() as zygote:
    found = list(doctor.examine(zygote))
    faults = [f"{{item.name}}: {{item.fault}}" for item in found if isinstance(item, doctor.Work) and item.fault]
    verdicts = [item for item in found if isinstance(item, doctor.Verdict)]
    faults += [f"{{v.attack.name}}: {{v.detail}}" for v in verdicts if v.outcome != "contained"]
    print(json.dumps([zygote.level.name, len(found), faults]))
"""

CONTAINER = """
import errno, os, sys
sys.path[:0] = {folders!r}
from xailab_autograder.sandbox import namespaces, seccomp, syscalls
refused, some = syscalls.refused(syscalls.machine()), syscalls.filtered(syscalls.machine())
code = [seccomp._op(seccomp._LOAD, seccomp._NUMBER)]
for name in ("unshare", "setns", "mount", "umount2", "pivot_root"):
    code += seccomp._answer(refused[name], seccomp._ERROR | errno.EPERM)
code += seccomp._answer(some["clone3"], seccomp._ERROR | errno.ENOSYS)
code += [seccomp._op(seccomp._EQUAL, some["clone"], 0, 4), seccomp._op(seccomp._LOAD, seccomp._ARGUMENTS),
         seccomp._op(seccomp._ANY_BIT, 0x7E020000, 0, 1), seccomp._give(seccomp._ERROR | errno.EPERM),
         seccomp._give(seccomp._ALLOW), seccomp._give(seccomp._ALLOW)]
namespaces.drop()
seccomp.install(b"".join(code))
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
"""Does to a process what a container without privileges does: no capabilities, no new namespaces, no mounts."""

FOLDERS = [str(ROOT), str(ROOT / "autograder"), str(ROOT / "kernels")]


def examined(home: Path, program: str, *arguments: str, user: int | None = None) -> tuple[Level, list[str]]:
    """Run a program as a user whose home folder it may write to."""
    options = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    if user is not None:
        os.chown(home, user, user)
    done = subprocess.run(
        [sys.executable, "-c", program.format(folders=FOLDERS), *arguments],
        capture_output=True, text=True, check=False, cwd="/", **options,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    level, count, faults = json.loads(done.stdout)
    assert count > len(CORPUS)
    return Level[level], faults


NOBODY = 65534


@pytest.fixture
def home() -> Iterator[Path]:
    """A home folder that another user can reach, unlike pytest's own temporary folders."""
    with tempfile.TemporaryDirectory(prefix="xailab-home-") as folder:
        yield Path(folder)


def ordinary_user() -> int | None:
    """Return whom tests run as root become; None where they run as an ordinary user already."""
    if os.geteuid() != 0:
        return None
    command = [sys.executable, "-c", "import numpy, torch"]
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/", "env": {}}
    if not _may_start() or subprocess.run(command, capture_output=True, check=False, **options).returncode:
        pytest.skip("an ordinary user (65534) cannot read this Python installation")
    return NOBODY


def _may_start() -> bool:
    """Return whether an ordinary user may enter every folder above the interpreter."""
    return all(folder.stat().st_mode & 0o001 for folder in Path(sys.executable).resolve().parents)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux's walls")
def test_attacks_on_an_ordinary_user_are_stopped(home: Path) -> None:
    user = ordinary_user()
    if user is None:
        pytest.skip("the tests run as an ordinary user: test_attacks_are_stopped is this test")
    level, faults = examined(home, EXAMINE, user=user)
    assert faults == []
    assert level >= Level.L2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux's walls")
@pytest.mark.parametrize("user", ["this user", "ordinary user"])
def test_attacks_in_an_unprivileged_container_are_stopped(user: str, home: Path) -> None:
    who = ordinary_user() if user == "ordinary user" else None
    if user == "ordinary user" and who is None:
        pytest.skip("the tests run as an ordinary user already")
    level, faults = examined(home, CONTAINER, EXAMINE.format(folders=FOLDERS), user=who)
    assert faults == []
    assert level == Level.L2
