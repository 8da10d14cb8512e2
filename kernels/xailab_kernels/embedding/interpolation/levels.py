"""The kernel of t-SNE as a sum of short-ranged kernels on coarser and coarser grids, each a sum of few products.

- ``Kernel``     k(d) = (1 + d^2 / dof)^-dof, sampled where a grid needs it
- ``Products``   a kernel on a grid as ``sum_t outer(profile_t, profile_t)``
- ``band``       what one grid contributes: the kernel's variation between two ranges; zero beyond eight nodes
- ``rest``       what the coarsest grid contributes: everything that is smoother, at any distance
- ``self_term``  what interpolation says of a point's force on itself

The kernel is split as in multilevel summation: at each level its inner part, within ``_RANGE`` nodes, is replaced by a
polynomial in the squared distance that continues it smoothly. The difference is short-ranged and stays on this grid;
the smooth rest goes to a grid of twice the spacing. Cubic splines of the coarse grid are sums of those of the fine one,
so going between grids loses nothing else.

A kernel on a grid must undo the blur of the two splines between which it stands (divide its spectrum by the square of
theirs). A short-ranged, smooth, symmetric kernel is nearly a matrix of rank two: its largest eigenvectors are the
profiles, and filtering the rows and then the columns replaces a two-dimensional filter.

Source: Kaya et al. 2021, for the splitting, the grids and splines between them; the products in place of
two-dimensional filters are ours.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

REACH = 8
"""Nodes to each side that a band's filter reaches."""

_RANGE = 14.3  # in nodes: where a band's kernel ends, so smoothly that its last six nodes can be left out
_SMOOTHNESS = 8  # derivatives (by the squared distance) that are continuous there
_TAIL = 14  # nodes after which undoing the blur has faded: 0.268^14 = 1e-8
_BAND_TOLERANCE = 2.6e-3  # root of the sum of squared errors; it lets two terms be enough for one degree of freedom
_REST_TOLERANCE = 1e-5  # of the range of its values


class Products(NamedTuple):
    """A kernel as ``sum_t weights[t] * profiles[t, |a|] * profiles[t, |b|]`` at the offset (a, b) in nodes."""

    weights: Float64[np.ndarray, " t"]
    profiles: Float64[np.ndarray, "t r"]


