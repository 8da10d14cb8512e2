"""Every row has the perplexity that was asked for, to float32's precision, whatever its distances are."""

import numba
import numpy as np
import pytest
from xailab_kernels.affinity import exponential
from xailab_kernels.affinity.calibration import conditional, conditional_mean
from xailab_kernels.compiling import serial

from tests.kernels.affinity import naive


def perplexity_of(p):
    return np.exp(naive.entropy(p.astype(np.float64)))


def distances(n, k, seed=0, features=8):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, 1, features)) * np.exp(rng.standard_normal((n, 1, 1)))
    return ((points - rng.standard_normal((n, k, features))) ** 2).sum(2).astype(np.float32)


def assert_calibrated(sqdist, perplexity):
    p, beta = conditional(sqdist, perplexity)
    expected, expected_beta = naive.conditional(sqdist, perplexity)
    largest = expected.max(1, keepdims=True)
    assert (np.abs(p - expected) <= 1e-6 * largest).all()
    np.testing.assert_allclose(beta, expected_beta, rtol=2e-5)
    np.testing.assert_allclose(p.sum(1, dtype=np.float64), 1, atol=1e-6)


@serial
def powers(x, out):
    for j in range(len(x)):
        out[j] = exponential.exp2(x[j])


@pytest.mark.parametrize("perplexity", [1.5, 2, 5, 30, 88.5, 89.9])
def test_rows_have_the_perplexity(perplexity):
    assert_calibrated(distances(150, 90), perplexity)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e3, 1e30])
def test_the_unit_of_the_distances_does_not_matter(scale):
    p, beta = conditional(distances(70, 90), 30)
    scaled, scaled_beta = conditional(distances(70, 90) * np.float32(scale), 30)
    np.testing.assert_allclose(scaled, p, atol=1e-6 * p.max())
    np.testing.assert_allclose(scaled_beta * scale, beta, rtol=1e-5)


def test_neighboring_rows_of_very_different_scale_do_not_disturb_each_other():
    scales = 10.0 ** np.random.default_rng(0).uniform(-25, 25, (130, 1))
    assert_calibrated((distances(130, 40) * scales).astype(np.float32), 12)


def test_perplexity_k_makes_rows_uniform():
    p, beta = conditional(distances(10, 7), 7)
    assert (p == np.float32(1 / 7)).all()
    assert (beta == 0).all()


def test_equal_distances_make_rows_uniform():
    for value in (0, 3.5):
        p, beta = conditional(np.full((3, 20), value, np.float32), 5)
        np.testing.assert_allclose(p, 1 / 20, rtol=1e-6)
        assert np.isfinite(beta).all()


@pytest.mark.parametrize("perplexity", [1, 5, 49.99, 50])
def test_more_ties_than_the_perplexity_share_everything(perplexity):
    sqdist = np.concatenate([np.zeros(50), np.arange(1, 60)])[None].astype(np.float32)
    sqdist = np.repeat(sqdist, 70, axis=0) + np.float32(2)
    p, beta = conditional(sqdist, perplexity)
    np.testing.assert_allclose(p[:, :50], 1 / 50, rtol=1e-6)
    assert (p[:, 50:] < 1e-7).all()
    assert np.isfinite(beta).all()


def test_a_perplexity_just_above_the_ties_is_reached():
    sqdist = np.concatenate([np.zeros(50), np.arange(1, 60)])[None].astype(np.float32)
    for perplexity in (50.01, 51, 60):
        np.testing.assert_allclose(perplexity_of(conditional(sqdist, perplexity)[0]), perplexity, rtol=1e-6)


def test_nearly_coincident_neighbors_are_told_apart():
    sqdist = np.concatenate([[0, 1e-12], np.ones(20)])[None].astype(np.float32)
    p = conditional(sqdist, 1.5)[0]
    assert p[0, 0] > p[0, 1] > 0.1
    np.testing.assert_allclose(perplexity_of(p), 1.5, rtol=1e-6)


def test_two_plateaus_of_the_entropy_are_crossed():
    rng = np.random.default_rng(0)
    groups = [rng.random(10), 1e6 + rng.random(10), 1e12 + 1e6 * rng.random(30)]
    sqdist = np.concatenate(groups)[None].astype(np.float32)
    for perplexity in (2, 9, 11, 19, 21, 45):
        np.testing.assert_allclose(perplexity_of(conditional(sqdist, perplexity)[0]), perplexity, rtol=1e-5)


def test_one_neighbor_gets_everything():
    p, beta = conditional(np.array([[0], [4]], np.float32), 1)
    assert (p == 1).all()
    assert (beta == 0).all()


def test_no_rows_are_no_problem():
    p, beta = conditional(np.zeros((0, 5), np.float32), 2)
    assert p.shape == (0, 5)
    assert beta.shape == (0,)


def test_results_do_not_depend_on_the_number_of_threads():
    sqdist = distances(1500, 90)
    both = conditional(sqdist, 30)
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = conditional(sqdist, 30)
    finally:
        numba.set_num_threads(threads)
    for found, expected in zip(both, one, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_noncontiguous_distances_are_taken():
    sqdist = distances(60, 40)
    np.testing.assert_array_equal(conditional(sqdist[::2, ::2], 5)[0], conditional(sqdist[::2, ::2].copy(), 5)[0])


def test_several_scales_are_averaged():
    sqdist = distances(40, 60)
    mean = conditional_mean(sqdist, np.array([5.0, 30.0]))
    np.testing.assert_allclose(mean, (conditional(sqdist, 5)[0] + conditional(sqdist, 30)[0]) / 2, rtol=1e-6)
    assert mean.dtype == np.float32


def test_wrong_arguments_are_refused():
    good = np.ones((4, 6), np.float32)
    with pytest.raises(TypeError, match="must be float32, not float64"):
        conditional(good.astype(np.float64), 3)
    with pytest.raises(ValueError, match=r"shape \(n, k\) with k >= 1, not \(6,\)"):
        conditional(good[0], 3)
    with pytest.raises(ValueError, match=r"k >= 1, not \(4, 0\)"):
        conditional(good[:, :0], 1)
    with pytest.raises(ValueError, match=r"in 0\.\.3e38, found -1\.\.-1"):
        conditional(-good, 3)
    for perplexity in (0.9, 6.1, np.nan):
        with pytest.raises(ValueError, match=r"perplexity must be in 1\.\.6 for 6 neighbors, not "):
            conditional(good, perplexity)
    with pytest.raises(ValueError, match="at least one perplexity"):
        conditional_mean(good, np.array([]))
    with pytest.raises(ValueError, match=r"in 1\.\.6 for 6 neighbors, not 7"):
        conditional_mean(good, np.array([2.0, 7.0]))


def test_powers_of_two_are_precise():
    x = np.linspace(-126, 0, 1_000_001, dtype=np.float32)
    found = np.empty_like(x)
    powers(x, found)
    assert np.abs(found / np.exp2(x.astype(np.float64)) - 1).max() < 1e-7
    assert found[-1] == 1
    assert found[0] == 2.0**-126


def test_the_polynomial_is_the_best_one():
    best, error = naive.best_polynomial(6, np.linspace(-0.5, 0.5, 20001))
    np.testing.assert_allclose(exponential.COEFFICIENTS, best, rtol=2e-7)
    assert error < 2e-9
