"""Whole descents in torch: the step, the engine, and where they lead."""

import math

import numpy as np
import pytest
import torch
from xailab_kernels.embedding import attraction, descent_sparse

from tests.kernels.embedding import naive
from tests.xailab.embedding.cuda.clouds import gaussian, mixture, raw
from xailab.embedding.cuda.arrays import affinities_on, engine_on, joint_on
from xailab.embedding.cuda.descent import step
from xailab.embedding.cuda.engine import TorchEngine
from xailab.embedding.cuda.symmetric import rows_of, sparse
from xailab.embedding.engine import LONGEST_STEP, Phase

N = 300
EARLY, LATE = Phase(60, 12.0, 0.8, N / 12), Phase(120, 1.0, 0.8, float(N))
SETTINGS = {"exaggeration": 4.0, "learning_rate": 30.0, "momentum": 0.8, "longest_step": 5.0}


@pytest.fixture(scope="module")
def problem():
    """Affinities and a start of standard deviation 1e-4."""
    features = mixture(N, 10)
    start = features[:, :2] - features[:, :2].mean(0)
    return sparse(features, [15.0]), start / start[:, 0].std() * 1e-4


def engine(problem, device, **options):
    affinity, start = problem
    return TorchEngine(*(part.to(device) for part in affinity), start.to(device), **options)


def run(engine):
    engine.advance(EARLY, EARLY.iterations)
    engine.advance(LATE, LATE.iterations)
    return engine


@pytest.mark.parametrize("c", [2, 3])
def test_a_step_follows_the_rule(c, device):
    tensors = [gaussian(50, c, seed=seed) for seed in range(5)]
    tensors[1][0] = 0  # a velocity of length 0
    tensors[2].abs_()
    wanted = naive.step(*(t.double().numpy() for t in tensors), 7.0, **SETTINGS)
    state = [t.to(device, copy=True) for t in tensors]
    bounds = step(*state, torch.tensor(7.0, dtype=torch.float64, device=device), **SETTINGS)
    for found, value in zip(state, wanted, strict=False):
        np.testing.assert_allclose(found.cpu().numpy(), value, rtol=1e-5, atol=1e-5)
    moved = state[0].cpu()
    assert torch.equal(bounds.cpu(), torch.stack([moved.amin(0), moved.amax(0)], 1))


def test_a_step_is_never_longer_than_allowed(device):
    tensors = [gaussian(50, 2, seed=seed).to(device) for seed in range(5)]
    step(*tensors, torch.tensor(1.0, device=device), **{**SETTINGS, "learning_rate": 1e4})
    assert float(tensors[1].norm(dim=1).max()) <= LONGEST_STEP * (1 + 1e-6)


def test_the_start_is_left_alone_and_the_map_stays_centred(problem, device):
    _, start = problem
    before = start.clone()
    points = engine(problem, device)
    points.advance(EARLY, 5)
    assert torch.equal(start, before)
    assert abs(points.points().mean(0)).max() < 1e-6
    assert points.points().dtype == np.float32


@pytest.mark.parametrize("spacing", [0, 0.25])
def test_twice_the_same_bits_however_the_iterations_are_divided(spacing, problem, device):
    once, again = (engine(problem, device, spacing=spacing) for _ in range(2))
    once.advance(EARLY, 20)
    for iterations in (1, 7, 10, 2):
        again.advance(EARLY, iterations)
    np.testing.assert_array_equal(once.points(), again.points())
    assert once.divergence() == again.divergence()


@pytest.mark.parametrize("dof", [1.0, 2.0])
def test_the_divergence_is_the_one_of_the_definition(dof, problem, device):
    dense = np.zeros((N, N), np.float32)
    starts, neighbors, values = (part.numpy() for part in problem[0])
    dense[np.repeat(np.arange(N), np.diff(starts)), neighbors] = values
    for spacing, precision in ((0, 1e-6), (0.25, 1e-4)):
        points = engine(problem, device, dof=dof, spacing=spacing)
        points.advance(EARLY, 50)
        assert points.divergence() == pytest.approx(naive.divergence(dense, points.points(), dof), rel=precision)


