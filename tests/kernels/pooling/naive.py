"""Pooling and unpooling straight from the definition, window by window."""

import numpy as np


def cells(window, *, size, kernel, stride, padding, dilation):
    """The cells of a window along one axis, as far as they lie in the plane."""
    taps = [window * stride - padding + t * dilation for t in range(kernel)]
    return [tap for tap in taps if 0 <= tap < size]


def max_pool(maps, shape, *, kernel, stride, padding, dilation):
    """Look for the first NaN of each window, else for the first cell that holds its maximum; ``shape`` is p q."""
    n, c, h, w = maps.shape
    pooled, switches = np.empty((n, c, *shape), maps.dtype), np.empty((n, c, *shape), np.int32)
    for image, unit, o, u in np.ndindex(pooled.shape):
        rows, columns = (
            cells(window, size=size, kernel=kernel[a], stride=stride[a], padding=padding[a], dilation=dilation[a])
            for a, (window, size) in enumerate(((o, h), (u, w)))
        )
        places = [(y, x) for y in rows for x in columns]
        values = [maps[image, unit, y, x] for y, x in places]
        broken = [np.isnan(value) for value in values]
        first = broken.index(True) if any(broken) else values.index(max(values))
        pooled[image, unit, o, u] = values[first]
        switches[image, unit, o, u] = places[first][0] * w + places[first][1]
    return pooled, switches


def unpool(values, switches, *, height, width):
    """Add one value after the other."""
    planes = np.zeros((*values.shape[:2], height * width), values.dtype)
    for image, unit, o, u in np.ndindex(values.shape):
        planes[image, unit, switches[image, unit, o, u]] += values[image, unit, o, u]
    return planes.reshape(*values.shape[:2], height, width)
