"""From a start to a map: run an engine through its phases, watch it, and stop when asked to.

- ``descend``        all iterations of a ``Descent``
- ``choose_engine``  the engine for some affinities
- ``Watch``          who is told how it goes: a progress bar, a callback
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from xailab.embedding.affinity import SparseAffinity
from xailab.embedding.engine import Engine
from xailab.embedding.progress import Bar
from xailab.embedding.schedule import Descent, Exact, Interpolated
from xailab.interrupts import interrupts_deferred

RECORD_EVERY = 50
"""Iterations between two values of the KL divergence."""
EXACT_UP_TO = 3500
"""Points up to which exact repulsion, in one compiled loop, is faster than interpolation (see benchmarks)."""
_SMALL = 5000  # up to so many points, RECORD_EVERY iterations take well below a second: no need to look up in between
_GLANCE = 10

Callback = Callable[[int, float, Float32[np.ndarray, "n c"]], bool | None]
History = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Watch:
    """Who is told how it goes.

    Attributes
    ----------
    callback
        Called every 50 iterations and at the end with iteration, KL divergence and a copy of the points; true ends it.
    bar
        Shows how far it is.
    """

    callback: Callback | None
    bar: Bar


def descend(engine: Engine, descent: Descent, points: int, watch: Watch) -> tuple[History, bool]:
    """Run an engine to the end, or until Ctrl-C or the callback end it; return the history, and whether it is complete.

    A second Ctrl-C raises KeyboardInterrupt at once.
    """
    history: list[tuple[int, float]] = []
    iteration, stopped = 0, False
    glance = RECORD_EVERY if points <= _SMALL else _GLANCE
    watch.bar.stage("t-SNE")
    with interrupts_deferred() as interrupted:
        for phase in descent.phases(points):
            end = iteration + phase.iterations
            while iteration < end and not stopped:
                step = min(glance - iteration % glance, end - iteration)
                engine.advance(phase, step)
                iteration += step
                watch.bar.advance(step)
                stopped = interrupted()
                if iteration % RECORD_EVERY == 0 and iteration < descent.total and not stopped:
                    stopped = _record(engine, iteration, history, watch) or interrupted()
        if not history or history[-1][0] < iteration:
            _record(engine, iteration, history, watch)
    return tuple(history), iteration == descent.total


def choose_engine(
    affinity: SparseAffinity | np.ndarray,
    start: Float32[np.ndarray, "n c"],
    *,
    dof: float,
    repulsion: Exact | Interpolated | None,
    device: Any = None,
) -> Engine:
    """Return the engine that suits the affinities, the dimensions, the number of points and the device.

    Raises
    ------
    ValueError
        Interpolation was asked for where there is none: in three dimensions, for a dense matrix.
    """
    n, dimensions = start.shape
    if isinstance(repulsion, Interpolated) and dimensions != 2:
        raise ValueError(f"interpolated repulsion is for 2 dimensions, got {dimensions}: use Exact() or None")
    if isinstance(repulsion, Interpolated) and not isinstance(affinity, SparseAffinity):
        raise ValueError("interpolated repulsion needs sparse affinities: use affinities(), or Exact()")
    if device is not None:
        return _on_device(affinity, start, dof, repulsion, device)
    from xailab.embedding.fused import DenseEngine, SparseEngine

    if not isinstance(affinity, SparseAffinity):
        return DenseEngine(affinity, start, dof=dof)
    if isinstance(repulsion, Exact) or dimensions != 2 or (repulsion is None and n <= EXACT_UP_TO):
        return SparseEngine(affinity, start, dof=dof)
    from xailab.embedding.interpolated import InterpolatedEngine

    return InterpolatedEngine(affinity, start, dof=dof, spacing=(repulsion or Interpolated()).spacing)


def _on_device(
    affinity: SparseAffinity | np.ndarray,
    start: Float32[np.ndarray, "n c"],
    dof: float,
    repulsion: Exact | Interpolated | None,
    device: Any,
) -> Engine:
    """Return an engine of torch."""
    from xailab.embedding.cuda.arrays import engine_on

    spacing = repulsion.spacing if isinstance(repulsion, Interpolated) else 0.0 if repulsion else None
    if not isinstance(affinity, SparseAffinity):
        return engine_on(device, affinity, start, dof=dof, spacing=0.0)
    rows = affinity.starts, affinity.neighbors, affinity.values
    return engine_on(device, rows, start, dof=dof, spacing=spacing)


def _record(engine: Engine, iteration: int, history: list[tuple[int, float]], watch: Watch) -> bool:
    """Note the KL divergence and pass it on; return whether the callback asks to end."""
    divergence = engine.divergence()
    history.append((iteration, divergence))
    watch.bar.show(divergence)
    return watch.callback is not None and bool(watch.callback(iteration, divergence, engine.points()))
