"""The grader's side of the sandbox: one zygote, and the workers that are forked from it.

- ``Zygote``         a process with everything imported; ``start_worker`` takes milliseconds
- ``SandboxError``   there is none, or a wall of it does not stand
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import xailab
from xailab_autograder.sandbox import control, macos, scratch, wire
from xailab_autograder.sandbox.levels import Layer, Level, reached
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.values import Malformed
from xailab_autograder.sandbox.wire import Channel
from xailab_autograder.sandbox.worker import SandboxError, Worker

__all__ = ["SandboxError", "Zygote"]

WARM_UP_S = 120.0
"""How long the imports may take."""

START_S = 20.0
"""How long a worker may take from the request to its first word."""

_END_S = 5.0
_PASSED_ON = ("LD_LIBRARY_PATH", "HOME", "TZ", "CONDA_PREFIX")
_START = (
    "import sys; sys.path[:0] = {folders!r}; "
    "from xailab_autograder.sandbox.zygote_process import main; main({descriptor}, {options!r})"
)


class Zygote:
    """A process with everything imported, from which workers are forked. Starts on first use, or early with ``warm``.

    Usable from several threads at once.

    Parameters
    ----------
    minimum
        Below this level no student code is run: ``SandboxError``.
    without
        Walls to leave out, for tests of the lower levels.
    wrapper
        Words before the interpreter's own command line, for example another sandbox.

    Attributes
    ----------
    name
        Stands in the command line of the zygote and all that is forked from it, and in the names of scratch folders.
    reasons
        Why walls are missing, by their names.
    """

    def __init__(
        self, minimum: Level = Level.L1, *, without: frozenset[Layer] = frozenset(), wrapper: tuple[str, ...] = ()
    ) -> None:
        self.minimum = minimum
        self.pid: int | None = None
        self.name = secrets.token_hex(8)
        self.reasons: Mapping[str, str] = {}
        self._without, self._wrapper = without, wrapper
        self._layers: frozenset[Layer] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._errors: IO[bytes] | None = None
        self._lock = threading.RLock()
        self._spawns = sys.platform == "darwin"  # forks are not safe there: every worker is a fresh interpreter

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Begin with the imports and return at once."""
        with self._lock:
            if self._process is None and not self._spawns:
                self._launch()

    @property
    def layers(self) -> frozenset[Layer]:
        """The walls around every worker. Waits for the imports."""
        with self._lock:
            self._ready()
            assert self._layers is not None
            return self._layers

    @property
    def level(self) -> Level:
        """How well workers are kept apart. Waits for the imports."""
        return reached(self.layers)

    def start_worker(self, limits: Limits | None = None) -> Worker:
        """Return a new worker behind all walls.

        Parameters
        ----------
        limits
            How much it may use.

        Raises
        ------
        SandboxError
            It cannot be kept apart as well as announced.
        """
        if self._spawns and self.layers:
            return self._spawn(limits or Limits())
        ours, theirs = wire.connected()
        keeper_ours, keeper_theirs = socket.socketpair()
        channel = Channel(ours)
        try:
            with theirs, keeper_theirs:
                self._request(limits or Limits(), (keeper_theirs.fileno(), theirs.fileno()))
            return self._welcome(channel, keeper_ours)
        except BaseException:
            channel.close()
            keeper_ours.close()
            raise

    def close(self) -> None:
        """End the zygote and every worker of it."""
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                try:
                    self._process.wait(_END_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            if self._errors is not None:
                self._errors.close()
            self._process, self._control, self._errors, self._layers, self.pid = None, None, None, None, None

    def _launch(self) -> None:
        if sys.platform == "win32":
            raise SandboxError(
                "Windows cannot keep student code apart. Install WSL (wsl --install) and run xailab in it."
            )
        ours, theirs = socket.socketpair()
        options = json.dumps({"without": [layer.value for layer in self._without], "name": self.name})
        program = _START.format(folders=_folders(), descriptor=theirs.fileno(), options=options)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        with theirs:
            self._process = subprocess.Popen(
                [*self._wrapper, sys.executable, "-s", "-P", "-B", "-c", program],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd="/",
            )
        self._control = ours

    def _ready(self) -> None:
        """Wait until the zygote has told what walls it has, and refuse too few."""
        if self._spawns:
            kept = frozenset({Layer.PROCESS, Layer.LIMITS}) | ({Layer.SANDBOX_EXEC} if macos.available() else set())
            self._accept(kept, {"namespaces, landlock, seccomp": "only Linux has them"})
            return
        if self._process is not None and self._layers is not None and self._process.poll() is not None:
            self.close()  # it died: start another
        if self._process is None:
            self._launch()
        if self._layers is not None:
            return
        assert self._control is not None
        self._control.settimeout(WARM_UP_S)
        try:
            received = control.receive(self._control)
        except TimeoutError:
            received = None
        message: dict[str, Any] = received[0] if received else {"broken": f"the process ended: {self._last_words()}"}
        if "broken" in message:
            self.close()
            raise SandboxError(f"the sandbox could not be built: {message['broken']}")
        self._control.settimeout(START_S)
        self.pid = int(message["pid"])
        self._accept(frozenset(Layer(name) for name in message["layers"]), dict(message["reasons"]))

    def _accept(self, layers: frozenset[Layer], reasons: dict[str, str]) -> None:
        """Take note of the walls there are, and refuse too few."""
        self.reasons = reasons
        if reached(layers) < self.minimum:
            why = "; ".join(f"{name}: {fault}" for name, fault in reasons.items())
            self.close()
            raise SandboxError(f"this machine reaches {reached(layers)}, and {self.minimum} is asked for ({why})")
        self._layers = layers

    def _spawn(self, limits: Limits) -> Worker:
        from xailab_autograder.sandbox import spawned, visible  # only macOS needs them

        folder = scratch.make(self.name)
        wrapper = macos.wrapper(visible.rules(), folder) if Layer.SANDBOX_EXEC in self.layers else ()
        return spawned.spawn(limits, _folders(), _environment(), (*self._wrapper, *wrapper), folder)

    def _request(self, limits: Limits, descriptors: tuple[int, int]) -> None:
        with self._lock:
            self._ready()
            assert self._control is not None
            try:
                control.send(self._control, {"limits": limits.as_json()}, descriptors)
            except OSError:  # it died just now: once more with another
                self.close()
                self._ready()
                control.send(self._control, {"limits": limits.as_json()}, descriptors)

    def _welcome(self, channel: Channel, keeper: socket.socket) -> Worker:
        """Hear keeper and worker: the one has a handle of the other, which says what walls it is behind."""
        keeper.settimeout(START_S)
        try:
            received = control.receive(keeper)
        except TimeoutError:
            received = None
        if received is None or "broken" in received[0]:
            raise SandboxError(
                f"no worker could be started: {received[0]['broken'] if received else 'its keeper ended'}"
            )
        message, descriptors = received
        worker = Worker(channel, keeper, message["pid"], descriptors[0] if descriptors else None)
        try:
            said, _ = channel.receive(deadline=wire.in_seconds(START_S))
        except (wire.Closed, wire.Late, Malformed) as error:
            said = {"kind": "broken", "why": str(error)}
        expected = sorted(layer.value for layer in self._layers or ())
        if said.get("kind") != "ready" or said.get("layers") != expected:
            worker.close()
            raise SandboxError(f"a worker could not be kept apart as announced: {said.get('why', said)}")
        return worker

    def _last_words(self) -> str:
        assert self._errors is not None
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode(errors="replace").strip() or "without a word"


def _folders() -> list[str]:
    """Return where the zygote imports from: what this process imported from."""
    import xailab_autograder

    return [str(Path(str(package.__file__)).parents[1]) for package in (xailab, xailab_autograder)]


def _environment() -> dict[str, str]:
    """Return the zygote's whole environment: no key, no token, no path of the grader's."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    fixed: dict[str, Any] = {"PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "LANG": "C.UTF-8", "CUDA_VISIBLE_DEVICES": ""}
    return {"PATH": "/usr/bin:/bin", **passed, **threads, **fixed}
