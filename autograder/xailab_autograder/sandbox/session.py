"""The worker's side of the conversation: run definitions, answer calls. Student code runs in this process.

- ``Session``   serves one channel until it closes
- ``explain``   an exception as it crosses: class, message, the student's own lines
"""

import json
import linecache
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Literal

from xailab_autograder.sandbox import realizing, stage, values
from xailab_autograder.sandbox.capture import Output
from xailab_autograder.sandbox.definitions import collect
from xailab_autograder.sandbox.outcomes import MAX_LINE, MAX_LINES, MAX_MESSAGE, MAX_NOTES, Cell, Found, Note, Wanted
from xailab_autograder.sandbox.values import CannotCross, Handle, Malformed
from xailab_autograder.sandbox.wire import Channel, Closed

Answer = tuple[dict[str, Any], list[values.Buffer]]


class Session:
    """Serves one channel: each request gets one answer, with the request's ticket."""

    def __init__(self, channel: Channel, main: ModuleType, output: Output) -> None:
        self._channel, self._main, self._output = channel, main, output
        self._labels: set[str] = set()

    def serve(self) -> None:
        """Answer requests until the other end closes."""
        kinds: dict[str, Callable[[Mapping[str, Any], list[values.Buffer]], Answer]] = {
            "define": self._define,
            "call": self._call,
            "value": self._value,
        }
        while True:
            try:
                request, buffers = self._channel.receive()
            except Closed:
                return
            self._output.take()
            stage.reseed(request["seed"])
            answer, parts = kinds[request["kind"]](request, buffers)
            self._reply(request, answer, parts)

    def _reply(self, request: Mapping[str, Any], answer: dict[str, Any], parts: list[values.Buffer]) -> None:
        answer |= {"ticket": request["ticket"], "output": self._output.take()}
        try:
            self._channel.send(answer, parts)
        except Malformed as error:
            output = answer["output"][:MAX_MESSAGE]
            self._channel.send(
                {"kind": "unreadable", "what": str(error), "ticket": request["ticket"], "output": output}
            )

    def _define(self, request: Mapping[str, Any], buffers: list[values.Buffer]) -> Answer:
        source, wanted = json.loads(buffers[0].tobytes())
        cells = [Cell(*fields) for fields in source]
        for cell in cells:
            lines = cell.source.splitlines(keepends=True)
            linecache.cache[cell.label] = (len(cell.source), None, lines, cell.label)
            self._labels.add(cell.label)
        collected = collect(cells, [Wanted(*fields) for fields in wanted])
        notes = list(collected.notes)
        for number, group in enumerate(collected.groups):
            if number in request["skip"]:
                continue
            self._channel.send({"kind": "running", "ticket": request["ticket"], "group": number, "cell": group.cell})
            notes += self._run(group.cell, group.module)
        found = {name: _found_fields(entry) for name, entry in collected.found.items()}
        said = [[note.cell, note.kind, note.text[:MAX_MESSAGE]] for note in notes[:MAX_NOTES]]
        return {"kind": "definitions", "found": found, "notes": said}, []

    def _run(self, label: str, module: Any) -> list[Note]:
        try:
            exec(compile(module, label, "exec", dont_inherit=True), self._main.__dict__)  # noqa: S102  that is its purpose
        except BaseException as error:
            fault = explain(error, self._labels)
            kind: Literal["withheld", "error"] = (
                "withheld" if "is withheld while your code is graded" in fault["message"] else "error"
            )
            where = fault["lines"][-1] if fault["lines"] else label
            return [Note(label, kind, f"{fault['error']}: {fault['message']} ({where})")]
        return []

    def _call(self, request: Mapping[str, Any], buffers: list[values.Buffer]) -> Answer:
        handles: dict[int, Handle] = {}
        keep: list[Any] = []
        arguments = realizing.realize(values.decode(request["arguments"], buffers, handles=True), handles, keep)
        try:
            function = self._look_up(request["name"])
            result = function(*arguments)
        except BaseException as error:
            return {"kind": "raised", **explain(error, self._labels)}, []
        sent = (result, tuple(arguments)) if request["return_arguments"] else (result, None)
        return self._returned(sent, handles)

    def _value(self, request: Mapping[str, Any], buffers: list[values.Buffer]) -> Answer:
        try:
            result = self._look_up(request["name"])
        except NameError as error:
            return {"kind": "raised", **explain(error, self._labels)}, []
        return self._returned((result, None), {})

    def _look_up(self, name: str) -> Any:
        try:
            return self._main.__dict__[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined") from None

    def _returned(self, sent: tuple[Any, Any], handles: Mapping[int, Handle]) -> Answer:
        try:
            tree, parts = values.encode(sent, handles=handles, convert=realizing.tensor)
        except CannotCross as error:
            return {"kind": "unreadable", "what": str(error)}, []
        except BaseException as error:
            return {"kind": "unreadable", "what": f"an object that cannot be read ({type(error).__name__})"}, []
        return {"kind": "returned", "value": tree}, parts


def explain(error: BaseException, labels: set[str]) -> dict[str, Any]:
    """Return an exception as it crosses.

    Parameters
    ----------
    error
        What student code raised.
    labels
        Of the student's cells: only their lines are shown.
    """
    try:
        message = str(error)
    except BaseException:
        message = "(its message cannot be shown)"
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in labels:
            lines.append(f"{frame.filename}, line {frame.lineno}: {(frame.line or '').strip()}"[:MAX_LINE])
    name = type.__getattribute__(type(error), "__name__")
    return {"error": str(name)[:100], "message": message[:MAX_MESSAGE], "lines": lines[-MAX_LINES:]}


def _found_fields(found: Found) -> Sequence[Any]:
    parameters = None if found.parameters is None else list(found.parameters)
    return [found.cell, found.line, parameters, found.stub]


def work(channel: Channel) -> None:
    """Serve a channel in this process, which is behind its walls already; never returns."""
    main, output = stage.set_up()
    try:
        Session(channel, main, output).serve()
    finally:
        sys.stdout.flush()
        os._exit(0)
