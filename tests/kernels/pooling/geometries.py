"""Windows to draw from, and what torch says about them."""

import itertools

import torch
from hypothesis import strategies as st
from xailab_kernels.pooling.windows import Windows

USUAL = [  # plane, kernel, stride, padding, dilation, ceil_mode
    ((13, 17), (2, 2), (2, 2), (0, 0), (1, 1), False),  # VGG
    ((13, 13), (3, 3), (2, 2), (0, 0), (1, 1), False),  # AlexNet
    ((14, 12), (3, 3), (2, 2), (1, 1), (1, 1), False),  # ResNet
    ((14, 12), (3, 3), (2, 2), (0, 0), (1, 1), True),  # GoogLeNet between blocks
    ((7, 9), (3, 3), (1, 1), (1, 1), (1, 1), False),  # GoogLeNet in blocks
    ((12, 11), (4, 5), (3, 1), (2, 0), (2, 1), True),
    ((30, 8), (11, 2), (4, 7), (5, 1), (1, 3), True),
    ((1, 1), (1, 1), (1, 1), (0, 0), (1, 1), False),
    ((6, 5), (6, 5), (9, 9), (0, 0), (1, 1), False),
]


def parameters(geometry):
    """As keyword arguments of ``max_pool``."""
    return dict(zip(("kernel", "stride", "padding", "dilation", "ceil_mode"), geometry[1:], strict=True))


@st.composite
def geometries(draw):
    """Any geometry in which every window has a cell of the plane."""
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    plane = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    kernel, stride = draw(pairs), draw(pairs)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    geometry = (plane, kernel, stride, padding, dilation, draw(st.booleans()))
    try:
        Windows(*geometry[:5], ceil_mode=geometry[5])
    except ValueError:
        return (plane, (1, 1), stride, (0, 0), (1, 1), geometry[5])
    return geometry


def by_torch(maps, geometry):
    """Torch's values and switches, as arrays."""
    pooled, switches = torch.nn.functional.max_pool2d(torch.from_numpy(maps), *geometry[1:], return_indices=True)
    return pooled.numpy(), switches.numpy()


def every():
    """All small geometries along one axis: size, kernel, stride, padding, dilation, ceil_mode."""
    for size, kernel, stride, dilation, ceil in itertools.product(
        range(1, 9), range(1, 5), range(1, 5), range(1, 4), (False, True)
    ):
        for padding in range(kernel // 2 + 1):
            yield size, kernel, stride, padding, dilation, ceil
