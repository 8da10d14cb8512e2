"""Independent right solutions of this lab, for the tests of the grader: other algorithms, libraries and precisions.

- ``VARIANTS``    exercise id -> functions named ``<function>_<style>``
- ``EQUIVALENT``  exercise id -> changed line of the reference -> why it is right too

The file runs where student code runs: numpy, torch, scipy, nothing else. None of these is an example of good style; a
student may have written any of them.
"""

import math

import numpy as np
import scipy.optimize
import scipy.spatial.distance
import scipy.special
import torch


def sq_distances_loops(X):
    """Plain Python."""
    n, d = X.shape
    return np.array(
        [[sum((float(X[i, k]) - float(X[j, k])) ** 2 for k in range(d)) for j in range(n)] for i in range(n)]
    )


def sq_distances_rows(X):
    """One row at a time."""
    D = np.zeros((len(X), len(X)))
    for i in range(len(X)):
        D[i] = np.square(X - X[i]).sum(axis=1)
    return D


def sq_distances_products(X):
    """Multiply out, with the points moved to the origin, and clip."""
    Z = X.astype(np.float64)
    Z = Z - Z.mean(axis=0)
    lengths = np.einsum("ik,ik->i", Z, Z)
    D = np.maximum(lengths[:, None] + lengths[None] - 2 * Z @ Z.T, 0)
    np.fill_diagonal(D, 0)
    return D


def sq_distances_scipy(X):
    """SciPy's condensed distances."""
    return scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(X, "sqeuclidean"))


def sq_distances_torch(X):
    """Torch, by its norm of differences."""
    T = torch.as_tensor(X.copy()).double()
    return torch.linalg.vector_norm(T[:, None] - T[None], dim=2) ** 2


def sq_distances_triangle(X):
    """One triangle, mirrored."""
    D = np.zeros((len(X), len(X)), dtype=np.float64)
    for i in range(len(X)):
        for j in range(i):
            D[i, j] = D[j, i] = np.linalg.norm(X[i] - X[j]) ** 2
    return D


def conditional_p_loops(D_i, beta):
    """Plain Python, the logarithm of the sum by hand."""
    least = float(min(D_i))
    weights = [math.exp(-beta * (float(d) - least)) for d in D_i]
    p = [w / sum(weights) for w in weights]
    return np.array(p), -sum(x * math.log(x) for x in p if x > 0)


def conditional_p_scipy(D_i, beta):
    """SciPy's softmax and entropy."""
    p = scipy.special.softmax(-beta * D_i.astype(float))
    return p, scipy.special.entr(p).sum()


def conditional_p_logsumexp(D_i, beta):
    """Logarithms of the probabilities."""
    log_p = -beta * D_i - scipy.special.logsumexp(-beta * D_i)
    p = np.exp(log_p)
    return p, -(p * log_p).sum()


def conditional_p_torch(D_i, beta):
    """Torch."""
    logits = -beta * torch.as_tensor(D_i.copy()).double()
    p = torch.softmax(logits, 0)
    return p, -(p * torch.log_softmax(logits, 0)).sum()


def conditional_p_tiny(D_i, beta):
    """Take logarithms of at least 1e-300, and turn bits into nats."""
    weights = np.exp(beta * (np.min(D_i) - D_i))
    p = weights / weights.sum()
    return p, np.log(2) * -np.dot(p, np.log2(np.maximum(p, 1e-300)))


def search_beta_textbook(D, perplexity):
    """Doubling and halving as in the first programs, until the entropy is right to 1e-5."""
    n = D.shape[0]
    P, beta = np.zeros((n, n)), np.ones(n)
    target = np.log(perplexity)
    for i in range(n):
        low, high = -np.inf, np.inf
        row = np.delete(D[i], i)
        for _ in range(200):
            weights = np.exp(-(row - row.min()) * beta[i])
            p = weights / weights.sum()
            H = np.log(weights.sum()) + beta[i] * ((row - row.min()) * p).sum()
            if abs(H - target) < 1e-5:
                break
            if target < H:
                low = beta[i]
                beta[i] = beta[i] * 2 if high == np.inf else (beta[i] + high) / 2
            else:
                high = beta[i]
                beta[i] = beta[i] / 2 if low == -np.inf else (beta[i] + low) / 2
        P[i] = np.insert(p, i, 0)
    return beta, P


