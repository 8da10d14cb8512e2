"""The driver runs every phase, tells how it goes, and stops where it is told to."""

import importlib
import signal

import numpy as np
import pytest

from tests.xailab.embedding.examples import groups
from xailab.embedding.affinity import affinities
from xailab.embedding.descent import Watch, choose_engine, descend
from xailab.embedding.engine import Engine, Phase
from xailab.embedding.fused import DenseEngine, SparseEngine
from xailab.embedding.interpolated import InterpolatedEngine
from xailab.embedding.progress import Bar
from xailab.embedding.quality import kl_divergence
from xailab.embedding.schedule import Descent, Exact, Interpolated
from xailab.embedding.start import pca_start
from xailab.embedding.tsne import tsne

FEATURES, _ = groups(100)
DESCENT = Descent(iterations=130, exaggerated_iterations=30)


class Counting:
    """An engine that only counts."""

    def __init__(self, press_at: int | None = None) -> None:
        self.calls: list[tuple[float, int]] = []
        self.count, self._press_at = 0, press_at

    def advance(self, phase: Phase, iterations: int) -> None:
        self.calls.append((phase.exaggeration, iterations))
        self.count += iterations
        if self._press_at is not None and self.count >= self._press_at:
            self._press_at = None
            signal.raise_signal(signal.SIGINT)

    def divergence(self) -> float:
        return 1.0 / (1 + self.count)

    def points(self):
        return np.full((4, 2), self.count, np.float32)


def run(engine, *, points=100, callback=None, descent=DESCENT):
    with Bar(False, descent.total) as bar:
        return descend(engine, descent, points, Watch(callback, bar))


def test_phases_are_run_to_their_ends_and_the_divergence_is_noted_every_fifty_iterations():
    engine = Counting()
    history, complete = run(engine)
    assert isinstance(engine, Engine)
    assert engine.calls == [(12.0, 30), (1.0, 20), (1.0, 50), (1.0, 50), (1.0, 10)]
    assert [iteration for iteration, _ in history] == [50, 100, 150, 160]
    assert complete


def test_of_many_points_shorter_parts_are_run_so_that_one_can_stop_soon():
    engine = Counting()
    history, _ = run(engine, points=10**6)
    assert {iterations for _, iterations in engine.calls} == {10}
    assert [iteration for iteration, _ in history] == [50, 100, 150, 160]


def test_no_iterations_leave_the_start():
    history, complete = run(Counting(), descent=Descent(iterations=0, exaggerated_iterations=0))
    assert history == ((0, 1.0),)
    assert complete
    found = tsne(FEATURES, descent=Descent(iterations=0, exaggerated_iterations=0))
    np.testing.assert_array_equal(found.points, pca_start(FEATURES))


def test_the_callback_sees_what_is_noted_and_can_end_it():
    seen = []

    def callback(iteration, divergence, points):
        seen.append((iteration, divergence, float(points[0, 0])))
        return iteration >= 100

    history, complete = run(Counting(), callback=callback)
    assert seen == [(50, 1 / 51, 50.0), (100, 1 / 101, 100.0)]
    assert history == ((50, 1 / 51), (100, 1 / 101))
    assert not complete


def test_an_error_in_the_callback_comes_out():
    def callback(*_):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(Counting(), callback=callback)


def test_ctrl_c_ends_it_with_what_there_is():
    engine = Counting(press_at=80)
    history, complete = run(engine)
    assert not complete
    assert history[-1][0] == engine.count == 100
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_returns_a_map_that_is_not_finished():
    def press(iteration, *_):
        if iteration == 50:
            signal.raise_signal(signal.SIGINT)

    found = tsne(FEATURES, callback=press)
    assert not found.finished
    assert found.iterations == 50
    assert found.kl == pytest.approx(kl_divergence(found.affinity, found.points), rel=1e-4)
    assert "after 50 iterations, ended early" in repr(found)


def test_a_second_ctrl_c_raises():
    def press(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        tsne(FEATURES, callback=press)


def test_ctrl_c_while_affinities_are_computed_raises(monkeypatch):
    module = importlib.import_module("xailab.embedding.tsne")  # the package has the function under this name
    monkeypatch.setattr(module, "sparse", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        tsne(FEATURES)


@pytest.mark.parametrize(
    ("points", "dimensions", "repulsion", "kind"),
    [
        (100, 2, None, SparseEngine),
        (100, 2, Interpolated(), InterpolatedEngine),
        (100, 3, None, SparseEngine),
        (100, 2, Exact(), SparseEngine),
    ],
)
def test_the_engine_suits_the_points(points, dimensions, repulsion, kind):
    known = affinities(FEATURES, perplexity=5)
    start = pca_start(FEATURES, dimensions=dimensions)
    assert type(choose_engine(known, start, dof=1.0, repulsion=repulsion)) is kind


def test_many_points_are_interpolated(monkeypatch):
    monkeypatch.setattr("xailab.embedding.descent.EXACT_UP_TO", 99)
    known, start = affinities(FEATURES, perplexity=5), pca_start(FEATURES)
    assert type(choose_engine(known, start, dof=1.0, repulsion=None)) is InterpolatedEngine
    assert type(choose_engine(known, start, dof=1.0, repulsion=Exact())) is SparseEngine


@pytest.mark.parametrize("kind", [SparseEngine, InterpolatedEngine, DenseEngine])
@pytest.mark.parametrize("parts", [(70,), (7, 53, 10), (1,) * 70])
def test_iterations_may_be_cut_into_any_parts(kind, parts):
    known, start = affinities(FEATURES, perplexity=5), pca_start(FEATURES)
    if kind is DenseEngine:
        known = known.matrix.toarray()
    phase = Phase(70, 4.0, 0.8, 25.0)
    whole, cut = kind(known, start), kind(known, start)
    whole.advance(phase, 70)
    for part in parts:
        cut.advance(phase, part)
        cut.divergence()
    assert whole.points().tobytes() == cut.points().tobytes()
    assert (start == pca_start(FEATURES)).all(), "the start was changed"


@pytest.mark.parametrize("kind", [InterpolatedEngine, DenseEngine])
def test_all_engines_take_the_same_steps(kind):
    known, start = affinities(FEATURES, perplexity=5), pca_start(FEATURES)
    reference = SparseEngine(known, start)
    engine = kind(known.matrix.toarray() if kind is DenseEngine else known, start)
    phase = Phase(30, 4.0, 0.8, 25.0)
    for each in (reference, engine):
        each.advance(phase, 30)
    assert engine.divergence() == pytest.approx(reference.divergence(), rel=0.01)
    apart = np.linalg.norm(engine.points() - reference.points()) / np.linalg.norm(reference.points())
    assert apart < 0.05
