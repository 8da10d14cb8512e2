"""How a map is found: what to iterate and how to compute repulsion.

- ``Descent``       the choices, with defaults that suit most data
- ``Exact``         repulsion between all pairs of points
- ``Interpolated``  repulsion over a grid, for many points
"""

from dataclasses import dataclass

from xailab.embedding.checking import check_count, check_number
from xailab.embedding.engine import Phase


@dataclass(frozen=True)
class Exact:
    """Repulsion between all pairs: exact, at a cost that grows with the square of the number of points."""


@dataclass(frozen=True)
class Interpolated:
    """Repulsion by interpolation on grids: the cost grows with the number of points and the area of the map.

    Only for two dimensions. Source: Linderman et al. 2019, whose idea it is; here a single potential is interpolated,
    by cubic splines, and differentiated, and a ladder of grids takes the place of the Fourier transform (see
    ``xailab_kernels.embedding.interpolation``).

    Attributes
    ----------
    spacing
        Distance of grid points, in units of the map. At 0.25 the KL divergence of 10,000 points ends where exact
        repulsion ends, at 1/3 by 0.15 % higher.
    """

    spacing: float = 0.25

    def __post_init__(self) -> None:
        check_number(self.spacing, "spacing", low=0.05, high=1.0)


@dataclass(frozen=True)
class Descent:
    """The iterations of gradient descent with momentum and gains.

    Attributes
    ----------
    iterations
        How many after the exaggerated ones.
    exaggerated_iterations
        How many at first with exaggerated attraction, in which clusters find their places. (The implementations of
        others take 250; 100 end at the same KL divergence.)
    exaggeration
        The factor of attraction in them.
    late_exaggeration
        The factor afterwards. 1 minimizes the KL divergence; more pulls clusters together (4 with a million points).
    learning_rate
        Factor of a quarter of the gradient; None: the number of points divided by the exaggeration, in each part.
        Source: Belkina et al. 2019 (their "N / 12" for an exaggeration of 12). FIt-SNE and openTSNE count in the same
        unit; scikit-learn multiplies the full gradient, so that its ``learning_rate=50`` is 200 here.
    momentum
        In [0, 1). Others take 0.8; with 0.9, 100 + 400 iterations end at a lower KL divergence than 100 + 500 with 0.8
        on all of eight data sets (digits, iris, features of images, noise, a random walk, clusters of 5,000 to 70,000
        points); 0.95 does harm to data without structure.
    repulsion
        ``Exact()`` or ``Interpolated()``; None: whichever is faster for the number of points.

    Raises
    ------
    TypeError, ValueError
        A number of the wrong kind or outside its limits.
    """

    iterations: int = 400
    exaggerated_iterations: int = 100
    exaggeration: float = 12.0
    late_exaggeration: float = 1.0
    learning_rate: float | None = None
    momentum: float = 0.9
    repulsion: Exact | Interpolated | None = None

    def __post_init__(self) -> None:
        for name in ("iterations", "exaggerated_iterations"):
            check_count(getattr(self, name), name, low=0)
        for name in ("exaggeration", "late_exaggeration"):
            check_number(getattr(self, name), name, low=1.0)
        if self.learning_rate is not None and check_number(self.learning_rate, "learning_rate", low=0.0) == 0:
            raise ValueError("learning_rate must be above 0, or None to choose it, got 0")
        if check_number(self.momentum, "momentum", low=0.0) >= 1:
            raise ValueError(f"momentum must be at least 0 and below 1, got {self.momentum}")
        if not isinstance(self.repulsion, Exact | Interpolated | None):
            raise TypeError(f"repulsion must be Exact(), Interpolated() or None, got {self.repulsion!r}")

    @property
    def total(self) -> int:
        """All iterations."""
        return self.exaggerated_iterations + self.iterations

    def phases(self, points: int) -> tuple[Phase, Phase]:
        """Return the exaggerated part and the rest, for so many points."""
        return (
            self._phase(points, self.exaggerated_iterations, self.exaggeration),
            self._phase(points, self.iterations, self.late_exaggeration),
        )

    def _phase(self, points: int, iterations: int, exaggeration: float) -> Phase:
        rate = points / exaggeration if self.learning_rate is None else self.learning_rate
        return Phase(iterations, exaggeration, self.momentum, rate)


DEFAULTS = Descent()
"""What ``tsne`` uses where it is not told otherwise."""
