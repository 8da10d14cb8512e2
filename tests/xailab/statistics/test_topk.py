"""The best images are the best, the first among equals, whatever the order in which they come."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import naive
from xailab.statistics import TopImages


def maps(seed=0, images=30, units=4):
    """Few different values, so that there are many ties."""
    return torch.from_numpy(np.random.default_rng(seed).integers(-2, 3, (images, units, 3, 2)).astype(np.float32))


def accumulated(activations, order, count, device="cpu", size=7):
    top = TopImages(activations.shape[1], count)
    for indices in torch.as_tensor(order).split(size):
        top.add(activations[indices].to(device), indices)
    return top


@given(st.permutations(range(30)), st.integers(1, 40), st.integers(1, 30))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_best_images_equal_the_twins_in_any_order(device, order, count, size):
    activations = maps()
    best = accumulated(activations, order, count, device, size).result()
    for unit, expected in enumerate(naive.top_images(activations.flatten(2).amax(2).numpy(), count)):
        n = len(expected)
        assert list(zip(best.values[unit, :n].tolist(), best.indices[unit, :n].tolist(), strict=True)) == expected
        assert (best.indices[unit, n:] == -1).all()
        assert (best.values[unit, n:] == -torch.inf).all()
        assert (best.positions[unit, n:] == -1).all()


def test_positions_are_those_of_the_maximum(device):
    activations = torch.rand(9, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    best = accumulated(activations, range(9), 4, device).result()
    for unit in range(3):
        for index, value, (row, col) in zip(
            best.indices[unit], best.values[unit], best.positions[unit].tolist(), strict=True
        ):
            assert activations[index, unit, row, col] == value == activations[index, unit].max()


def test_first_of_equal_maxima_is_the_position(device):
    activations = torch.zeros(1, 1, 2, 3)
    activations[0, 0, 0, 2] = activations[0, 0, 1, 1] = 1
    assert accumulated(activations, [0], 1, device).result().positions.tolist() == [[[0, 2]]]


def test_merged_shards_and_restored_states_equal_the_whole(device):
    activations = maps()
    whole = accumulated(activations, range(30), 8, device).state()
    merged = accumulated(activations, range(17, 30), 8, device)
    merged.merge(TopImages.from_state(accumulated(activations, range(17), 8, device).state()))
    for name, array in whole.items():
        assert array.tobytes() == merged.state()[name].tobytes()


def test_an_image_of_minus_infinity_precedes_an_empty_place():
    best = accumulated(torch.full((2, 1, 1, 1), -torch.inf), [1, 0], 3).result()
    assert best.indices.tolist() == [[0, 1, -1]]


def test_no_units_and_no_images_work(device):
    assert accumulated(torch.zeros(2, 0, 1, 1), [0, 1], 3, device).result().indices.shape == (0, 3)
    assert TopImages(2, 3).result().indices.tolist() == [[-1] * 3] * 2
    top = TopImages(2, 1)
    top.add(torch.zeros(0, 2, 1, 1, device=device), torch.zeros(0, dtype=torch.int64))
    assert top.result().indices.tolist() == [[-1], [-1]]


def test_what_cannot_be_ranked_is_refused_and_adds_nothing(device):
    top = TopImages(4, 2)
    activations, indices = maps(images=3).to(device), torch.arange(3)
    with pytest.raises(ValueError, match="expected activations of 4 units, got 3"):
        top.add(activations[:, :3], indices)
    with pytest.raises(ValueError, match="maps of 0x2 cells have no maximum"):
        top.add(activations[:, :, :0], indices)
    with pytest.raises(ValueError, match="indices must be at least 0, got -1"):
        top.add(activations, indices - 1)
    broken = activations.clone()
    broken[2, 1] = torch.nan
    with pytest.raises(ValueError, match="NaN in unit 1"):
        top.add(broken, indices)
    assert (top.result().indices == -1).all()
    top.add(activations, indices)
    before = top.state()
    with pytest.raises(ValueError, match=r"image \d was added twice"):
        top.add(activations, indices)
    for name, array in top.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_maxima_that_are_known_do_as_well_and_only_those_that_enter_need_a_place(device):
    activations, top = maps(), TopImages(4, 3)
    for indices in torch.from_numpy(np.random.default_rng(2).permutation(30)).split(6):
        values, cells = activations[indices].flatten(2).max(2)
        entering = top.entering(values.to(device), indices)
        cells = cells.where(entering.cpu(), torch.tensor(-1))
        rows = entering.cpu().any(1)
        places = torch.stack([cells // 2, cells % 2], 2)[rows]
        top.add_peaks(values[rows].to(device), places.to(device), indices[rows])
    for name, array in accumulated(activations, range(30), 3, device).state().items():
        np.testing.assert_array_equal(top.state()[name], array)
    later = torch.arange(30, 36)
    assert not top.entering(torch.full((6, 4), 2.0, device=device), later).any()  # equal to the last, and later
    assert top.entering(torch.full((6, 4), 2.1, device=device), later).all()
    with pytest.raises(ValueError, match="expected maxima of 4 units, got 3"):
        top.add_peaks(torch.zeros(6, 3), torch.zeros(6, 3, 2, dtype=torch.int64), later)
    with pytest.raises(ValueError, match="indices must be at least 0, got -1"):
        top.add_peaks(torch.zeros(1, 4), torch.zeros(1, 4, 2, dtype=torch.int64), later[:1] - 31)


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="units must be at least 0, got -1"):
        TopImages(-1)
    with pytest.raises(ValueError, match="count must be at least 1 image per unit, got 0"):
        TopImages(1, 0)
    with pytest.raises(ValueError, match="cannot merge: count is 2 here and 3 there"):
        TopImages(1, 2).merge(TopImages(1, 3))
