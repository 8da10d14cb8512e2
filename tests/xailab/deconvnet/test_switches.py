"""Tensors are pooled and unpooled the same way on every device, bit for bit."""

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_kernels.pooling.windows import Windows

from tests.kernels.pooling.geometries import USUAL, geometries, parameters
from xailab.deconvnet import switches as room
from xailab.deconvnet.switches import max_pool_switches, unpool

SPECIAL = torch.tensor([0, -0.0, 1, 1, 2, -1, torch.inf, -torch.inf, -torch.inf, torch.nan])
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def drawn(plane, *, seed, special, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    if special:
        return SPECIAL[torch.randint(len(SPECIAL), (2, 3, *plane), generator=generator)].to(dtype)
    return torch.randn(2, 3, *plane, generator=generator, dtype=dtype)


def in_torch(maps, geometry):
    """What other devices than the CPU do."""
    return room._max_pool_torch(maps, Windows(*geometry[:5], ceil_mode=geometry[5]))


def unchecked(function):
    """As users call it: tests check shapes and dtypes by the signature, before the function does."""
    return inspect.unwrap(function)


def bits(tensor):
    """NaN equals NaN, but 0 is not -0."""
    return tensor.nan_to_num(nan=12345.0, posinf=torch.inf, neginf=-torch.inf).view(torch.int32)


def assert_same(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(bits(a.cpu()), bits(b.cpu()))


@settings(max_examples=80)
@given(geometry=geometries(), seed=st.integers(0, 99), special=st.booleans())
def test_the_torch_path_pools_as_the_kernel_does(geometry, seed, special):
    maps = drawn(geometry[0], seed=seed, special=special)
    found = max_pool_switches(maps, **parameters(geometry))
    assert_same(in_torch(maps, geometry), found)
    values = torch.randn(found[0].shape, generator=torch.Generator().manual_seed(seed))
    added = unpool(values, found[1], geometry[0])
    assert_same([room._unpool_torch(values, found[1], geometry[0])], [added])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("geometry", USUAL)
def test_every_device_gives_the_same_bits_each_time(geometry, device):
    for special in (True, False):
        maps = drawn(geometry[0], seed=1, special=special)
        expected = max_pool_switches(maps, **parameters(geometry))
        assert expected[1].dtype == torch.int32
        values = drawn(expected[0].shape[2:], seed=2, special=special)
        for _ in range(2):
            assert_same(max_pool_switches(maps.to(device), **parameters(geometry)), expected)
        with np.errstate(invalid="ignore"):  # inf - inf warns where nothing is compiled
            planes = unpool(values, expected[1], geometry[0])
            for _ in range(2):
                assert_same([unpool(values.to(device), expected[1].to(device), geometry[0])], [planes])


@pytest.mark.gpu
def test_a_cuda_device_unpools_windows_that_share_nearly_everything_in_reading_order():
    values, switches = torch.randn(4, 64, 55, 55), torch.randint(0, 40, (4, 64, 55, 55), dtype=torch.int32)
    expected = unpool(values, switches, (110, 110))
    assert torch.equal(unpool(values.cuda(), switches.cuda(), (110, 110)).cpu(), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_takes_the_torch_path(dtype):
    maps = drawn((9, 9), seed=3, special=False, dtype=dtype)
    pooled, switches = max_pool_switches(maps, kernel=3, stride=2)
    assert pooled.dtype == dtype
    expected, places = torch.nn.functional.max_pool2d(maps, 3, 2, return_indices=True)
    assert torch.equal(pooled, expected)
    assert torch.equal(switches.long(), places)
    assert unpool(pooled, switches, (9, 9)).dtype == dtype


def test_one_number_counts_for_both_axes_and_no_stride_is_the_kernel():
    maps = drawn((11, 12), seed=4, special=False)
    assert_same(
        max_pool_switches(maps, kernel=3),
        max_pool_switches(maps, kernel=(3, 3), stride=(3, 3), padding=(0, 0), dilation=(1, 1)),
    )
    assert_same(
        max_pool_switches(maps, kernel=(2, 3), stride=2, padding=1, dilation=2),
        max_pool_switches(maps, kernel=(2, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2)),
    )


def test_switches_read_off_what_was_pooled_and_fit_torch():
    maps = drawn((13, 13), seed=5, special=False)
    pooled, switches = max_pool_switches(maps, kernel=3, stride=3, ceil_mode=True)
    assert torch.equal(maps.flatten(2).gather(2, switches.flatten(2).long()).view_as(pooled), pooled)
    apart = torch.nn.functional.max_unpool2d(pooled, switches.long(), 3, 3, output_size=(13, 13))
    assert torch.equal(unpool(pooled, switches, (13, 13)), apart)  # nothing overlaps here


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unpooling_is_the_gradient_of_torchs_pooling_where_windows_overlap(dtype):
    maps = drawn((15, 14), seed=6, special=False, dtype=dtype).requires_grad_()
    pooled, switches = max_pool_switches(maps, kernel=3, stride=2, padding=1)
    assert not pooled.requires_grad
    values = torch.randn(pooled.shape, dtype=dtype)
    torch.nn.functional.max_pool2d(maps, 3, 2, 1).backward(values)
    torch.testing.assert_close(unpool(values, switches, (15, 14)), maps.grad, rtol=1e-6, atol=1e-6)


def test_maps_in_any_memory_format_are_pooled_and_left_as_they_are():
    maps = drawn((13, 13), seed=7, special=False)
    last = maps.to(memory_format=torch.channels_last)
    before = last.clone()
    assert_same(max_pool_switches(last, kernel=3, stride=2), max_pool_switches(maps, kernel=3, stride=2))
    assert torch.equal(last, before)


def test_no_image_gives_none_on_either_path():
    empty = torch.zeros(0, 3, 9, 9)
    pooled, switches = max_pool_switches(empty, kernel=2)
    other = in_torch(empty, ((9, 9), (2, 2), (2, 2), (0, 0), (1, 1), False))
    assert pooled.shape == switches.shape == other[0].shape == other[1].shape == (0, 3, 4, 4)
    assert unpool(pooled, switches, (9, 9)).shape == room._unpool_torch(*other, (9, 9)).shape == (0, 3, 9, 9)


MAPS = torch.zeros(1, 2, 4, 4)


@pytest.mark.parametrize(
    ("maps", "windows", "error", "message"),
    [
        (MAPS.int(), {"kernel": 2}, TypeError, "maps must be floating point, got torch.int32"),
        (MAPS[0], {"kernel": 2}, ValueError, r"maps must be b c h w, got shape \(2, 4, 4\)"),
        (MAPS, {"kernel": 5}, ValueError, "no window of 5 x 5 cells fits into a plane of 4 x 4 cells"),
        (MAPS.half(), {"kernel": 5}, ValueError, "no window of 5 x 5 cells fits into a plane of 4 x 4 cells"),
        (MAPS, {"kernel": 2, "padding": 2}, ValueError, "padding may be at most half of the kernel"),
        (MAPS[..., :1], {"kernel": 2, "padding": 1, "dilation": 2}, ValueError, "wholly in the padding"),
        (MAPS, {"kernel": 2, "stride": 0}, ValueError, "stride must be at least 1"),
    ],
)
def test_what_cannot_be_pooled_is_refused(maps, windows, error, message):
    with pytest.raises(error, match=message):
        unchecked(max_pool_switches)(maps, **windows)


VALUES, SWITCHES = torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2, dtype=torch.int32)


@pytest.mark.parametrize(
    ("values", "switches", "size", "error", "message"),
    [
        (VALUES.float(), SWITCHES + 16, (4, 4), ValueError, r"0 ... 15, the cells of 4 x 4 planes, got 16 ... 16"),
        (VALUES.half(), SWITCHES + 16, (4, 4), ValueError, r"0 ... 15, the cells of 4 x 4 planes, got 16 ... 16"),
        (VALUES.half(), SWITCHES - 1, (4, 4), ValueError, "do they belong to maps of another size"),
        (VALUES.half(), SWITCHES, (0, 4), ValueError, "got 0 x 4"),
        (VALUES, SWITCHES, (4, 0), ValueError, "got 4 x 0"),
        (VALUES, SWITCHES.long(), (4, 4), TypeError, "switches must be int32, got torch.int64; switches.int"),
        (VALUES[0], SWITCHES[0], (4, 4), ValueError, r"values must be b c p q, got shape \(2, 2, 2\)"),
        (VALUES.int(), SWITCHES, (4, 4), TypeError, "values must be floating point, got torch.int32"),
    ],
)
def test_what_cannot_be_unpooled_is_refused(values, switches, size, error, message):
    with pytest.raises(error, match=message):
        unchecked(unpool)(values, switches, size)


def test_shapes_and_devices_must_be_the_same():
    with pytest.raises(ValueError, match=r"one shape and device, got \(1, 2, 2, 2\) on cpu and \(1, 2, 2, 1\) on cpu"):
        unchecked(unpool)(VALUES, SWITCHES[..., :1], (4, 4))
    with pytest.raises(ValueError, match=r"on cpu and .* on meta"):
        unpool(VALUES, SWITCHES.to("meta"), (4, 4))
