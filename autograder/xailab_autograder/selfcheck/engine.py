"""The engine behind the check: a zygote that lives as long as the session, one fresh worker per check, and the judge.

- ``warm``   start the zygote in the background
- ``judge``  one task against gathered cells
- ``weakness``  what is to be said of a machine without walls
- ``close``  end the zygote

The zygote is started when a notebook says ``lab("03")``, so that the first check does not wait for its imports.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from xailab.errors import XailabError

if TYPE_CHECKING:
    from xailab_autograder.exercises import Exercise
    from xailab_autograder.judging.judge import Verdict
    from xailab_autograder.sandbox.outcomes import Cell
    from xailab_autograder.sandbox.zygote import Zygote

_lock = threading.Lock()
_zygotes: list[Zygote] = []  # none or one


def zygote() -> Zygote:
    """Return the session's zygote; the first call makes it."""
    with _lock:
        if not _zygotes:
            from xailab_autograder.sandbox.levels import Level
            from xailab_autograder.sandbox.zygote import Zygote

            # One's own code on one's own machine: worth checking behind whatever walls there are.
            _zygotes.append(Zygote(Level.L0))
            atexit.register(close)
        return _zygotes[0]


def warm() -> None:
    """Start the zygote and go on at once. What goes wrong is said when it is needed."""
    with suppress(XailabError):
        zygote().warm()


def weakness() -> str:
    """Say honestly where code is checked without any wall; empty where there are walls."""
    from xailab_autograder.sandbox.levels import Level

    if zygote().level >= Level.L1:
        return ""
    return "this machine has no sandbox: your code was checked in a plain process, which can do all that you can do"


def close() -> None:
    """End the zygote, if there is one."""
    with _lock:
        while _zygotes:
            _zygotes.pop().close()


def judge(lab: str, task: Exercise, cells: Sequence[Cell], *, attempts: int) -> Verdict:
    """Judge one exercise by its public cases.

    Parameters
    ----------
    lab
        Its number.
    task
        What is asked.
    cells
        The function and what it needs.
    attempts
        Earlier failed attempts in this session: one more hint each.
    """
    from xailab_autograder.judging.judge import check_task
    from xailab_autograder.judging.seeds import public
    from xailab_autograder.judging.threads import one_thread
    from xailab_autograder.sandbox.outcomes import Wanted
    from xailab_autograder.sandbox.student import SandboxedStudent

    with one_thread(), SandboxedStudent(zygote(), cells, [Wanted(task.id, task.function)]) as student:
        return check_task(task, student, public(lab, task.id), hidden=False, attempts=attempts)
