"""Attraction and exact repulsion in torch, against the formulas in float64 and the kernels."""

import numpy as np
import pytest
import torch
from xailab_kernels.embedding import attraction as attraction_kernel
from xailab_kernels.embedding import repulsion as repulsion_kernel

from tests.kernels.embedding import naive
from tests.xailab.embedding.cuda.clouds import gaussian, raw
from xailab.embedding.cuda import repulsion
from xailab.embedding.cuda.attraction import Edges, attract, cross_term, pack
from xailab.embedding.cuda.repulsion import normalization, repel
from xailab.embedding.cuda.symmetric import rows_of

DOFS = [0.5, 1.0, 3.0]


def joint_of(n, kept=0.2, seed=0):
    """A symmetric matrix with rows of all lengths: one row is full, one is empty but for that."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(n, n, generator=generator) * (torch.rand(n, n, generator=generator) < kept)
    values[0] = torch.rand(n, generator=generator)
    values[1] = 0
    values = torch.triu(values, 1)
    return (values + values.T) / values.sum() / 2


def rows(joint, device):
    starts, neighbors, values = (part.to(device) for part in rows_of(joint))
    kept = values > 0
    before = torch.cat([starts.new_zeros(1), kept.cumsum(0)])
    return before[starts], neighbors[kept], values[kept]


def relative(found, wanted):
    return np.linalg.norm(found.double().cpu().numpy() - wanted) / np.linalg.norm(wanted)


@pytest.mark.parametrize("dof", DOFS)
@pytest.mark.parametrize("c", [2, 3])
@pytest.mark.parametrize("span", [1e-4, 1.0, 200.0])
def test_forces_are_those_of_the_formulas(span, c, dof, device):
    joint, points = joint_of(150), gaussian(150, c) * span
    edges = pack(*rows(joint, device))
    assert relative(attract(edges, points.to(device), dof), naive.attract(joint, points, dof)) < 1e-6
    wanted, z = naive.repel(points, dof)
    forces, total = repel(points.to(device), dof)
    assert relative(forces, wanted) < 1e-5
    assert float(total) == pytest.approx(z, rel=1e-6)
    assert float(normalization(points.to(device).double(), dof)) == pytest.approx(z, rel=1e-12)
    cross = float(cross_term(edges, points.to(device), dof))
    assert cross == pytest.approx(naive.cross_term(joint, points, dof), rel=1e-6)


def test_rows_of_any_length_are_summed_through_as_many_tables_as_they_need(device):
    n = 700  # the full row has 22 pieces, more than 16: two tables
    joint, points = joint_of(n, kept=0.01), gaussian(n, 2)
    edges = pack(*rows(joint, device))
    assert len(edges.tables) == 2
    assert relative(attract(edges, points.to(device), 1.0), naive.attract(joint, points)) < 1e-6


def test_a_point_without_neighbors_is_not_attracted(device):
    starts = torch.tensor([0, 1, 1, 2], device=device)
    neighbors = torch.tensor([2, 0], dtype=torch.int32, device=device)
    edges = pack(starts, neighbors, torch.tensor([0.5, 0.5], device=device))
    forces = attract(edges, gaussian(3, 2).to(device), 1.0)
    assert not forces[1].any()
    assert torch.equal(forces[0], -forces[2])


def test_the_kernels_give_the_same_forces(device):
    joint, points = joint_of(200), gaussian(200, 2) * 10
    parts = rows(joint, "cpu")
    edges = attraction_kernel.pack(*(part.numpy() for part in parts), np.arange(200, dtype=np.int32))
    wanted = attraction_kernel.attract(edges, points.numpy(), 1.0)
    found = attract(pack(*(part.to(device) for part in parts)), points.to(device), 1.0)
    assert relative(found, wanted.astype(np.float64)) < 2e-6
    wanted, z = repulsion_kernel.repel(points.numpy(), 1.0)
    forces, total = repel(points.to(device), 1.0)
    assert relative(forces, wanted.astype(np.float64)) < 5e-6
    assert float(total) == pytest.approx(z, rel=1e-6)


def test_coincident_points_do_not_push_each_other(device):
    forces, z = repel(torch.zeros(5, 2, device=device), 2.0)
    assert not forces.any()
    assert float(z) == 20


def test_chunks_do_not_show(device, monkeypatch):
    points = gaussian(100, 2).to(device)
    forces, z = repel(points, 1.0)
    monkeypatch.setattr(repulsion, "_VALUES", 1000)
    again, total = repel(points, 1.0)
    assert torch.equal(again, forces)
    assert float(total) == pytest.approx(float(z), rel=1e-14)


def _edges():
    return pack(*rows(joint_of(10), "cpu"))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda y: raw(repel)(y.double(), 1.0), TypeError, "points must be torch.float32, got torch.float64"),
        (lambda y: raw(repel)(y[:, :1], 1.0), ValueError, r"shape \(n, 2\) or \(n, 3\) .* got \(10, 1\)"),
        (lambda y: raw(repel)(y, 0.0), ValueError, "dof must be above 0 and finite"),
        (lambda y: raw(normalization)(y, 1.0), TypeError, "points must be torch.float64"),
        (lambda y: raw(attract)(_edges(), y[:9], 1.0), ValueError, "edges of 10 points do not fit 9 points"),
        (lambda y: raw(cross_term)(_edges(), y, -1.0), ValueError, "dof must be above 0"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(gaussian(10, 2))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda s, j, v: (s.int(), j, v), TypeError, "starts must be torch.int64, got torch.int32"),
        (lambda s, j, v: (s, j.long(), v), TypeError, "neighbors must be torch.int32"),
        (lambda s, j, v: (s, j, v.double()), TypeError, "values must be torch.float32"),
        (lambda s, j, v: (s, j[None], v), ValueError, "neighbors must have one axis"),
        (lambda s, j, v: (s, j, v[1:]), ValueError, "expected one value per neighbor"),
        (lambda s, j, v: (s[:-1], j, v), ValueError, "starts must rise from 0 to the number of entries"),
        (lambda s, j, v: (s.flip(0), j, v), ValueError, "starts must rise from 0"),
        (lambda s, j, v: (s, j + 1, v), ValueError, r"neighbors must lie in 0..9, got 1..10"),
    ],
)
def test_rows_that_cannot_be_packed(change, error, words):
    with pytest.raises(error, match=words):
        raw(pack)(*change(*rows(joint_of(10), "cpu")))


def test_edges_are_padded_with_the_point_itself(device):
    edges = pack(*rows(joint_of(40), device))
    assert isinstance(edges, Edges)
    padding = edges.weights == 0
    assert torch.equal(edges.ends.long()[padding], edges.owners[:, None].expand_as(padding)[padding])
