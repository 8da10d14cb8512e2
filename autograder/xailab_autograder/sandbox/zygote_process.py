"""The process that workers are forked from: libraries imported, nothing secret ever read, nothing computed.

Started by ``zygote.Zygote`` as a fresh interpreter with an empty environment. It imports numpy, torch, numba and the
bench, moves into a world without anything else, and then only forks keepers. It never sees a submission, an exercise,
or an answer.

- ``main``   the process's whole life
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from xailab_autograder.sandbox import (
    confining,
    control,
    huge_pages,
    keeper,
    namespaces,
    probing,
    seccomp,
    stage,
    visible,
)
from xailab_autograder.sandbox.confining import World
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.wire import Channel

__all__ = ["main"]


def main(descriptor: int, options: str) -> None:
    """Serve one grader until it closes its socket.

    Parameters
    ----------
    descriptor
        Of the socket to the grader.
    options
        As JSON: ``without``, the walls that are left out (for tests of the lower levels); ``name``, of this zygote.
    """
    grader = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    chosen = json.loads(options)
    try:
        world, reasons = _build(set(chosen["without"]), chosen["name"])
    except BaseException as error:
        control.send(grader, {"broken": f"{type(error).__name__}: {error}"})
        return
    layers = sorted(layer.value for layer in world.layers)
    control.send(grader, {"layers": layers, "reasons": reasons, "pid": os.getpid()})
    _serve(grader, world)


def _build(without: set[str], name: str) -> tuple[World, dict[str, str]]:
    """Find out what the machine allows, import, and go behind the first wall."""
    rules = visible.rules()
    tried = probing.probe(rules)
    tried |= {Layer.OTHER_USER: probing.no_other_user(tried, rules)}
    tried |= {Layer(name): "left out on request" for name in without}
    stage.prepare()
    layers = frozenset(layer for layer, fault in tried.items() if not fault)
    world = World(name, layers, (*rules, *visible.late_rules(rules)))
    threads = len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
    if threads != 1:
        raise RuntimeError(f"the zygote has {threads} threads after its imports; forks of it would hang")
    if Layer.NAMESPACES in world.layers:
        namespaces.enter(probing.readable(world.rules))
    if Layer.SECCOMP in world.layers:
        seccomp.prepare()
    gc.collect()
    gc.freeze()
    return world, {layer.value: fault for layer, fault in tried.items() if fault and fault != probing.NOT_NEEDED}


def _serve(grader: socket.socket, world: World) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    waiting = select.poll()
    waiting.register(grader, select.POLLIN)
    for _ in huge_pages.gather():  # until the first worker is asked for, and between the others
        if waiting.poll(0) and not _serve_one(grader, world):
            return
    while _serve_one(grader, world):
        pass


def _serve_one(grader: socket.socket, world: World) -> bool:
    """Fork a keeper for the next request; return False at the end."""
    received = control.receive(grader)
    if received is None:
        return False
    message, (own, calls) = received
    if not os.fork():
        grader.close()
        budget = Limits(**message["limits"])
        keeper.keep(socket.socket(fileno=own), socket.socket(fileno=calls), world, budget, _worker)
    os.close(own)
    os.close(calls)
    return True


def _worker(calls: socket.socket, world: World, budget: Limits, scratch: Path | None) -> NoReturn:
    """Go behind all walls, say so, and serve. Student code runs from here on."""
    channel = Channel(calls)
    try:
        confining.die_with_parent()
        confining.detach([calls.fileno()])
        confining.confine(world, budget, scratch)
    except BaseException as error:
        channel.send({"kind": "broken", "why": f"{type(error).__name__}: {error}"})
        os._exit(1)
    ready: dict[str, Any] = {"kind": "ready", "layers": sorted(layer.value for layer in world.layers)}
    channel.send(ready)
    from xailab_autograder.sandbox import (
        session,
    )  # imported by stage.prepare, after the walls were tried: it needs torch

    session.work(channel)
    os._exit(0)