def search_beta_brent(D, perplexity):
    """SciPy's root finder, on the logarithm of beta."""

    def entropy_of(log_beta, row):
        return scipy.special.entr(scipy.special.softmax(-np.exp(log_beta) * row)).sum()

    beta, P = [], np.zeros(D.shape)
    for i, full in enumerate(D):
        row = np.delete(full, i)
        root = scipy.optimize.brentq(lambda x, row=row: entropy_of(x, row) - np.log(perplexity), -25, 25, xtol=1e-9)
        beta.append(np.exp(root))
        P[i, np.arange(len(D)) != i] = scipy.special.softmax(-beta[-1] * row)
    return np.array(beta), P


def search_beta_all_at_once(D, perplexity):
    """All rows together, by bisection of log beta; the diagonal is infinitely far."""
    far = D.astype(float)
    np.fill_diagonal(far, np.inf)
    far = far - far.min(1, keepdims=True)
    low, high = np.full((len(D), 1), -30.0), np.full((len(D), 1), 30.0)
    for _ in range(60):
        middle = (low + high) / 2
        weights = np.exp(-np.exp(middle) * far)
        P = weights / weights.sum(1, keepdims=True)
        too_flat = scipy.special.entr(P).sum(1, keepdims=True) > np.log(perplexity)
        low, high = np.where(too_flat, middle, low), np.where(too_flat, high, middle)
    return np.exp(middle[:, 0]), P


def search_beta_newton(D, perplexity):
    """Newton's method on the logarithm of beta, from the mean distance."""
    betas, rows = [], []
    for i in range(len(D)):
        row = D[i][np.arange(len(D)) != i]
        row = row - row.min()
        x = -math.log(row.mean())
        for _ in range(100):
            p = scipy.special.softmax(-math.exp(x) * row)
            gap = scipy.special.entr(p).sum() - math.log(perplexity)
            slope = -math.exp(2 * x) * ((p * row**2).sum() - (p * row).sum() ** 2)
            x -= max(-1.0, min(1.0, gap / min(slope, -1e-3)))
        betas.append(math.exp(x))
        rows.append(np.insert(p, i, 0.0))
    return np.stack(betas), np.stack(rows)


def joint_p_loops(conditional):
    """Pair by pair."""
    n = len(conditional)
    P = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            P[i, j] = (conditional[i, j] + conditional[j, i]) / (2 * n)
    return P


def joint_p_sum(conditional):
    """Divide by the sum of all."""
    both = conditional.astype(np.float32) + conditional.T.astype(np.float32)
    return both / both.sum()


def joint_p_mean(conditional):
    """Take the mean of both, then divide by the points."""
    return np.mean([conditional, np.swapaxes(conditional, 0, 1)], axis=0) / conditional.shape[0]


def joint_p_torch(conditional):
    """Torch."""
    C = torch.as_tensor(conditional.copy())
    return (C + C.t()).div(2 * C.shape[0])


def q_and_kl_loops(P, Y):
    """Pair by pair."""
    n = len(Y)
    W = [[0.0 if i == j else 1 / (1 + sum((Y[i] - Y[j]) ** 2)) for j in range(n)] for i in range(n)]
    total = sum(map(sum, W))
    Q = np.array(W) / total
    return Q, sum(P[i, j] * math.log(P[i, j] / Q[i, j]) for i in range(n) for j in range(n) if P[i, j] > 0)


def q_and_kl_scipy(P, Y):
    """SciPy's distances and relative entropy, over the condensed pairs."""
    W = scipy.spatial.distance.squareform(1 / (1 + scipy.spatial.distance.pdist(Y, "sqeuclidean")))
    Q = W / W.sum()
    return Q, scipy.special.rel_entr(P, Q).sum()


def q_and_kl_clipped(P, Y):
    """Nothing below 1e-12, as in the first programs."""
    square = np.sum(np.square(Y - Y.mean(0)), 1)
    num = 1 / (1 + np.add(np.add(-2 * np.dot(Y - Y.mean(0), (Y - Y.mean(0)).T), square).T, square))
    num[range(len(Y)), range(len(Y))] = 0.0
    Q = num / np.sum(num)
    return Q, np.sum(P * np.log(np.maximum(P, 1e-12) / np.maximum(Q, 1e-12)))


