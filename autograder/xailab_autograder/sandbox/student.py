"""A submission that answers calls, in a sandboxed worker. The trusted side of the conversation.

- ``SandboxedStudent``   implements ``outcomes.Student``

A worker that dies costs the call that killed it: the next call gets a fresh worker in which the definitions were run
again. A statement that kills the worker while definitions are run is left out from then on. Whatever a worker says is
checked for its form; that it may still be a lie is why nothing is scored here.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from xailab_autograder.sandbox import values
from xailab_autograder.sandbox.answers import death, read_definitions, read_outcome
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.outcomes import (
    Cell,
    Definitions,
    Died,
    Note,
    Outcome,
    Value,
    Wanted,
)
from xailab_autograder.sandbox.values import Malformed
from xailab_autograder.sandbox.wire import Closed, Late, in_seconds
from xailab_autograder.sandbox.worker import Worker
from xailab_autograder.sandbox.zygote import Zygote

DEFINITIONS_S = 30.0
"""How long running the definitions may take."""

VALUE_S = 10.0
MOST_RERUNS = 4
"""How many statements may kill the worker before the whole submission counts as one that cannot be run."""

_MOST_ANNOUNCED = 100_000
_GONE_S = 2.0

Answer = tuple[dict[str, Any], list[values.Buffer]]


class SandboxedStudent:
    """A submission in a sandboxed worker. Starts at the first use; close it, or use it as a context.

    Parameters
    ----------
    zygote
        Where workers come from.
    cells
        The source as handed in.
    wanted
        The names that exercises ask for.
    limits
        How much a worker may use.
    definitions_s
        How long running the definitions may take.
    """

    def __init__(
        self,
        zygote: Zygote,
        cells: Sequence[Cell],
        wanted: Sequence[Wanted],
        *,
        limits: Limits | None = None,
        definitions_s: float = DEFINITIONS_S,
    ) -> None:
        self._zygote, self._cells, self._wanted = zygote, tuple(cells), tuple(wanted)
        self._limits, self._definitions_s = limits or Limits(), definitions_s
        self._worker: Worker | None = None
        self._known: Definitions | Died | None = None
        self._left_out: dict[int, Note] = {}
        self._announced: tuple[int, str] | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def definitions(self) -> Definitions | Died:
        """Run the definitions once and say what there is. Died: not even they could be run."""
        if self._known is None:
            self._known = self._define()
        return self._known

    def call(
        self,
        name: str,
        arguments: Sequence[Value],
        *,
        limit_s: float,
        return_arguments: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Outcome:
        """Call a function with fresh copies of the arguments.

        Parameters
        ----------
        name
            Of the function.
        arguments
            Plain data and handles: see ``outcomes.Value``.
        limit_s
            The worker is killed when no answer has come after so many seconds.
        return_arguments
            Whether to return the arguments as they are after the call.
        meanwhile
            Called once while the worker works.
        """
        tree, buffers = values.encode(list(arguments))
        request = {"kind": "call", "name": name, "arguments": tree, "return_arguments": return_arguments}
        return self._outcome(request, buffers, limit_s, meanwhile)

    def value(self, name: str) -> Outcome:
        """Return what a variable holds after the definitions were run."""
        return self._outcome({"kind": "value", "name": name}, [], VALUE_S)

    def _outcome(
        self,
        request: dict[str, Any],
        buffers: Sequence[values.Buffer],
        limit_s: float,
        meanwhile: Callable[[], None] | None = None,
    ) -> Outcome:
        died = self._stand_by()
        if died is not None:
            return died
        start = time.monotonic()
        answer = self._ask(request, buffers, limit_s, meanwhile)
        seconds = time.monotonic() - start
        if isinstance(answer, Died):
            return Died(answer.reason, answer.detail, seconds)
        try:
            return read_outcome(*answer, seconds)
        except Malformed as error:
            self.close()
            return Died("protocol", str(error), seconds)

    def _stand_by(self) -> Died | None:
        """Have a worker in which the definitions were run; Died where that cannot be."""
        known = self.definitions()
        if isinstance(known, Died):
            return known
        if self._worker is None:
            again = self._define()
            return again if isinstance(again, Died) else None
        return None

    def _define(self) -> Definitions | Died:
        """Run the definitions in a fresh worker, without the statements that killed earlier ones."""
        while True:
            self.close()
            self._worker, self._announced = self._zygote.start_worker(self._limits), None
            answer = self._ask(
                {"kind": "define", "skip": sorted(self._left_out)}, [self._source()], self._definitions_s
            )
            if not isinstance(answer, Died):
                try:
                    return read_definitions(answer[0], tuple(self._left_out.values()))
                except Malformed as error:
                    self.close()
                    return Died("protocol", str(error))
            if self._announced is None or len(self._left_out) >= MOST_RERUNS or self._announced[0] in self._left_out:
                return answer
            number, cell = self._announced
            why = f"{answer.reason}: {answer.detail}"
            text = f"a statement of this cell was left out, because it ended the process ({why})"
            self._left_out[number] = Note(cell, "skipped", text)

    def _source(self) -> values.Buffer:
        cells = [[cell.label, cell.source, cell.grade_id] for cell in self._cells]
        wanted = [[want.exercise, want.name] for want in self._wanted]
        return np.frombuffer(json.dumps([cells, wanted]).encode(), np.uint8)

    def _ask(
        self,
        request: dict[str, Any],
        buffers: Sequence[values.Buffer],
        limit_s: float,
        meanwhile: Callable[[], None] | None = None,
    ) -> Answer | Died:
        """Put a question to the worker; whatever is not an answer to it costs the worker its life."""
        worker = self._worker
        assert worker is not None
        deadline = in_seconds(limit_s)
        self._asked += 1
        ticket = secrets.token_hex(16)
        try:
            if worker.channel.pending():  # it said something that nobody asked for, or it is gone
                worker.channel.receive(deadline=deadline)
                raise Malformed("it spoke without being asked")
            worker.channel.send({**request, "ticket": ticket, "seed": self._asked}, buffers, deadline=deadline)
            if meanwhile is not None:
                meanwhile()
            return self._answer(worker, ticket, deadline)
        except (Closed, Late, Malformed) as error:
            died = self._cause(worker, error, limit_s)
        except BaseException:
            self.close()
            raise
        self.close()
        return died

    def _answer(self, worker: Worker, ticket: str, deadline: float) -> Answer:
        for _ in range(_MOST_ANNOUNCED):
            header, buffers = worker.channel.receive(deadline=deadline)
            if header.get("ticket") != ticket:
                raise Malformed("an answer to another question")
            if header.get("kind") != "running":
                return header, buffers
            number, cell = header.get("group"), header.get("cell")
            if type(number) is not int or not isinstance(cell, str) or cell not in {c.label for c in self._cells}:
                raise Malformed("an announcement of nothing")
            self._announced = (number, cell)
        raise Malformed("announcements without end")

    def _cause(self, worker: Worker, error: Exception, limit_s: float) -> Died:
        """Find out how the worker ended, and end it where it has not."""
        if isinstance(error, Late):
            return Died("time", f"it took longer than {limit_s:g} s")
        if isinstance(error, Malformed):
            return Died("protocol", str(error))
        ending = worker.ending(_GONE_S)
        if ending is None:
            return Died("protocol", "it closed the connection")
        return death(ending, self._limits)
