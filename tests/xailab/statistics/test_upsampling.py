"""Maps are enlarged with the bits of the tally's definition."""

import numpy as np
import pytest
import torch
from xailab_kernels.resampling import align_corners, half_pixel

from tests import naive
from xailab.statistics.upsampling import upsample


@pytest.mark.parametrize("alignment", [half_pixel, align_corners])
@pytest.mark.parametrize(("cells", "size"), [((3, 5), (7, 4)), ((1, 1), (3, 2)), ((8, 8), (64, 64))])
def test_the_bits_are_those_of_the_twin(alignment, cells, size):
    maps = torch.randn(2, 3, *cells, generator=torch.Generator().manual_seed(1))
    grown = upsample(maps, size, alignment=alignment)
    assert grown.shape == (2, 3, *size)
    rows, cols = alignment(cells[0], size[0]), alignment(cells[1], size[1])
    for i in range(2):
        for unit in range(3):
            expected = naive.upsample(maps[i, unit].numpy(), rows, cols)
            np.testing.assert_array_equal(grown[i, unit].numpy(), expected)


def test_one_map_without_other_axes_is_enlarged_too():
    assert upsample(torch.ones(2, 3), (4, 6)).eq(1).all()


def test_half_pixel_is_torchs_own_interpolation():
    maps = torch.randn(1, 2, 6, 7, generator=torch.Generator().manual_seed(2))
    expected = torch.nn.functional.interpolate(maps, size=(13, 9), mode="bilinear")
    torch.testing.assert_close(upsample(maps, (13, 9)), expected)
