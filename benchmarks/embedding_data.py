"""Points on which the benchmarks of ``xailab.embedding`` run; shared by them, nothing is measured here.

- ``blobs``    round clusters, 64 features: the easy case
- ``mixture``  30 overlapping clusters, each near a 10-dimensional subspace, 50 features: as PCA leaves real features
- ``digits``   scikit-learn's 1,797 handwritten digits, 64 features
"""

import numpy as np
from sklearn.datasets import load_digits, make_blobs


def blobs(n, features=64, seed=0):
    """Return points of 20 round clusters with standard deviation 1, as float64, and their clusters."""
    points, clusters = make_blobs(
        n_samples=n, n_features=features, centers=20, cluster_std=1.0, center_box=(-3, 3), random_state=seed
    )
    return points, clusters


def mixture(n, features=50, seed=1):
    """Return points of 30 Gaussian clusters of unequal size and shape that touch, as float32, and their clusters."""
    rng = np.random.default_rng(seed)
    clusters = rng.choice(30, size=n, p=rng.dirichlet(np.full(30, 3.0)))
    centers = rng.normal(0, 2.0, (30, features))
    points = np.empty((n, features), np.float32)
    for cluster, center in enumerate(centers):
        members = np.flatnonzero(clusters == cluster)
        axes = rng.normal(0, 1.5 / np.sqrt(10), (10, features))
        inside, noise = rng.normal(size=(len(members), 10)), rng.normal(0, 0.3, (len(members), features))
        points[members] = center + inside @ axes + noise
    return points, clusters


def digits():
    """Return 1,797 images of 8x8 pixels in 0..16, as float64, and the digits."""
    return load_digits(return_X_y=True)