@pytest.mark.parametrize("spacing", [0, 0.4])
def test_a_descent_ends_as_low_as_the_kernels(spacing, problem, device):
    affinity, start = problem
    edges = attraction.pack(*(part.numpy() for part in affinity), np.arange(N, dtype=np.int32))
    points = start.numpy().copy()
    state = points, np.zeros_like(points), np.ones_like(points)
    for phase in (EARLY, LATE):
        z = descent_sparse.descend_sparse(
            edges,
            *state,
            iterations=phase.iterations,
            exaggeration=phase.exaggeration,
            learning_rate=phase.learning_rate,
            momentum=phase.momentum,
            longest_step=LONGEST_STEP,
            dof=1.0,
        )
    values = affinity[2].double()
    wanted = float((values * values.log()).sum()) + attraction.cross_term(edges, points, 1.0) + math.log(z)
    assert run(engine(problem, device, spacing=spacing)).divergence() < wanted * 1.02


def test_three_dimensions_go_lower_than_two(problem, device):
    affinity, start = problem
    third = torch.cat([start, 1e-4 * gaussian(N, 1)], 1)
    two, three = engine(problem, device), engine((affinity, third), device)
    for points in (two, three):
        points.advance(EARLY, 40)
        points.advance(LATE, 40)
    assert three.points().shape == (N, 3)
    assert three.divergence() < two.divergence()


def test_arrays_go_to_the_device_and_back(device):
    features, there = mixture(80, 5).numpy(), torch.device(device)
    start = gaussian(80, 2).numpy()
    affinity = affinities_on(there, features, [10.0])
    dense = joint_on(there, features, 10.0)
    assert [part.dtype.name for part in affinity] == ["int64", "int32", "float32"]
    for given in (affinity, dense):
        points = engine_on(there, given, start)
        points.advance(EARLY, 3)
        assert points.points().shape == (80, 2)
        assert math.isfinite(points.divergence())


@pytest.mark.parametrize(
    ("start", "options", "error", "words"),
    [
        (gaussian(9, 2), {}, ValueError, "the affinities are of 10 points, the start has 9"),
        (gaussian(10, 2).double(), {}, TypeError, "points must be torch.float32"),
        (gaussian(10, 2), {"dof": 0.0}, ValueError, "dof must be above 0"),
        (gaussian(10, 2), {"spacing": -1.0}, ValueError, "spacing must be 0 .* or above, got -1.0"),
        (gaussian(10, 3), {"spacing": 0.3}, ValueError, "2 dimensions only: use spacing=0"),
    ],
)
def test_what_is_refused(start, options, error, words):
    affinity = rows_of(torch.full((10, 10), 1 / 90))
    with pytest.raises(error, match=words):
        raw(TorchEngine.__init__)(object.__new__(TorchEngine), *affinity, start, **options)


def test_a_descent_that_leaves_the_finite_says_so(problem, device):
    lost = engine(problem, device, spacing=0.25)
    lost._points.fill_(torch.nan)
    with pytest.raises(ValueError, match="no longer finite: try a smaller learning rate"):
        lost.advance(EARLY, 10)


@pytest.mark.parametrize("name", ["velocity", "gains"])
def test_a_state_of_another_shape_is_refused(name):
    tensors = {key: torch.zeros(5, 2) for key in ("points", "velocity", "gains", "attraction", "repulsion")}
    tensors[name] = torch.zeros(4, 2)
    with pytest.raises(ValueError, match=rf"{name} must have the shape of the points, \(5, 2\), got \(4, 2\)"):
        raw(step)(**tensors, normalization=torch.tensor(1.0), **SETTINGS)
    tensors[name] = torch.zeros(5, 2, dtype=torch.float64)
    with pytest.raises(TypeError, match=f"{name} must be float32"):
        raw(step)(**tensors, normalization=torch.tensor(1.0), **SETTINGS)
