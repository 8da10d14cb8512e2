"""The tables say what torch's interpolation does, and stay within the map."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from xailab_kernels import resampling

from tests import naive

SIZES = [(1, 1), (1, 5), (5, 1), (7, 112), (13, 113), (6, 6), (9, 4), (2, 3)]
ALIGNMENTS = [
    resampling.half_pixel,
    resampling.align_corners,
    resampling.corner,
    resampling.ReceptiveField(start=-4.0, jump=16.0, label_stride=2.0),
]


@pytest.mark.parametrize(("n_in", "n_out"), SIZES)
@pytest.mark.parametrize(("alignment", "corners"), [(resampling.half_pixel, False), (resampling.align_corners, True)])
def test_tables_give_torchs_bilinear_interpolation(n_in, n_out, alignment, corners):
    cells = np.random.default_rng(0).standard_normal((n_in, n_in), dtype=np.float32)
    ours = naive.upsample(cells, alignment(n_in, n_out), alignment(n_in, n_out))
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(cells)[None, None], size=(n_out, n_out), mode="bilinear", align_corners=corners
    )[0, 0].numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_corner_puts_every_cell_on_its_first_output():
    index, weight = resampling.corner(3, 6)
    np.testing.assert_array_equal(index + weight, [0, 0.5, 1, 1.5, 2, 2])


def test_receptive_fields_that_tile_the_image_are_half_pixel():
    """Centers in the middle of 32-pixel tiles, labels at every second pixel, both areas equal."""
    ours = resampling.ReceptiveField(start=15.5, jump=32, label_stride=2)(7, 112)
    np.testing.assert_array_equal(ours, resampling.half_pixel(7, 112))


def test_receptive_field_reaches_a_cell_exactly_at_its_center():
    """NetDissect's released convention: label pixel j at input pixel 2 j; AlexNet's conv5 centers at 16, 32, ..."""
    index, weight = resampling.ReceptiveField(start=16, jump=16, label_stride=2, label_start=0)(13, 113)
    np.testing.assert_array_equal((index + weight)[[0, 8, 12, 16, 112]], [0, 0, 0.5, 1, 12])


def test_a_position_just_below_a_center_counts_as_the_center():
    index, weight = resampling.table(np.array([0.9999999, 0.5]), 3)
    assert index.tolist() == [1, 0]
    assert weight.tolist() == [0, 0.5]


@given(st.sampled_from(ALIGNMENTS), st.integers(1, 40), st.integers(1, 130))
def test_every_table_ascends_within_the_map(alignment, n_in, n_out):
    index, weight = alignment(n_in, n_out)
    assert index.dtype == np.int32
    assert weight.dtype == np.float32
    assert index.shape == weight.shape == (n_out,)
    assert (np.diff(index) >= 0).all()
    assert index.min() >= 0
    assert index.max() < n_in
    assert weight.min() >= 0
    assert weight.max() <= 1 - 2**-20
    assert (weight[index == n_in - 1] == 0).all()


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_an_axis_without_cells_is_refused(alignment):
    with pytest.raises(ValueError, match="n_in must be at least 1, got 0"):
        alignment(0, 4)
    with pytest.raises(ValueError, match="n_out must be at least 1, got 0"):
        alignment(4, 0)


def test_positions_must_be_finite():
    with pytest.raises(ValueError, match="must be finite"):
        resampling.table(np.array([0.0, np.nan]), 2)


def test_a_receptive_field_without_a_jump_is_refused():
    with pytest.raises(ValueError, match="must be > 0 input pixels, got 0 and 2"):
        resampling.ReceptiveField(start=0, jump=0, label_stride=2)
