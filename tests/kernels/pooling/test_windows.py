"""There are as many windows as torch has, and geometries without a meaning are refused."""

from contextlib import nullcontext

import pytest
import torch
from xailab_kernels.pooling.windows import Windows, output_size

from tests.kernels.pooling.geometries import every

USUAL = {"plane": (9, 9), "kernel": (3, 3), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1)}


def test_there_are_as_many_windows_as_torch_has_or_none_where_it_refuses():
    for size, kernel, stride, padding, dilation, ceil in every():
        count = output_size(size, kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil)
        column = torch.zeros(1, 1, size, 1)
        try:
            pooled = torch.nn.functional.max_pool2d(
                column, (kernel, 1), (stride, 1), (padding, 0), (dilation, 1), ceil_mode=ceil
            )
        except RuntimeError:
            assert count < 1
        else:
            assert count == pooled.shape[2]


def test_exactly_the_windows_that_have_no_cell_are_refused():
    for size, kernel, stride, padding, dilation, ceil in every():
        count = output_size(size, kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil)
        taps = [[i * stride - padding + t * dilation for t in range(kernel)] for i in range(count)]
        empty = any(not any(0 <= tap < size for tap in window) for window in taps)
        refused = pytest.raises(ValueError, match="wholly in the padding" if count >= 1 else "no window of")
        with refused if empty or count < 1 else nullcontext():
            Windows((size, 1), (kernel, 1), (stride, 1), (padding, 0), (dilation, 1), ceil_mode=ceil)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"kernel": (0, 3)}, ValueError, "kernel must be at least 1, got 0 x 3"),
        ({"stride": (2, 0)}, ValueError, "stride must be at least 1"),
        ({"padding": (-1, 0)}, ValueError, "padding must be at least 0"),
        ({"dilation": (0, 1)}, ValueError, "dilation must be at least 1"),
        ({"plane": (0, 4)}, ValueError, "plane must be at least 1"),
        ({"padding": (2, 1)}, ValueError, "at most half of the kernel, 3 x 3, got 2 x 1"),
        (
            {"plane": (2, 9)},
            ValueError,
            "no window of 3 x 3 cells fits into a plane of 2 x 9 cells with a padding of 0",
        ),
        ({"dilation": (5, 1)}, ValueError, "no window of 11 x 3 cells fits"),
        ({"plane": (2**16, 2**15)}, ValueError, "switches are int32, got 65536 x 32768"),
        (
            {"plane": (1, 9), "kernel": (2, 3), "padding": (1, 0), "dilation": (2, 1)},
            ValueError,
            "a window lies wholly in the padding: kernel 2 x 3, dilation 2 x 1",
        ),
        ({"kernel": 3}, TypeError, r"kernel must be a pair of whole numbers \(vertical, horizontal\), got 3"),
        ({"stride": (2, 2.0)}, TypeError, "stride must be a pair of whole numbers"),
        ({"padding": (True, 0)}, TypeError, "padding must be a pair of whole numbers"),
    ],
)
def test_a_geometry_without_a_meaning_is_refused(changed, error, message):
    with pytest.raises(error, match=message):
        Windows(**USUAL | changed)
