"""Perplexity and probabilities in torch, against bisection in float64 and the kernels."""

import numpy as np
import pytest
import torch
from xailab_kernels.affinity import calibration
from xailab_kernels.affinity import dense as kernel

from tests.xailab.embedding.cuda.clouds import conditional64, gaussian, mixture, raw, sqdist64
from xailab.embedding.cuda import affinity
from xailab.embedding.cuda.affinity import conditional, conditional_mean, joint

PRECISION = 2e-6  # of the largest probability: what is promised


def error(found, wanted):
    return np.abs(found.double().cpu().numpy() - wanted).max() / wanted.max()


def neighbor_rows(n=60, k=40):
    return torch.from_numpy(np.sort(sqdist64(gaussian(n, 8)), axis=1)[:, :k].astype(np.float32))


@pytest.mark.parametrize("perplexity", [1.5, 2, 12, 39.5])
def test_rows_have_the_perplexity_asked_for(perplexity, device):
    sqdist = neighbor_rows()
    p, beta = conditional(sqdist.to(device), perplexity)
    assert error(p, conditional64(sqdist, perplexity)) < PRECISION
    assert (p.dtype, beta.dtype) == (torch.float32, torch.float64)
    again = torch.softmax(-beta[:, None] * sqdist.to(device).double(), 1)
    assert float((again - p).abs().max()) < 2e-6


def test_the_limits_are_the_nearest_alone_and_uniform(device):
    sqdist = neighbor_rows().to(device)
    nearest, _ = conditional(sqdist, 1)
    assert torch.equal(nearest[:, 0], torch.ones(60, device=device))
    uniform, beta = conditional(sqdist, 40)
    assert float((uniform - 1 / 40).abs().max()) < 1e-8
    assert not beta.any()


def test_equal_distances_share_the_probability(device):
    sqdist = neighbor_rows()
    sqdist[0] = 3.0
    sqdist[1, :10] = 0.0
    p, beta = conditional(sqdist.to(device), 5)
    assert torch.allclose(p[0], torch.full_like(p[0], 1 / 40))
    assert torch.allclose(p[1, :10], torch.full_like(p[1, :10], 0.1))
    assert float(p[1, 10:].max()) < 1e-6
    assert bool(beta.isfinite().all())


def test_a_row_does_not_depend_on_the_others(device, monkeypatch):
    sqdist = neighbor_rows().to(device)
    whole, _ = conditional(sqdist, 7)
    monkeypatch.setattr(affinity, "_VALUES", 40 * 7)
    assert torch.equal(conditional(sqdist, 7)[0], whole)


def test_the_kernel_calibrates_to_the_same_probabilities(device):
    sqdist = neighbor_rows()
    wanted, betas = calibration.conditional(sqdist.numpy(), 12.0)
    found, beta = conditional(sqdist.to(device), 12.0)
    assert error(found, wanted.astype(np.float64)) < PRECISION
    np.testing.assert_allclose(beta.cpu().numpy(), betas, rtol=1e-5)


def test_several_perplexities_are_averaged(device):
    sqdist = neighbor_rows().to(device)
    wanted = (conditional(sqdist, 5)[0] + conditional(sqdist, 20)[0]) / 2
    assert torch.equal(conditional_mean(sqdist, [5, 20]), wanted)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
@pytest.mark.parametrize(("offset", "perplexity"), [(0, 2), (0, 30), (1000, 30), (0, 78.5)])
def test_joint_probabilities_are_as_precise_as_promised(scale, offset, perplexity, device):
    features = (gaussian(80, 10) + offset) * scale
    p = conditional64(sqdist64(features), perplexity)
    found, beta = joint(features.to(device), perplexity)
    assert error(found, (p + p.T) / 160) < PRECISION
    assert bool(beta.isfinite().all())


def test_joint_probabilities_are_symmetric_without_diagonal_and_sum_to_one(device, monkeypatch):
    features = mixture(90, 6).to(device)
    p, _ = joint(features, 89 / 2)
    assert torch.equal(p, p.T)
    assert not p.diagonal().any()
    assert abs(float(p.double().sum()) - 1) < 1e-6
    monkeypatch.setattr(affinity, "_VALUES", 1000)
    assert float((joint(features, 89 / 2)[0] - p).abs().max()) < 1e-9


def test_the_largest_perplexity_is_uniform(device):
    p, _ = joint(gaussian(20, 3).to(device), 19)
    off = ~torch.eye(20, dtype=torch.bool, device=device)
    assert torch.allclose(p[off], torch.full_like(p[off], 1 / 380), rtol=1e-6)


def test_copies_of_a_point_share_what_perplexity_cannot_reach(device):
    features = gaussian(60, 4)
    features[:50] = features[0]
    p, beta = joint(features.to(device), 5)
    copies = p[:50, :50][~torch.eye(50, dtype=torch.bool, device=device)]
    assert torch.allclose(copies, torch.full_like(copies, 1 / 49 / 60), rtol=1e-5)
    assert bool(p.isfinite().all() & beta.isfinite().all())


def test_the_dense_kernel_gives_the_same(device):
    features = mixture(100, 16)
    wanted, _ = kernel.joint(features.numpy(), 20.0)
    assert error(joint(features.to(device), 20.0)[0], wanted.astype(np.float64)) < PRECISION


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: raw(joint)(x, 1.9), ValueError, "perplexity must be between 2 and 9 for so many points .* got 1.9"),
        (lambda x: raw(joint)(x, 9.1), ValueError, "perplexity must be between 2 and 9"),
        (lambda x: raw(joint)(x, float("nan")), ValueError, "got nan"),
        (lambda x: raw(joint)(x[:2], 1), ValueError, "at least 3 points, got 2"),
        (lambda x: raw(joint)(x.double(), 3), TypeError, "features must be float32"),
        (lambda x: raw(conditional)(x, 0.5), ValueError, "between 1 and 3 for so many neighbors"),
        (lambda x: raw(conditional)(x.int(), 2), TypeError, "sqdist must be float32, got torch.int32"),
        (lambda x: raw(conditional_mean)(x, []), ValueError, "expected a perplexity or several, got none"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(gaussian(10, 3).abs())
