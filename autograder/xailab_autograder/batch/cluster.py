"""The workers of a Dask scheduler, for a class that outgrows one machine.

- ``ClusterWorkers``  an executor over a scheduler's address

Each worker's machine needs this version of xailab, the labs, and a sandbox. Submissions and the course key travel to
the workers: where the network is not yours alone, use a ``tls://`` scheduler.

A worker that dies has its jobs done by another; the gradebook takes each result once, whoever brings it.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any

from xailab.errors import XailabError
from xailab_autograder.batch.workers import Died, NoWorkers, Workers

CONNECT_S = 10.0
WORKERS_S = 30.0
"""How long to wait for the first worker of a scheduler."""

RETRIES = 2
"""How often a job is tried again elsewhere when it raises; deaths of workers are counted by the scheduler."""

_LOOK_EVERY_S = 5.0


class ClusterWorkers(Workers):
    """The workers of a Dask scheduler.

    Parameters
    ----------
    address
        Of the scheduler: ``"tcp://10.0.0.5:8786"``.
    first
        What each worker does now: what it raises there is raised here, with the worker's name.

    Raises
    ------
    XailabError
        The extra is not installed, nobody answers at the address, there are no workers, or one cannot judge.
    """

    def __init__(self, address: str, *, first: Callable[[], object] | None = None) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise XailabError(
                "grading on a cluster needs Dask: pip install distributed, here and on every worker"
            ) from None
        self.address = address
        connect: Any = Client
        try:
            self._client: Any = connect(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:  # TimeoutError is an OSError
            raise NoWorkers(f"no Dask scheduler answers at {address} ({_short(error)}); is it running there?") from None
        try:
            self._wait_for_one()
            if first is not None:
                self._do_first(first)
            self._executor = self._client.get_executor(pure=False, retries=RETRIES)
        except BaseException:
            self._client.close(timeout=CONNECT_S)
            raise
        self._lock = threading.Lock()
        self._seen, self._slots = 0.0, 1

    @property
    def slots(self) -> int:
        """How many threads all workers have together; asked again every few seconds, for workers come and go."""
        with self._lock:
            if time.monotonic() - self._seen > _LOOK_EVERY_S:
                with suppress(Exception):  # not now: the last known number will do
                    self._slots = max(1, sum(self._client.nthreads().values()))
                self._seen = time.monotonic()
            return self._slots

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have a function called by one of the workers."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            inner = self._executor.submit(fn, *args, **kwargs)
        except Exception as error:  # Dask's errors for a lost connection have no root in common
            future.set_exception(self._lost(error))
            return future
        inner.add_done_callback(partial(self._came, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take leave of the scheduler: after the last job, or with ``cancel_futures`` at once. Workers stay."""
        with suppress(Exception):  # the scheduler may be gone
            self._executor.shutdown(wait=wait and not cancel_futures)
        with suppress(Exception):
            self._client.close(timeout=CONNECT_S)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(cancel_futures=True)

    def _wait_for_one(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_S)
        except OSError:
            raise NoWorkers(
                f"the Dask scheduler at {self.address} has no workers; start some: dask worker {self.address}"
            ) from None

    def _do_first(self, first: Callable[[], object]) -> None:
        answers = self._client.run(first, on_error="return")
        for name, answer in answers.items():
            if isinstance(answer, ModuleNotFoundError):
                raise XailabError(f"the Dask worker {name} has no {answer.name}; install xailab on its machine")
            if isinstance(answer, BaseException):
                raise XailabError(f"the Dask worker {name} cannot grade: {_short(answer)}")

    def _came(self, future: "Future[Any]", done: "Future[Any]") -> None:
        """Pass a result on; say deaths and a lost scheduler in our own words."""
        from distributed.scheduler import KilledWorker

        error = CancelledError() if done.cancelled() else done.exception()
        if isinstance(error, KilledWorker):
            future.set_exception(Died("the Dask workers that did this job died, one after the other"))
        elif isinstance(error, CancelledError | OSError):
            future.set_exception(self._lost(error))
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(done.result())

    def _lost(self, error: BaseException) -> NoWorkers:
        return NoWorkers(
            f"the Dask scheduler at {self.address} is gone ({_short(error)}); start it again, then the same command "
            "goes on where this one ended"
        )


def _short(error: BaseException) -> str:
    """Return an error's first line."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
