"""Known wrong ways to run the descent, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``embed``
- ``descend``         the descent with something to go wrong in each step
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import gradient, q_and_kl

Answer = tuple[np.ndarray, np.ndarray]
"""The map, and the divergence before each iteration."""

Embed = Callable[..., Answer]
"""With the signature of ``embed``."""


@dataclass(frozen=True)
class Rule:
    """What each step does; the defaults are right."""

    factor: Callable[[int, int, float], float] = lambda t, end, exaggeration: exaggeration if t < end else 1.0
    momentum: Callable[[int, int], float] = lambda t, end: 0.5 if t < end else 0.8
    gains: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda gains, product: np.where(
        product < 0, gains + 0.2, gains * 0.8
    )
    least: float = 0.01
    slope: Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray] = lambda P, Q, Y, factor: gradient(
        factor * P, Q, Y
    )
    move: Callable[..., np.ndarray] = lambda velocity, gains, slope, momentum, rate: (
        momentum * velocity - rate * gains * slope
    )
    center: Callable[[np.ndarray], np.ndarray] = lambda Y: Y - Y.mean(0)
    restart: bool = False
    stale: bool = False
    fewer: int = 0
    measure: Callable[[np.ndarray, np.ndarray, float], float] = lambda P, Y, factor: q_and_kl(P, Y)[1]
    measured_after: bool = False


def descend(rule: Rule) -> Embed:
    """Return a function with the signature of ``embed`` that follows a rule."""

    def wrong(
        P: np.ndarray,
        Y: np.ndarray,
        iterations: int,
        exaggerated: int,
        exaggeration: float = 12.0,
        learning_rate: float = 50.0,
    ) -> Answer:
        velocity, gains, kl = np.zeros_like(Y), np.ones_like(Y), np.zeros(iterations)
        first, _ = q_and_kl(P, Y)
        for t in range(iterations - rule.fewer):
            factor = rule.factor(t, exaggerated, exaggeration)
            if rule.restart and t == exaggerated:
                velocity, gains = np.zeros_like(Y), np.ones_like(Y)
            before = Y
            slope = rule.slope(P, first if rule.stale else q_and_kl(P, Y)[0], Y, factor)
            gains = np.maximum(rule.gains(gains, slope * velocity), rule.least)
            velocity = rule.move(velocity, gains, slope, rule.momentum(t, exaggerated), learning_rate)
            Y = rule.center(Y + velocity)
            kl[t] = rule.measure(P, Y if rule.measured_after else before, factor)
        return Y, kl

    return wrong


_RIGHT = Rule()


def _but(**changes: object) -> Embed:
    """Return the descent in which something is changed."""
    return descend(replace(_RIGHT, **changes))  # type: ignore[arg-type]


def _exaggerated_slope(P: np.ndarray, Q: np.ndarray, Y: np.ndarray, factor: float) -> np.ndarray:
    return factor * gradient(P, Q, Y)


def _exaggerated_q(P: np.ndarray, Q: np.ndarray, Y: np.ndarray, factor: float) -> np.ndarray:
    return gradient(P, factor * Q, Y)


def _exaggerated_divergence(P: np.ndarray, Y: np.ndarray, factor: float) -> float:
    used = P > 0
    Q = q_and_kl(P, Y)[0][used]
    return float((factor * P[used] * np.log(factor * P[used] / Q)).sum())


MISCONCEPTIONS = (
    Misconception(
        "exaggeration-never-off",
        _but(factor=lambda t, end, exaggeration: exaggeration),
        "The exaggeration never ends: clusters stay clumps, because the attraction is too strong all the time.",
        "van der Maaten and Hinton 2008, section 3.4",
        also=(_but(factor=lambda t, end, exaggeration: exaggeration, measure=_exaggerated_divergence),),
    ),
    Misconception(
        "exaggeration-never-on",
        _but(factor=lambda t, end, exaggeration: 1.0),
        "P is never exaggerated. In the first iterations it is multiplied by the exaggeration.",
        "van der Maaten and Hinton 2008, section 3.4",
    ),
    Misconception(
        "exaggeration-too-late",
        _but(factor=lambda t, end, exaggeration: 1.0 if t < end else exaggeration),
        "The exaggeration belongs to the first iterations, not to those after them.",
        "van der Maaten and Hinton 2008, section 3.4",
    ),
    Misconception(
        "exaggeration-one-too-many",
        _but(
            factor=lambda t, end, exaggeration: exaggeration if t <= end else 1.0,
            momentum=lambda t, end: 0.5 if t <= end else 0.8,
        ),
        "One iteration too many is exaggerated: with t counted from 0, the first `exaggerated` iterations have t < "
        "exaggerated.",
        "notebook, section 7",
        also=(
            _but(factor=lambda t, end, exaggeration: exaggeration if t <= end else 1.0),
            _but(momentum=lambda t, end: 0.5 if t <= end else 0.8),
        ),
    ),
    Misconception(
        "exaggerates-again-and-again",
        _but(factor=lambda t, end, exaggeration: exaggeration ** (t + 1) if t < end else exaggeration**end),
        "P is multiplied by the exaggeration in every iteration anew, so it grows and grows. Multiply a copy, or once "
        "before the loop, and divide when it ends.",
        "notebook, section 7",
    ),
    Misconception(
        "gradient-exaggerated",
        _but(slope=_exaggerated_slope),
        "You multiply the whole gradient by the exaggeration, which is only a larger learning rate. It is P that is "
        "multiplied: attraction grows, repulsion does not.",
        "van der Maaten and Hinton 2008, section 3.4",
        also=(_but(slope=_exaggerated_q),),
    ),
    Misconception(
        "divergence-exaggerated",
        _but(measure=_exaggerated_divergence),
        "The map is right; the divergences are computed with the exaggerated P in the first iterations. They are to be "
        "those of the true P, so that the curve means the same everywhere.",
        "notebook, section 7",
    ),
    Misconception(
        "divergence-after-the-step",
        _but(measured_after=True),
        "The map is right; your kl[t] belongs to the map after step t. Asked is the divergence before it.",
        "notebook, section 7",
    ),
    Misconception(
        "no-momentum",
        _but(momentum=lambda t, end: 0.0),
        "The momentum is missing: the velocity keeps a part of what it was before.",
        "van der Maaten and Hinton 2008, section 3.4",
    ),
    Misconception(
        "momentum-does-not-change",
        _but(momentum=lambda t, end: 0.5),
        "The momentum is the same all the time. It is 0.5 while P is exaggerated, and 0.8 afterwards.",
        "notebook, section 7",
        also=(_but(momentum=lambda t, end: 0.8),),
    ),
    Misconception(
        "momentum-exchanged",
        _but(momentum=lambda t, end: 0.8 if t < end else 0.5),
        "The two momenta are exchanged: 0.5 while P is exaggerated, 0.8 afterwards.",
        "notebook, section 7",
    ),
    Misconception(
        "gains-reversed",
        _but(gains=lambda gains, product: np.where(product > 0, gains + 0.2, gains * 0.8)),
        "The rule for the gains is the wrong way round. The step goes against the gradient: as long as all is well, "
        "velocity and gradient have opposite signs, and the gain grows.",
        "Jacobs 1988; notebook, section 7",
        also=(_but(gains=lambda gains, product: np.where(product < 0, gains * 0.8, gains + 0.2)),),
    ),
    Misconception(
        "gains-grow-at-zero",
        _but(gains=lambda gains, product: np.where(product <= 0, gains + 0.2, gains * 0.8)),
        "At a product of exactly 0, as in the first iteration, your gains grow. They grow only where the product is "
        "negative.",
        "notebook, section 7",
    ),
    Misconception(
        "no-gains",
        _but(gains=lambda gains, product: gains),
        "The gains are missing, or never change: each coordinate of each point has a factor of its own.",
        "Jacobs 1988; notebook, section 7",
    ),
    Misconception(
        "gains-of-both-parts",
        _but(move=lambda velocity, gains, slope, momentum, rate: gains * (momentum * velocity - rate * slope)),
        "The gains multiply the whole step. They belong to the gradient only; the momentum has no gain.",
        "notebook, section 7",
    ),
    Misconception(
        "no-least-gain",
        _but(least=0.0),
        "Gains may become too small: none falls below 0.01.",
        "notebook, section 7",
    ),
    Misconception(
        "uphill",
        _but(move=lambda velocity, gains, slope, momentum, rate: momentum * velocity + rate * gains * slope),
        "Your steps go along the gradient, uphill. The velocity gets minus the gradient.",
        "notebook, section 7",
    ),
    Misconception(
        "no-learning-rate",
        _but(move=lambda velocity, gains, slope, momentum, rate: momentum * velocity - gains * slope),
        "The learning rate is missing.",
        "notebook, section 7",
    ),
    Misconception(
        "not-centered",
        _but(center=lambda Y: Y),
        "The mean of the map is not moved to the origin. The gains differ from point to point, so the map as a whole "
        "drifts.",
        "notebook, section 7",
        also=(_but(center=lambda Y: Y - Y.mean()), _but(center=lambda Y: Y - Y.mean(1, keepdims=True))),
    ),
    Misconception(
        "starts-again",
        _but(restart=True),
        "Velocities and gains start again when the exaggeration ends. Some programs do that; here they go on.",
        "notebook, section 7",
    ),
    Misconception(
        "q-of-the-start",
        _but(stale=True),
        "Q belongs to the start all the time. The map moves, so Q has to be computed again in every iteration.",
        "notebook, section 7",
    ),
    Misconception(
        "one-iteration-fewer",
        _but(fewer=1),
        "One iteration is missing at the end.",
        "notebook, section 7",
    ),
)
