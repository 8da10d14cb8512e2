"""The right functions of this lab, in plain numpy: written to be read, and equal to xailab's compiled library.

- ``sq_distances``   how far is every point from every other?
- ``conditional_p``  who is a neighbor of one point, for a given width?
- ``search_beta``    the width at which each point has as many neighbors as asked for
- ``joint_p``        one similarity for each pair of points
- ``q_and_kl``       the similarities in the map, and how far they are from those of the data
- ``gradient``       where each point of the map is pushed
- ``embed``          the whole descent

Called on the trusted side only. The examination of the grading changes these functions line by line, so each depends
on numpy and on its neighbors in this file alone.
"""

import numpy as np


def sq_distances(X: np.ndarray) -> np.ndarray:
    """Return the squared Euclidean distances (N, N) between the rows of X."""
    return ((X[:, None] - X) ** 2).sum(-1)


def conditional_p(D_i: np.ndarray, beta: float) -> tuple[np.ndarray, float]:
    """Return the probabilities of the neighbors of one point, and their entropy in nats.

    Source: van der Maaten and Hinton 2008, eq. 1 with beta = 1 / (2 sigma^2). The nearest distance is taken off first:
    it cancels in the quotient, and at least one weight is then 1.
    """
    farther = D_i - D_i.min()
    weights = np.exp(-beta * farther)
    p = weights / weights.sum()
    return p, float(np.log(weights.sum()) + beta * (p * farther).sum())


def search_beta(D: np.ndarray, perplexity: float) -> tuple[np.ndarray, np.ndarray]:
    """Return beta (N,) at which each row of the conditional P (N, N) has the perplexity, and this P.

    Source: van der Maaten and Hinton 2008, section 2.
    """
    beta, P = np.ones(len(D)), np.zeros(D.shape)
    for i in range(len(D)):
        others = np.arange(len(D)) != i
        low, high = 0.0, np.inf
        for _ in range(40):
            P[i, others], H = conditional_p(D[i, others], beta[i])
            if np.log(perplexity) < H:
                low = beta[i]
            else:
                high = beta[i]
            beta[i] = 2 * beta[i] if np.isinf(high) else (low + high) / 2
    return beta, P


def joint_p(conditional: np.ndarray) -> np.ndarray:
    """Return the joint probabilities (N, N): symmetric, sum 1. Source: van der Maaten and Hinton 2008, section 3.1."""
    return (conditional + conditional.T) / (2 * len(conditional))


def q_and_kl(P: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the similarities Q (N, N) in a map, and the divergence of P from them in nats.

    Source: van der Maaten and Hinton 2008, eq. 2 and 4.
    """
    weights = (1 + sq_distances(Y)) ** -1.0
    np.fill_diagonal(weights, 0)
    Q = weights / weights.sum()
    used = P > 0
    return Q, float((P[used] * np.log(P[used] / Q[used])).sum())


def gradient(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return the gradient (N, 2) of the divergence. Source: van der Maaten and Hinton 2008, eq. 5."""
    forces = (P - Q) / (1 + sq_distances(Y))
    return 4 * (forces[:, :, None] * (Y[:, None] - Y)).sum(1)


def embed(
    P: np.ndarray,
    Y: np.ndarray,
    iterations: int,
    exaggerated: int,
    exaggeration: float = 12.0,
    learning_rate: float = 50.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the map after so many iterations, and the divergence before each of them.

    Source: van der Maaten and Hinton 2008, section 3.4 (momentum, gains after Jacobs 1988, early exaggeration). As in
    scikit-learn, the momentum changes when the exaggeration ends, and a gain grows where the product of gradient and
    velocity is negative.
    """
    velocity, gains, kl = np.zeros_like(Y), np.ones_like(Y), []
    for t in range(iterations):
        factor, momentum = (exaggeration, 0.5) if t < exaggerated else (1, 0.8)
        Q, divergence = q_and_kl(P, Y)
        kl.append(divergence)
        slope = gradient(factor * P, Q, Y)
        gains = np.maximum(np.where(slope * velocity < 0, gains + 0.2, gains * 0.8), 0.01)
        velocity = momentum * velocity - learning_rate * gains * slope
        Y = Y + velocity
        Y = Y - Y.mean(0)
    return Y, np.array(kl)
