"""Where attacks are run: with secrets to find, doors to knock at, a victim, a neighbour, and eyes from outside.

- ``Range``    the place; ``fire`` runs one attack
- ``Verdict``  what came of it
"""

import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import xailab
from xailab_autograder.sandbox.attacks.attack import PRELUDE, Attack
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.outcomes import Cell, Died, Outcome, Raised, Returned, Unreadable, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.visible import hidden
from xailab_autograder.sandbox.zygote import Zygote

LIMITS = Limits(memory=1 << 30, scratch=32 << 20, scratch_files=2048)
"""Smaller than in earnest, so that attacks meet them sooner."""

_SECRET = "XAILAB-SECRET-"
_MOST_PRINTED = 70_000
_GONE_S = 20.0
_NEIGHBOUR = """
import os
def leave(text):
    with open("neighbour.txt", "w") as file:
        file.write(text)
    return os.path.abspath("neighbour.txt")
def look(x):
    return open("neighbour.txt").read()
"""


@dataclass(frozen=True)
class Verdict:
    """What came of an attack.

    ``contained``: it ended as it should, and nothing shows a breach. ``breach``: something does. ``unclear``: it ended
    in a way that proves nothing, which counts as a failure. ``open``: no wall against it stands at this level; it was
    not run.
    """

    attack: Attack
    outcome: Literal["contained", "breach", "unclear", "open"]
    detail: str
    seconds: float


