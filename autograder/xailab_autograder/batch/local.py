"""Processes of this machine that do jobs, each replaced when it dies.

- ``LocalWorkers``  so many single processes behind one executor

Each slot is a pool of one process, so that a death is always known to be that of one job. Processes are started fresh
(``spawn``): nothing of the parent is in them. They end when the parent does, however it ends.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from xailab.errors import XailabError
from xailab_autograder.batch.workers import Died, NoWorkers, Workers

MOST_DEATHS = 2
"""So often a job may end its process before it is given up."""

_MOST_FAILED_STARTS = 2
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_ENDED = "these workers have ended"
_starting = threading.Lock()


@dataclass(eq=False)
class _Task:
    """A job that waits or is being done."""

    work: Callable[[], Any]
    future: "Future[Any]" = field(default_factory=Future)
    deaths: int = 0


class _Slot:
    """One process at a time."""

    def __init__(self) -> None:
        self.failed_starts = 0
        self.processes: list[BaseProcess] = []
        self.pool: ProcessPoolExecutor | None = None

    def start(self, first: Callable[[], object]) -> "Future[object]":
        """Start a process in place of the former one; return what it does first."""
        self.end()
        self.pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_settle)
        with _starting, _interrupts_held():
            before = set(multiprocessing.active_children())
            started: Future[object] = self.pool.submit(first)
            self.processes = list(set(multiprocessing.active_children()) - before)
        return started

    def end(self) -> None:
        """Kill the process, if there is one. Does not wait for it."""
        for process in self.processes:
            with suppress(ValueError):  # closed already
                process.kill()
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)


class LocalWorkers(Workers):
    """So many processes of this machine.

    One thread looks after all of them: whatever happens comes to it as an event, so that nothing of a pool is touched
    while the pool itself is at work.

    Parameters
    ----------
    slots
        How many.
    first
        What each process does before its first job: what it raises ends the whole, for it would fail at every job.
    """

    def __init__(self, slots: int, *, first: Callable[[], object] = os.getpid) -> None:
        if slots < 1:
            raise ValueError(f"slots: expected at least 1, got {slots}")
        self._first = first
        self._slots = [_Slot() for _ in range(slots)]
        self._idle: list[_Slot] = []
        self._waiting: deque[_Task] = deque()
        self._doing: set[_Task] = set()
        self._broken: XailabError | None = None
        self._ending = self._closed = False
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._look_after, name="xailab-workers", daemon=True)
        self._thread.start()

    @property
    def slots(self) -> int:
        """How many jobs are done at once."""
        return len(self._slots)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes' ids at this moment."""
        return tuple(process.pid for slot in self._slots for process in slot.processes if process.pid is not None)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have a function called in one of the processes."""
        if self._closed:
            raise RuntimeError(_ENDED)
        task = _Task(partial(fn, *args, **kwargs))
        self._events.put(lambda: self._take(task))
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after the last job, or with ``cancel_futures`` at once."""
        self._closed = True
        self._events.put(self._end_at_once if cancel_futures else self._end_after_all)
        if wait:
            self._thread.join()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(cancel_futures=True)

    def _look_after(self) -> None:
        """Start the processes, then do what events ask for, until nothing is left to look after."""
        for slot in self._slots:
            self._events.put(partial(self._start, slot))
        while not (self._ending and not self._waiting and not self._doing):
            try:
                self._events.get()()
                self._hand_out()
            except OSError as error:
                self._break(NoWorkers(f"no process for grading can be started here: {error.strerror or error}"))
        for slot in self._slots:
            slot.end()
        for slot in self._slots:
            if slot.pool is not None:
                slot.pool.shutdown()

    def _take(self, task: _Task) -> None:
        if self._broken is None:
            self._waiting.append(task)
        elif task.future.set_running_or_notify_cancel():
            task.future.set_exception(self._broken)

    def _end_after_all(self) -> None:
        self._ending = True

    def _end_at_once(self) -> None:
        self._ending = True
        for task in self._waiting:
            if not task.future.cancel():
                task.future.set_exception(RuntimeError(_ENDED))
        for task in self._doing:
            task.future.set_exception(RuntimeError(_ENDED))
        self._waiting.clear()
        self._doing.clear()

    def _start(self, slot: _Slot) -> None:
        """Give a slot a fresh process; it is idle as soon as that has done what comes first."""
        started = slot.start(self._first)
        started.add_done_callback(lambda done: self._events.put(lambda: self._started(slot, done)))

    def _started(self, slot: _Slot, done: "Future[object]") -> None:
        error = done.exception()
        if error is None:
            slot.failed_starts = 0
            self._idle.append(slot)
            return
        slot.failed_starts += 1
        if not isinstance(error, BrokenProcessPool):
            told = f"the processes for grading cannot begin ({type(error).__name__}: {error})"
            self._break(error if isinstance(error, XailabError) else NoWorkers(told))
        elif slot.failed_starts < _MOST_FAILED_STARTS:
            self._start(slot)
        else:
            self._break(NoWorkers("the processes for grading die as soon as they are started; is there enough memory?"))

    def _break(self, error: XailabError) -> None:
        """Answer everything that waits, and all that comes later, with this error."""
        self._broken = error
        waiting, self._waiting = self._waiting, deque()
        for task in waiting:
            if task.future.running() or task.future.set_running_or_notify_cancel():
                task.future.set_exception(error)

    def _hand_out(self) -> None:
        """Give waiting tasks to idle slots."""
        while self._idle and self._waiting:
            task = self._waiting.popleft()
            if task.future.running() or task.future.set_running_or_notify_cancel():
                self._give(self._idle.pop(), task)

    def _give(self, slot: _Slot, task: _Task) -> None:
        assert slot.pool is not None
        try:
            done = slot.pool.submit(task.work)
        except BrokenProcessPool:  # it died while it had nothing to do: no job is to blame
            self._waiting.appendleft(task)
            self._start(slot)
            return
        self._doing.add(task)
        done.add_done_callback(lambda done: self._events.put(lambda: self._came(slot, task, done)))

    def _came(self, slot: _Slot, task: _Task, done: "Future[Any]") -> None:
        self._doing.discard(task)
        error = done.exception()
        if not isinstance(error, BrokenProcessPool):
            self._idle.append(slot)
            if error is not None:
                task.future.set_exception(error)
            else:
                task.future.set_result(done.result())
            return
        self._start(slot)
        task.deaths += 1
        if task.deaths < MOST_DEATHS:
            self._waiting.appendleft(task)
        else:
            task.future.set_exception(Died(f"the process died at this job {task.deaths} times"))


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Shield what is started in the block from Ctrl-C until it has settled."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle() -> None:
    """Prepare a fresh process: deaf to Ctrl-C, one thread of linear algebra, an end with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # numpy is not there yet
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, name="xailab-parent", daemon=True).start()
