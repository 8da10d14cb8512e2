"""Exercise ``pca_basis``: axes along which the activations of a layer vary most.

- ``EXERCISE``       the declaration
- ``make_channels``  activations with clear principal directions

The sign of a direction is free: both sides are brought to "the entry of greatest absolute value is positive", and no
case has two entries that nearly tie for that.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception, Tolerance

from .reference import pca_basis


def _columns(activations: np.ndarray) -> np.ndarray:
    return np.moveaxis(activations, 1, -1).reshape(-1, activations.shape[1]).astype(float)


def _directions(values: np.ndarray) -> np.ndarray:
    return np.linalg.eigh(values.T @ values)[1][:, ::-1].T


def _uncentred(activations: np.ndarray) -> np.ndarray:
    return _directions(_columns(activations))


def _ascending(activations: np.ndarray) -> np.ndarray:
    return pca_basis(activations)[::-1]


def _columns_returned(activations: np.ndarray) -> np.ndarray:
    return pca_basis(activations).T


def _correlation(activations: np.ndarray) -> np.ndarray:
    values = _columns(activations)
    values = values - values.mean(0)
    return _directions(values / np.maximum(values.std(0), 1e-12))


def _reshaped(activations: np.ndarray) -> np.ndarray:
    return pca_basis(activations.reshape(-1, activations.shape[1], 1, 1))


def _centred_over_units(activations: np.ndarray) -> np.ndarray:
    values = _columns(activations)
    return _directions(values - values.mean(1, keepdims=True))


def _pooled(activations: np.ndarray) -> np.ndarray:
    return pca_basis(activations.mean((2, 3), keepdims=True))


def _whitened(activations: np.ndarray) -> np.ndarray:
    values = _columns(activations)
    rows = pca_basis(activations)
    spread = ((values - values.mean(0)) @ rows.T).std(0)
    return rows / np.maximum(spread, 1e-12)[:, None]


def _signed(value: object) -> object:
    """Turn each row so that its entry of greatest absolute value is positive; leave alone what is no matrix."""
    if not isinstance(value, np.ndarray) or value.ndim != 2 or not value.size or value.dtype.kind not in "fiu":
        return value
    largest = np.take_along_axis(value, np.abs(value).argmax(1)[:, None], 1)
    return value * np.where(largest < 0, -1, 1)


def make_channels(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> np.ndarray:
    """Return activations with clear principal directions: mixed channels of different variance, with means."""
    images, units, height, width = shape
    while True:
        mixing = rng.standard_normal((units, units)) * (0.55 ** np.arange(units))
        sources = rng.standard_normal((images, units, height, width)) + 1.5 * rng.standard_normal((images, units, 1, 1))
        values = np.einsum("uk,nkhw->nuhw", mixing, sources) + rng.uniform(1, 4, (units, 1, 1))
        if _clear(_columns(values)):
            return values.astype(np.float32)


def _clear(values: np.ndarray) -> bool:
    """Say whether variances are well apart, and no row has two entries that nearly tie for the largest."""
    centred = values - values.mean(0)
    variances = np.linalg.eigvalsh(centred.T @ centred / len(values))[::-1]
    if variances[-1] < 1e-3 or (variances[1:] > 0.7 * variances[:-1]).any():
        return False
    entries = np.sort(np.abs(_directions(centred)), axis=1)
    return entries.shape[1] < 2 or bool((entries[:, -2] < 0.95 * entries[:, -1]).all())


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for shape in ((8, 3, 3, 3), (10, 4, 2, 3), (12, 5, 4, 2)):
        yield Case(f"{shape[0]} images, {shape[1]} units, maps of {shape[2]}x{shape[3]}", (make_channels(rng, shape),))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one unit", (make_channels(rng, (4, 1, 2, 2)),))
    yield Case("float64", (make_channels(rng, (8, 3, 3, 3)).astype(float),))
    yield Case("maps of a single cell", (make_channels(rng, (30, 3, 1, 1)),))
    yield Case("one image", (make_channels(rng, (1, 2, 6, 6)),))
    yield Case("Fortran order", (np.asfortranarray(make_channels(rng, (8, 3, 3, 3))),))
    yield Case("every second column of a wider array", (np.repeat(make_channels(rng, (8, 3, 3, 3)), 2, 3)[..., ::2],))


def _orthonormal(call: Call, rng: np.random.Generator) -> str | None:
    rows = np.asarray(call(make_channels(rng, (8, 4, 3, 3))), float)
    error = np.abs(rows @ rows.T - np.eye(4)).max()
    return None if error < 1e-4 else f"rows times rows transposed is off by {error:.3g} from the identity"


def _uncorrelated(call: Call, rng: np.random.Generator) -> str | None:
    activations = make_channels(rng, (8, 4, 3, 3))
    covariance = np.cov(np.asarray(call(activations), float) @ _columns(activations).T)
    spread = np.sqrt(np.diag(covariance))
    between = np.abs(covariance / np.outer(spread, spread) - np.eye(4)).max()
    return None if between < 1e-3 else f"two of the new channels have a correlation of {between:.3g}"


def _means(call: Call, rng: np.random.Generator) -> str | None:
    activations = make_channels(rng, (8, 3, 3, 3))
    moved = activations + np.float32([5, -3, 2]).reshape(3, 1, 1)
    same = np.allclose(_signed(np.asarray(call(activations))), _signed(np.asarray(call(moved))), atol=2e-3)
    return None if same else "adding a constant to each channel changed the directions"


EXERCISE = Exercise(
    id="pca-basis",
    function="pca_basis",
    signature="pca_basis(activations (N, K, h, w)) -> basis (K, K)",
    title="Principal components",
    task=(
        "Treat each place of each image as one vector of K channels. Return the principal directions of these "
        "vectors as rows, that of the greatest variance first, each of length 1. The sign of a row is up to you."
    ),
    points=1,
    minutes=6,
    reference=pca_basis,
    worked=(
        Case(
            "2 channels that vary along (0.8, 0.6) most: 4 images of one cell",
            (np.float64([[9, 7], [1, 1], [4.4, 4.8], [5.6, 3.2]]).reshape(4, 2, 1, 1),),
            np.array([[0.8, 0.6], [0.6, -0.8]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("orthonormal", "the rows are orthonormal", _orthonormal),
        Invariant("uncorrelated", "the new channels are uncorrelated", _uncorrelated),
        Invariant("means", "a constant added to a channel changes nothing", _means),
    ),
    misconceptions=(
        Misconception(
            "not-centred",
            _uncentred,
            "You do not subtract the channels' means. Activations are positive, so the first direction then points "
            "at the mean and says little about what varies.",
            "notebook, section 8",
        ),
        Misconception(
            "ascending",
            _ascending,
            "Your directions come in ascending order of variance, as np.linalg.eigh returns them. The greatest "
            "comes first.",
            "the documentation of np.linalg.eigh",
        ),
        Misconception(
            "rows-and-columns",
            _columns_returned,
            "Your directions stand in the columns, as np.linalg.eigh returns them. Here each row is one direction, "
            "so that basis @ a gives the new activations.",
            "the documentation of np.linalg.eigh",
        ),
        Misconception(
            "correlation",
            _correlation,
            "You divide each channel by its standard deviation: that is the PCA of correlations. Asked are the "
            "directions of the greatest variance, loud channels included.",
            "notebook, section 8",
        ),
        Misconception(
            "pixels-for-channels",
            _reshaped,
            "You reshape to (..., K) while the channels still stand on axis 1: places and channels get mixed. Bring "
            "axis 1 to the end before you reshape.",
            "the documentation of np.moveaxis",
        ),
        Misconception(
            "centred-over-units",
            _centred_over_units,
            "You subtract from each place the mean over its channels. It is each channel's mean over all places "
            "that has to go.",
            "notebook, section 8",
        ),
        Misconception(
            "averaged-over-places",
            _pooled,
            "You average each map before the PCA. Every place is a vector of its own: what varies within an image "
            "counts.",
            "notebook, section 8",
        ),
        Misconception(
            "whitened",
            _whitened,
            "Your rows are divided by the standard deviations (whitening). Directions have length 1.",
            "notebook, section 8",
        ),
    ),
    hints=(
        "Bring the channels to the last axis, reshape to (N * h * w, K), subtract the mean of each column.",
        "np.linalg.eigh of the K x K covariance: ascending order, vectors in columns. Turn both around.",
    ),
    tolerance=Tolerance(1e-3, 1e-4),
    canonical=_signed,
    read="notebook, section 8",
)
