"""Repulsion by a grid in torch, against all pairs in float64."""

import pytest
import torch

from tests.xailab.embedding.cuda.clouds import gaussian, maps, raw
from xailab.embedding.cuda.grid import bounds_of, grid_for, repel_interpolated, repel_on, span_of
from xailab.embedding.cuda.repulsion import repel

N = 600
SPANS = {1e-4: 2e-5, 0.1: 2e-5, 1.0: 2e-5, 3.9: 1e-4, 4.1: 1e-4, 50.0: 5e-3, 200.0: 5e-3}


def errors(points, dof, **options):
    wanted, z = repel(points.double().float(), dof)
    forces, total = repel_interpolated(points, dof, **options)
    return float((forces - wanted).norm() / wanted.norm()), abs(float(total / z) - 1)


@pytest.mark.parametrize("name", maps(4))
@pytest.mark.parametrize("span", SPANS)
def test_forces_and_normalization_are_as_precise_as_promised_whatever_the_span(span, name, device):
    force, z = errors(maps(N)[name].to(device) * span, 1.0)
    assert force < SPANS[span]
    assert z < 1e-4


def test_the_widest_map_that_the_finest_grid_covers(device):
    force, z = errors(maps(N)["round"].to(device) * 500, 1.0)
    assert force < 5e-3
    assert z < 1e-4


@pytest.mark.parametrize("dof", [0.5, 3.0])
@pytest.mark.parametrize("span", [0.1, 50.0])
def test_any_degrees_of_freedom(span, dof, device):
    force, z = errors(maps(N)["round"].to(device) * span, dof)
    assert force < SPANS[span]
    assert z < 1e-4


def test_a_finer_grid_is_more_precise(device):
    points = maps(N)["clusters"].to(device) * 100
    coarse, fine = errors(points, 1.0, spacing=0.5)[0], errors(points, 1.0, spacing=0.25)[0]
    assert fine < coarse / 5


def test_twice_the_same_bits(device):
    points = gaussian(3000, 2).to(device) * 5
    first, second = repel_interpolated(points, 1.0), repel_interpolated(points, 1.0)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_the_order_of_points_does_not_matter_to_the_charges(device):
    points = gaussian(500, 2).to(device) * 5
    turned, _ = repel_interpolated(points.flip(0).contiguous(), 1.0)
    assert torch.equal(turned.flip(0), repel_interpolated(points, 1.0)[0])


def test_a_grid_chosen_for_a_smaller_map_is_stretched(device):
    points = maps(N)["round"].to(device)
    wanted, _ = repel(points * 60, 1.0)
    grid = grid_for(50.0, points.device)
    forces, _ = repel_on(grid, points * 60, bounds_of(points * 60), 1.0)
    assert float((forces - wanted).norm() / wanted.norm()) < 5e-3


def test_one_far_outlier_does_not_exhaust_the_memory(device):
    points = gaussian(50, 2).to(device)
    points[0] = 1e6
    forces, z = repel_interpolated(points, 1.0)
    assert bool(forces.isfinite().all())
    assert 0 < float(z) <= 50 * 49


def test_points_at_one_place_do_not_push_each_other(device):
    forces, z = repel_interpolated(torch.ones(7, 2, device=device), 1.0)
    assert float(forces.abs().max()) == 0
    assert float(z) == pytest.approx(42)


def test_a_map_without_a_size_reads_nothing_outside(device):
    points = torch.full((5, 2), torch.nan, device=device)
    grid = grid_for(1.0, points.device)
    forces, _ = repel_on(grid, points, bounds_of(points), 1.0)
    assert bool(forces.isnan().all())


def test_sizes_of_grids_are_few():
    sizes = {grid_for(span / 10, torch.device("cpu")).nodes for span in range(1, 10_000, 7)}
    assert len(sizes) < 40
    assert (min(sizes), max(sizes)) == (64, 2048)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda y: raw(repel_interpolated)(y.double(), 1.0), TypeError, "points must be torch.float32"),
        (lambda y: raw(repel_interpolated)(gaussian(9, 3), 1.0), ValueError, "works in 2 dimensions, .*: use repel"),
        (lambda y: repel_interpolated(y, 0), ValueError, "dof must be above 0"),
        (lambda y: repel_interpolated(y, 1.0, spacing=0.0), ValueError, "spacing must be above 0, got 0.0"),
        (lambda y: repel_interpolated(y * torch.inf, 1.0), ValueError, "no longer finite"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(gaussian(9, 2))


def test_the_span_is_the_larger_side():
    assert span_of(bounds_of(torch.tensor([[0.0, 1.0], [3.0, -4.0]]))) == 5.0