@dataclass(frozen=True)
class Kernel:
    """The similarity k(d) = (1 + d^2 / dof)^-dof; less 1 if ``lowered``, so that float32 is enough near 0."""

    dof: float
    lowered: bool = False

    def at(self, sqdist: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """Return the kernel at squared distances."""
        logarithms = -self.dof * np.log1p(sqdist / self.dof)
        return np.expm1(logarithms) if self.lowered else np.exp(logarithms)

    def smoothed(self, sqdist: Float64[np.ndarray, "..."], reach: float) -> Float64[np.ndarray, "..."]:
        """Return the kernel, but within ``reach`` the Taylor polynomial (in the squared distance) that continues it."""
        if reach == 0:
            return self.at(sqdist)
        base = 1 + reach**2 / self.dof
        step = (np.minimum(sqdist, reach**2) - reach**2) / (self.dof * base)
        total, term = np.zeros_like(sqdist), np.full_like(sqdist, base**-self.dof)
        for order in range(_SMOOTHNESS + 1):
            total += term
            term = term * step * (-self.dof - order) / (order + 1)
        return np.where(sqdist < reach**2, total - float(self.lowered), self.at(sqdist))


def band(kernel: Kernel, spacing: float, level: int) -> Products:
    """Return the filter of a level (0 is the finest) of a ladder whose finest grid has the given spacing.

    Its profiles reach to ``REACH`` nodes. What cutting to so few terms does to the sum of the kernel is made good:
    the normalization, a sum over all pairs, must not drift.
    """
    here = spacing * 2**level
    inner = _RANGE * here / 2 if level else 0.0
    sqdist = _square_lattice(math.ceil(_RANGE) + _TAIL) * here**2
    sharp = _deblurred(kernel.smoothed(sqdist, inner) - kernel.smoothed(sqdist, _RANGE * here))
    products = _factorized(sharp[: REACH + 1, : REACH + 1], _BAND_TOLERANCE)
    mirrored = 2 * products.profiles.sum(1) - products.profiles[:, 0]
    products.weights[0] += (sharp.sum() - products.weights @ mirrored**2) / mirrored[0] ** 2
    return products


def rest(kernel: Kernel, spacing: float, level: int, nodes: int) -> Products:
    """Return what is left for the coarsest grid, level ``level``, of at most ``nodes`` nodes a side."""
    here = spacing * 2**level
    sqdist = _square_lattice(nodes + _TAIL) * here**2
    sharp = _deblurred(kernel.smoothed(sqdist, _RANGE * here / 2 if level else 0.0))[:nodes, :nodes]
    return _factorized(sharp, _REST_TOLERANCE * float(np.ptp(sharp)))


def self_term(kernel: Kernel, spacing: float) -> tuple[float, Float64[np.ndarray, "2"]]:
    """Return what interpolation says of one point's effect on itself.

    Returns
    -------
    potential
        The mean over all places within a cell; exactly interpolated it would be k(0).
    force
        Coefficients c of the force along an axis, ``f (1-f) (1-2f) (c[0] + c[1] f (1-f))``, for the fraction f between
        two nodes; exactly interpolated it would be zero. The mean over the place along the other axis.
    """
    sharp = _deblurred(kernel.at(_square_lattice(2 * _TAIL) * spacing**2))[:4, :4]
    f = (np.arange(64) + 0.5) / 64
    values, slopes = _spline(f)
    offset = np.abs(np.arange(4)[:, None] - np.arange(4))
    overlap = np.stack([np.einsum("na,nb,ab->n", values, values, offset == lag) for lag in range(4)])
    tilt = np.stack([np.einsum("na,nb,ab->n", slopes, values, offset == lag) for lag in range(4)])
    mean = overlap.mean(1)
    bump = f * (1 - f)
    force = -0.5 / spacing * (mean @ sharp @ tilt)
    basis = np.stack([bump * (1 - 2 * f), bump**2 * (1 - 2 * f)], 1)
    return float(mean @ sharp @ mean) + float(kernel.lowered), np.linalg.lstsq(basis, force, rcond=None)[0]


def _spline(f: Float64[np.ndarray, " n"]) -> tuple[Float64[np.ndarray, "n 4"], Float64[np.ndarray, "n 4"]]:
    """Return the values of the four cubic splines at fractions, and their derivatives."""
    g = 1 - f
    values = np.stack([g**3, 4 - 6 * f**2 + 3 * f**3, 4 - 6 * g**2 + 3 * g**3, f**3], 1) / 6
    slopes = np.stack([-(g**2) / 2, 1.5 * f**2 - 2 * f, 2 * g - 1.5 * g**2, f**2 / 2], 1)
    return values, slopes


def _square_lattice(half: int) -> Float64[np.ndarray, "m m"]:
    """Return the squared distances to the first node on a periodic lattice of ``2 * half`` nodes a side."""
    offsets = np.minimum(np.arange(2 * half), 2 * half - np.arange(2 * half)).astype(np.float64)
    return offsets[:, None] ** 2 + offsets**2


def _deblurred(samples: Float64[np.ndarray, "m m"]) -> Float64[np.ndarray, "m m"]:
    """Divide the spectrum of an even, periodic kernel by the square of the sampled spline's, along both axes."""
    turns = 2 * math.pi * np.arange(len(samples)) / len(samples)
    blur = ((2 + np.cos(turns)) / 3) ** 2
    return np.fft.ifft2(np.fft.fft2(samples).real / (blur[:, None] * blur)).real


def _factorized(quadrant: Float64[np.ndarray, "r r"], tolerance: float) -> Products:
    """Return the products that approximate an even, symmetric kernel best, given for offsets >= 0.

    At least two, and so many that the root of the sum of squared errors, over offsets of both signs, is within the
    tolerance.
    """
    times = np.sqrt(np.where(np.arange(len(quadrant)) > 0, 2.0, 1.0))  # an offset but 0 stands for two
    weights, vectors = np.linalg.eigh((quadrant + quadrant.T) / 2 * times[:, None] * times)
    order = np.argsort(-np.abs(weights))
    left = np.sqrt(np.cumsum(weights[order[::-1]] ** 2)[::-1])
    chosen = order[: max(2, int((left > tolerance).sum()))]
    return Products(weights[chosen], np.ascontiguousarray((vectors[:, chosen] / times[:, None]).T))
