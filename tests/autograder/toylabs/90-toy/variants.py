"""Independent right answers to the toy lab; they run inside the worker."""

import itertools

import numpy as np
import torch


def mean_square_loop(x):
    total = 0.0
    for number in x:
        total += number * number
    return total / len(x)


def mean_square_dot(x):
    return float(x @ x) / x.size


def mean_square_torch(x):
    return torch.as_tensor(np.ascontiguousarray(x)).pow(2).mean().item()


def normalize_linalg(x):
    length = np.linalg.norm(x)
    return x / length if length else np.zeros_like(x)


def normalize_loop(x):
    length = sum(float(number) ** 2 for number in x) ** 0.5
    return np.array([number / length if length else 0.0 for number in x])


def normalize_float32(x):
    x = x.astype(np.float32)
    return x / max(np.sqrt((x * x).sum()), np.float32(1e-30))


def pairs_loops(labels):
    found = []
    for j in range(len(labels)):
        for i in range(j):
            if labels[i] == labels[j]:
                found.append((i, j))
    return found


def pairs_combinations(labels):
    return [(i, j) for i, j in itertools.combinations(range(len(labels)), 2) if labels[i] == labels[j]]


def pairs_nonzero(labels):
    i, j = np.nonzero(np.triu(labels[:, None] == labels[None, :], k=1))
    return [(int(a), int(b)) for a, b in zip(i, j, strict=True)]


VARIANTS = {
    "mean-square": (mean_square_loop, mean_square_dot, mean_square_torch),
    "normalize": (normalize_linalg, normalize_loop, normalize_float32),
    "pairs": (pairs_loops, pairs_combinations, pairs_nonzero),
}