class Range:
    """Where attacks are run against one zygote.

    Parameters
    ----------
    zygote
        Whose workers are attacked from.
    """

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote
        self._stack = ExitStack()
        self._secret = _SECRET + secrets.token_hex(16)
        self._constants: dict[str, object] = {}
        self._phrases: set[str] = {self._secret}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xailab-range-"))).resolve()
            self._plant(stack)
            self._listen(stack)
            self._victim = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(3600)"])
            stack.callback(self._end_victim)
            self._neighbour = stack.enter_context(
                SandboxedStudent(
                    self._zygote, [Cell("neighbour", _NEIGHBOUR)], [Wanted("", "leave"), Wanted("", "look")]
                )
            )
            place = self._neighbour.call("leave", ["untouched"], limit_s=10)
            assert isinstance(place, Returned), place
            self._constants |= {"VICTIM": self._victim.pid, "NEIGHBOUR_FILE": place.value}
            self._constants |= {"GRADER": os.getpid(), "ZYGOTE": self._zygote.pid}
            self._outside = self._look_outside()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def fire(self, attack: Attack, *, regardless: bool = False) -> Verdict:
        """Run one attack and judge, from outside, what came of it.

        Parameters
        ----------
        attack
            Of the corpus.
        regardless
            Run it even where no wall stands against it: the proof that an attack would bite.
        """
        if attack.needs not in ("", platform.machine()):
            return Verdict(attack, "contained", f"it is written for {attack.needs}, and cannot run here", 0.0)
        if not regardless and not attack.walls & self._zygote.layers:
            return Verdict(attack, "open", "no wall against it stands at this level", 0.0)
        start = time.monotonic()
        before = self._processes()
        values = [secrets.randbelow(2**48) + 7 for _ in range(2)]
        source = "\n".join(f"{name} = {value!r}" for name, value in self._constants.items())
        cell = Cell("attack", f"{PRELUDE}\n{source}\n{attack.source}")
        with SandboxedStudent(
            self._zygote, [cell], [Wanted("", "answer"), Wanted("", "honest")], limits=LIMITS
        ) as student:
            first = student.call("answer", [values[0]], limit_s=attack.limit_s)
            second = student.call("honest", [values[1]], limit_s=5.0)
        faults = [*self._answers(attack, first, second, values), *self._damage(before)]
        ending = ending_of(first, values[0] * 2)
        if faults:
            outcome: Literal["contained", "breach", "unclear"] = "breach"
        else:
            outcome = "contained" if ending in attack.ends else "unclear"
        detail = "; ".join(faults) or f"{ending}: {said(first)[:300]}"
        return Verdict(attack, outcome, detail, time.monotonic() - start)

    def _plant(self, stack: ExitStack) -> None:
        self._write_files()
        exercises = self._folder / "secrets" / "labs" / "exercises.py"
        os.environ["XAILAB_PLANTED"] = self._secret
        stack.callback(os.environ.pop, "XAILAB_PLANTED", None)
        package = Path(str(xailab.__file__)).parent
        withheld = {"JUDGE": Path(__file__), "METHOD": package / "dissection" / "running.py"}
        withheld["KERNEL"] = next(
            (path for f in hidden() for path in f.glob("iou.py")), self._folder / "secrets" / "key.txt"
        )
        for path in withheld.values():
            self._phrases.add(path.read_text(encoding="utf-8").splitlines()[0][:60])
        self._constants |= {name: str(path) for name, path in withheld.items()}
        self._constants |= {
            "SECRET": str(self._folder / "secrets" / "key.txt"),
            "SECRETS": str(self._folder / "secrets"),
            "EXERCISES": str(exercises),
            "OUTSIDE": str(self._folder / "outside"),
            "OUTSIDE_FILE": str(self._folder / "outside" / "file.txt"),
            "GRADER_FOLDER": str(self._folder / "grader"),
            "HOME": str(Path.home()),
            "BENCH": str(package / "data"),
        }

    def _write_files(self) -> None:
        """Write secrets and bystanders; what an attack did to earlier ones is undone."""
        for folder in ("secrets", "outside", "grader"):
            shutil.rmtree(self._folder / folder, ignore_errors=True)
        for folder in ("secrets/labs", "outside", "grader"):
            (self._folder / folder).mkdir(parents=True)
        for file in ("secrets/key.txt", "secrets/labs/exercises.py", "outside/file.txt"):
            (self._folder / file).write_text(f"{self._secret}\n" * 3)

    def _listen(self, stack: ExitStack) -> None:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        path = str(self._folder / "s")
        named.bind(path)
        self._doors = [tcp, udp, named]
        self._constants |= {"TCP_PORT": tcp.getsockname()[1], "UDP_PORT": udp.getsockname()[1], "UNIX_SOCKET": path}
        self._constants["ABSTRACT_SOCKET"] = path
        if sys.platform == "linux":
            abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
            name = f"\0xailab-{secrets.token_hex(8)}"
            abstract.bind(name)
            self._doors.append(abstract)
            self._constants["ABSTRACT_SOCKET"] = name
        for door in self._doors:
            door.setblocking(False)
            if door.type == socket.SOCK_STREAM:
                door.listen()

    def _end_victim(self) -> None:
        self._victim.send_signal(signal.SIGKILL)
        self._victim.wait()

    def _answers(self, attack: Attack, first: Outcome, second: Outcome, values: list[int]) -> Iterator[str]:
        """Yield what is wrong with what came back."""
        text = said(first) + said(second)
        if "BREACH" in text:
            yield f"it says so itself: {text[text.index('BREACH') :][:200]}"
        if any(phrase in text for phrase in self._phrases):
            yield "a secret came back"
        if ending_of(first, values[0] * 2) == "right" and "right" not in attack.ends:
            yield "it earned the answer"
        if isinstance(second, Returned) and second.value != values[1] * 2:
            yield f"the next question got a wrong answer: {said(second)[:100]}"
        if isinstance(first, Died) and not isinstance(second, Returned):
            yield f"it cost the next question too: {said(second)[:100]}"
        if isinstance(first, Returned) and len(first.output) > _MOST_PRINTED:
            yield f"{len(first.output):,} characters of output were kept"

    def _damage(self, before: set[int]) -> Iterator[str]:
        """Yield what an attack left behind, and mend it."""
        if self._look_outside() != self._outside:
            yield "files outside were changed"
            self._write_files()
            self._outside = self._look_outside()
        for door in self._doors:
            with suppress(BlockingIOError):
                door.recvfrom(64) if door.type == socket.SOCK_DGRAM else door.accept()[0].close()
                yield f"something came to {door.getsockname()}"
        if self._victim.poll() is not None:
            yield "another process was killed"
        look = self._neighbour.call("look", [0], limit_s=5.0)
        if not isinstance(look, Returned) or look.value != "untouched":
            yield "a neighbour's file was changed"
        if left := self._left_behind(before):
            yield f"{len(left)} processes were left behind"
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        if list(Path(tempfile.gettempdir()).glob(f"xailab-scratch-{self._zygote.name}-*"))[self._own_scratch() :]:
            yield "a scratch folder was left behind"

    def _own_scratch(self) -> int:
        """Return how many scratch folders there should be: the neighbour's, where it has no disk of its own."""
        return int("xailab-scratch" in str(self._constants["NEIGHBOUR_FILE"]))

    def _look_outside(self) -> dict[str, tuple[object, ...]]:
        """Return what the folders of secrets and bystanders look like."""
        found: dict[str, tuple[object, ...]] = {}
        for path in sorted(self._folder.rglob("*")):
            about = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[str(path)] = (about.st_mode, about.st_uid, about.st_mtime_ns, content)
        return found

    def _processes(self) -> set[int]:
        """Return all processes that were forked from the zygote, itself included, by the name in their command line."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*") if sys.platform == "linux" else ():
            with suppress(OSError):
                if self._zygote.name.encode() in (folder / "cmdline").read_bytes():
                    found.add(int(folder.name))
        return found

    def _left_behind(self, before: set[int]) -> set[int]:
        """Return what is still there a little later."""
        end = time.monotonic() + _GONE_S
        while (left := self._processes() - before) and time.monotonic() < end:
            time.sleep(0.02)
        return left


def ending_of(outcome: Outcome, right: int) -> str:
    """Return in a word of ``attack.ENDINGS`` how a call ended, or ``"broken"`` where the attack itself does not
    work.
    """
    match outcome:
        case Returned(value):
            if type(value) is int and value == right:
                return "right"
            parts = value if isinstance(value, list) else [value]
            return "stopped" if all(isinstance(p, str) and p.startswith("stopped:") for p in parts) else "wrong"
        case Raised(kind):  # a slip in the attack itself proves nothing
            return "broken" if kind in ("NameError", "AttributeError", "SyntaxError", "TypeError") else "raised"
        case Unreadable():
            return "unreadable"
        case Died(reason):
            return reason


def said(outcome: Outcome) -> str:
    """Return all text that came back with an outcome."""
    match outcome:
        case Returned(value, _, output):
            return f"{value!r} {output}"
        case Raised(kind, message, lines, _, output):
            return f"{kind}: {message} {lines} {output}"
        case Unreadable(what, _, output):
            return f"{what} {output}"
        case Died(reason, detail):
            return f"{reason} {detail}"