def q_and_kl_torch(P, Y):
    """Torch, with the difference of the logarithms."""
    T, C = torch.as_tensor(Y.copy()), torch.as_tensor(P.copy())
    W = 1 / (1 + ((T[:, None] - T) ** 2).sum(2))
    W = W - torch.diag(torch.diag(W))
    Q = W / W.sum()
    return Q, (torch.xlogy(C, C) - torch.xlogy(C, Q)).sum()


def gradient_loops(P, Q, Y):
    """Pair by pair."""
    G = np.zeros(Y.shape)
    for i in range(len(Y)):
        for j in range(len(Y)):
            difference = Y[i] - Y[j]
            G[i] += 4 * (P[i, j] - Q[i, j]) * difference / (1 + difference @ difference)
    return G


def gradient_matrix(P, Q, Y):
    """Multiply the points by the Laplacian of the forces."""
    A = (P - Q) / (1 + scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(Y, "sqeuclidean")))
    return 4 * (np.diag(A.sum(1)) - A) @ Y


def gradient_rows(P, Q, Y):
    """One point at a time."""
    rows = []
    for i in range(Y.shape[0]):
        away = Y[i] - Y
        rows.append(4 * ((P[i] - Q[i]) / (1 + (away**2).sum(1))) @ away)
    return np.array(rows)


def gradient_einsum(P, Q, Y):
    """One einsum, in float32 at the end."""
    away = Y[:, None, :] - Y[None, :, :]
    near = 1.0 / (1.0 + np.einsum("ijk,ijk->ij", away, away))
    return (4.0 * np.einsum("ij,ij,ijk->ik", P - Q, near, away)).astype(np.float32)


def gradient_torch(P, Q, Y):
    """Torch, attraction and repulsion apart."""
    T = torch.as_tensor(Y.copy())
    away = T[:, None] - T
    kernel = 1 / (1 + (away**2).sum(-1))
    attraction = ((torch.as_tensor(P.copy()) * kernel)[..., None] * away).sum(1)
    return 4 * (attraction - ((torch.as_tensor(Q.copy()) * kernel)[..., None] * away).sum(1))


def embed_textbook(P, Y, iterations, exaggerated, exaggeration=12.0, learning_rate=50.0):
    """P is multiplied before the loop and divided when its time has come."""
    P_true, P, Y = P, P.copy(), Y.copy()
    if exaggerated > 0:
        P *= exaggeration
    iY, gains, kl = np.zeros(Y.shape), np.ones(Y.shape), np.zeros(iterations)
    for it in range(iterations):
        if it == exaggerated and exaggerated > 0:
            P = P_true
        momentum = 0.5 if it < exaggerated else 0.8
        Q, _ = q_and_kl_clipped(P_true, Y)
        kl[it] = q_and_kl_scipy(P_true, Y)[1]
        dY = gradient_matrix(P, Q, Y)
        grow = dY * iY < 0
        gains[grow] += 0.2
        gains[~grow] *= 0.8
        gains[gains < 0.01] = 0.01
        iY = momentum * iY - learning_rate * (gains * dY)
        Y += iY
        Y -= np.mean(Y, 0)
    return Y, kl


def embed_loops(P, Y, iterations, exaggerated, exaggeration=12.0, learning_rate=50.0):
    """Coordinate by coordinate; the mean is taken off once, at the end: the forces do not depend on it."""
    Y, n, d = np.array(Y, dtype=float), len(Y), Y.shape[1]
    V, G, kl = np.zeros((n, d)), np.ones((n, d)), []
    for t in range(iterations):
        Q, divergence = q_and_kl_loops(P, Y)
        kl.append(divergence)
        slope = gradient_loops(P * (exaggeration if t < exaggerated else 1), Q, Y)
        for i in range(n):
            for k in range(d):
                G[i, k] = max(0.01, G[i, k] + 0.2 if slope[i, k] * V[i, k] < 0 else 0.8 * G[i, k])
                V[i, k] = (0.5 if t < exaggerated else 0.8) * V[i, k] - learning_rate * G[i, k] * slope[i, k]
        Y = Y + V
    return (Y - Y.mean(0) if iterations else Y), np.array(kl)


