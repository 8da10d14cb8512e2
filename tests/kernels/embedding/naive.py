"""t-SNE in float64, as the papers write it: what the kernels of the embedding are compared with."""

import numpy as np


def differences(points):
    """Return y_i - y_j and the squared distances."""
    points = np.asarray(points, np.float64)
    apart = points[:, None] - points[None]
    return apart, (apart**2).sum(-1)


def kernel(sqdist, dof=1.0):
    """Return k and w; a point has no kernel with itself."""
    w = 1 / (1 + sqdist / dof)
    k = w**dof
    np.fill_diagonal(k, 0)
    return k, w


def attract(joint, points, dof=1.0):
    apart, sqdist = differences(points)
    _, w = kernel(sqdist, dof)
    return ((np.asarray(joint, np.float64) * w)[..., None] * apart).sum(1)


def repel(points, dof=1.0):
    apart, sqdist = differences(points)
    k, w = kernel(sqdist, dof)
    return ((k * w)[..., None] * apart).sum(1), k.sum()


def cross_term(joint, points, dof=1.0):
    return (np.asarray(joint, np.float64) * dof * np.log1p(differences(points)[1] / dof)).sum()


def divergence(joint, points, dof=1.0):
    """Return sum p log(p / q) over the pairs with p > 0."""
    joint = np.asarray(joint, np.float64)
    k, _ = kernel(differences(points)[1], dof)
    q = k / k.sum()
    some = joint > 0
    return (joint[some] * np.log(joint[some] / q[some])).sum()


def gradient(joint, points, dof=1.0):
    """Return the gradient of the divergence in closed form."""
    repulsion, z = repel(points, dof)
    return 4 * (attract(joint, points, dof) - repulsion / z)


def step(points, velocity, gains, attraction, repulsion, z, *, exaggeration, learning_rate, momentum, longest_step):
    """Return the next points, velocity and gains, by the rule of xailab/embedding/engine.py."""
    g = exaggeration * np.asarray(attraction, np.float64) - np.asarray(repulsion, np.float64) / z
    gains = np.where(velocity * g > 0, 0.8 * gains + 0.01, gains + 0.2)
    velocity = momentum * velocity - learning_rate * gains * g
    length = np.sqrt((velocity**2).sum(1, keepdims=True))
    velocity = velocity * np.where(length > longest_step, longest_step / np.maximum(length, longest_step), 1)
    points = points + velocity
    return points - points.mean(0), velocity, gains


def descend(joint, points, velocity, gains, *, iterations, dof, **settings):
    """Return points, velocity, gains and the last Z after so many iterations."""
    state = tuple(np.asarray(a, np.float64) for a in (points, velocity, gains))
    for _ in range(iterations):
        repulsion, z = repel(state[0], dof)
        state = step(*state, attract(joint, state[0], dof), repulsion, z, **settings)
    return *state, z