def embed_two_phases(P, Y, iterations, exaggerated, exaggeration=12.0, learning_rate=50.0):
    """Two loops, one after the other."""
    state = [Y, np.zeros_like(Y), np.ones_like(Y)]
    divergences = []

    def run(count, factor, momentum):
        for _ in range(count):
            Y, step, gains = state
            Q, kl = q_and_kl_scipy(P, Y)
            divergences.append(kl)
            slope = gradient_rows(factor * P, Q, Y)
            opposite = np.sign(slope) * np.sign(step) == -1
            gains = np.clip(gains * 0.8 * ~opposite + (gains + 0.2) * opposite, 0.01, None)
            step = momentum * step - learning_rate * gains * slope
            state[:] = [Y + step - (Y + step).mean(axis=0), step, gains]

    first = min(exaggerated, iterations)
    run(first, exaggeration, 0.5)
    run(iterations - first, 1.0, 0.8)
    return state[0], np.array(divergences)


def embed_torch(P, Y, iterations, exaggerated, exaggeration=12.0, learning_rate=50.0):
    """Torch in float32, attraction and repulsion apart."""
    C, T = torch.as_tensor(P.copy()).float(), torch.as_tensor(Y.copy()).float()
    velocity, gains, kl = torch.zeros_like(T), torch.ones_like(T), []
    for t in range(iterations):
        factor, momentum = (exaggeration, 0.5) if t < exaggerated else (1.0, 0.8)
        away = T[:, None] - T
        W = 1 / (1 + (away**2).sum(2))
        Q = W * (1 - torch.eye(len(T)))
        Q = Q / Q.sum()
        kl.append((torch.xlogy(C, C) - torch.xlogy(C, Q)).sum())
        slope = 4 * (((factor * C - Q) * W)[:, :, None] * away).sum(1)
        gains = torch.where(slope * velocity < 0, gains + 0.2, gains * 0.8).clamp(min=0.01)
        velocity = momentum * velocity - learning_rate * gains * slope
        T = T + velocity
        T = T - T.mean(0)
    return T.double().numpy(), np.array([float(value) for value in kl])


VARIANTS = {
    "sq-distances": (
        sq_distances_loops,
        sq_distances_rows,
        sq_distances_products,
        sq_distances_scipy,
        sq_distances_torch,
        sq_distances_triangle,
    ),
    "conditional-p": (
        conditional_p_loops,
        conditional_p_scipy,
        conditional_p_logsumexp,
        conditional_p_torch,
        conditional_p_tiny,
    ),
    "search-beta": (search_beta_textbook, search_beta_brent, search_beta_all_at_once, search_beta_newton),
    "joint-p": (joint_p_loops, joint_p_sum, joint_p_mean, joint_p_torch),
    "q-and-kl": (q_and_kl_loops, q_and_kl_scipy, q_and_kl_clipped, q_and_kl_torch),
    "gradient": (gradient_loops, gradient_matrix, gradient_rows, gradient_einsum, gradient_torch),
    "embed": (embed_textbook, embed_loops, embed_two_phases, embed_torch),
}

_SHIFT = "another shift cancels; where it overflows for a beta that is far too large, the bracket moves the same way"
_STEPS = "the bracket is narrower than the tolerance long before the last step"

EQUIVALENT = {
    "search-beta": {
        "conditional_p: farther = D_i - D_i.min()  =>  D_i + D_i.min()": _SHIFT,
        "conditional_p: farther = D_i - D_i.min()  =>  D_i.max()": _SHIFT,
        "search_beta: for _ in range(40):  =>  40 becomes 41": _STEPS,
        "search_beta: for _ in range(40):  =>  40 becomes 39": _STEPS,
        "search_beta: if np.log(perplexity) < H:  =>  np.log(perplexity) <= H": (
            "at the very beta that is sought, either end of the bracket may move"
        ),
        "search_beta: beta[i] = 2 * beta[i] if np.isinf(high) else (low + high) / 2  =>  2 becomes 3": (
            "any factor above 1 finds an upper end"
        ),
    },
}
