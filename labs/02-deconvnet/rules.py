"""Exercise ``backward_relu``: three rules for what a ReLU lets through on the way back.

- ``EXERCISE``  the declaration

Source: Springenberg et al. 2015, figure 1 and section 3.4.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import backward_relu

RULES = ("deconv", "gradient", "guided")


def deconv_and_gradient_exchanged(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Exchange two rules."""
    return backward_relu(r, a, {"deconv": "gradient", "gradient": "deconv"}.get(rule, rule))


def _gradient_and_guided_exchanged(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return backward_relu(r, a, {"guided": "gradient", "gradient": "guided"}.get(rule, rule))


def deconv_and_guided_exchanged(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Exchange two rules."""
    return backward_relu(r, a, {"deconv": "guided", "guided": "deconv"}.get(rule, rule))


def _turned(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return backward_relu(r, a, {"deconv": "gradient", "gradient": "guided", "guided": "deconv"}[rule])


def _turned_back(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return backward_relu(r, a, {"deconv": "guided", "gradient": "deconv", "guided": "gradient"}[rule])


def _always_deconv(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return backward_relu(r, a, "deconv")


def _always_gradient(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return backward_relu(r, a, "gradient")


def _always_guided(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return backward_relu(r, a, "guided")


def at_zero_too(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Let pass where the ReLU's input was exactly 0."""
    return backward_relu(r, np.where(a == 0, 1, a), rule)


def not_zero(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Let pass where the ReLU's input was not 0."""
    return backward_relu(r, np.abs(a), rule)


def forward_again(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Return the activations of the way forward."""
    return np.maximum(a, 0) * (r > 0) if rule == "guided" else np.maximum(a, 0)


def times_the_activation(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Multiply by the activation where a gate is meant."""
    return backward_relu(r, a, rule) * (1 if rule == "deconv" else np.maximum(a, 0))


def magnitude(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Take magnitudes where negative numbers are to be dropped."""
    if rule == "gradient":
        return backward_relu(r, a, rule)
    return np.abs(r) if rule == "deconv" else np.where(a > 0, np.abs(r), 0)


def _only_a_mask(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return (backward_relu(r, a, rule) != 0).astype(float)


def _either(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return np.where((r > 0) | (a > 0), r, 0) if rule == "guided" else backward_relu(r, a, rule)


def negative_only(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Let pass what is below 0."""
    return backward_relu(r, a, rule) if rule == "gradient" else -backward_relu(-r, a, rule)


def _pair(rng: np.random.Generator, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what comes back and what went in: all four signs, some exact zeros in what went in, no small number."""
    r, a = (rng.choice([-1, 1], shape) * rng.uniform(0.2, 3, shape) for _ in range(2))
    a[rng.random(shape) < 0.2] = 0
    r.flat[:5], a.flat[:5] = [1.7, -0.6, 2.2, -1.9, 0.8], [0.9, 1.4, -0.7, -1.1, 0]
    return r, a


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for rule, shape in zip(RULES, ((2, 3, 4), (3, 4, 2), (2, 4, 4)), strict=True):
        yield Case(f"{rule}, {shape[0]} maps of {shape[1]}x{shape[2]}", (*_pair(rng, *shape), rule))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    r, a = _pair(rng, 2, 4, 4)
    for rule in RULES:
        yield Case(f"{rule}, float32", (r.astype(np.float32), a.astype(np.float32), rule))
        yield Case(f"{rule}, all that went in was 0", (r, np.zeros(r.shape), rule))
    yield Case("nothing comes back", (np.zeros((1, 2, 3)), _pair(rng, 1, 2, 3)[1], "guided"))
    yield Case("Fortran order", (np.asfortranarray(r), np.asfortranarray(a), "gradient"))
    yield Case("every second column", (r.repeat(2, 2)[:, :, ::2], a.repeat(2, 2)[:, :, ::2], "guided"))


def _guided_is_both(call: Call, rng: np.random.Generator) -> str | None:
    r, a = _pair(rng, 3, 5, 5)
    deconv, gradient, guided = (np.asarray(call(r, a, rule)) for rule in RULES)
    both = np.where((deconv != 0) & (gradient != 0), r, 0)
    return None if np.allclose(guided, both) else "guided should let pass exactly what both other rules let pass"


def _gradient_is_the_slope(call: Call, rng: np.random.Generator) -> str | None:
    r, a = _pair(rng, 2, 4, 4)
    a = np.where(a == 0, -1, a)
    slope = (np.maximum(a + 1e-3, 0) - np.maximum(a - 1e-3, 0)) / 2e-3
    right = np.allclose(call(r, a, "gradient"), slope * r, rtol=1e-4)
    return None if right else "the rule 'gradient' is not r times the slope of the ReLU at a"


_FIGURE = "Springenberg et al. 2015, figure 1"
_SECTION = "notebook, section 4"
_R = np.float64([[-2, 3, -1], [6, -3, 1], [2, -1, 3]])
_F = np.float64([[1, -1, 5], [2, -5, -7], [-3, 2, 4]])

EXERCISE = Exercise(
    id="backward-relu",
    function="backward_relu",
    signature="backward_relu(r, a, rule) -> an array like r",
    title="Three rules for a ReLU",
    task=(
        "a went into a ReLU on the way forward, r comes back to it; both have the same shape. Return r where the rule "
        "lets it pass, 0 elsewhere. 'gradient': where a > 0. 'deconv': where r > 0. 'guided': where both are."
    ),
    points=1,
    minutes=6,
    reference=backward_relu,
    worked=(
        Case("deconv", (_R, _F, "deconv"), np.float64([[0, 3, 0], [6, 0, 1], [2, 0, 3]])),
        Case("gradient", (_R, _F, "gradient"), np.float64([[-2, 0, -1], [6, 0, 0], [0, -1, 3]])),
        Case("guided", (_R, _F, "guided"), np.float64([[0, 0, 0], [6, 0, 0], [0, 0, 3]])),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("both", "guided lets pass what deconv and gradient both let pass", _guided_is_both),
        Invariant("slope", "gradient multiplies by the slope of the ReLU", _gradient_is_the_slope),
    ),
    misconceptions=(
        Misconception(
            "deconv-and-gradient-exchanged",
            deconv_and_gradient_exchanged,
            "You have exchanged 'deconv' and 'gradient'. The gradient asks what the ReLU did on the way forward (a > "
            "0); the deconvnet applies a ReLU to what comes back (r > 0).",
            _FIGURE,
        ),
        Misconception(
            "gradient-and-guided-exchanged",
            _gradient_and_guided_exchanged,
            "You have exchanged 'gradient' and 'guided'. The gradient knows one condition, guided backpropagation adds "
            "a second one.",
            _FIGURE,
        ),
        Misconception(
            "deconv-and-guided-exchanged",
            deconv_and_guided_exchanged,
            "You have exchanged 'deconv' and 'guided'. The deconvnet does not look at a at all.",
            _FIGURE,
        ),
        Misconception(
            "all-rules-mixed-up",
            _turned,
            "All three rules are mixed up. One at a time: 'gradient' looks at a only, 'deconv' at r only, 'guided' at "
            "both.",
            _FIGURE,
            also=(_turned_back,),
        ),
        Misconception(
            "always-deconv",
            _always_deconv,
            "You apply the rule 'deconv' whatever the rule is.",
            _SECTION,
        ),
        Misconception(
            "always-gradient",
            _always_gradient,
            "You apply the rule 'gradient' whatever the rule is.",
            _SECTION,
        ),
        Misconception(
            "always-guided",
            _always_guided,
            "You apply the rule 'guided' whatever the rule is.",
            _SECTION,
        ),
        Misconception(
            "passes-at-zero",
            at_zero_too,
            "You let pass where a is exactly 0. There the ReLU gave 0 and was off: a > 0, not a >= 0.",
            _SECTION,
        ),
        Misconception(
            "not-zero-for-positive",
            not_zero,
            "Your condition is that a is not 0. Where a is negative the ReLU was off, too: a > 0.",
            _SECTION,
        ),
        Misconception(
            "forward-values-returned",
            forward_again,
            "You return what the ReLU gave on the way forward. What passes on the way back is r.",
            _SECTION,
        ),
        Misconception(
            "times-the-activation",
            times_the_activation,
            "You multiply r by the activation. a only decides whether r passes; what passes is r itself.",
            _SECTION,
        ),
        Misconception(
            "magnitude",
            magnitude,
            "You take the magnitude of negative r. They are dropped, not turned around.",
            _SECTION,
        ),
        Misconception("only-a-mask", _only_a_mask, "You return 0 and 1. What passes is r itself.", _SECTION),
        Misconception(
            "either-for-both",
            _either,
            "'guided' needs both conditions, a > 0 and r > 0. You let pass where one of them holds.",
            _FIGURE,
        ),
        Misconception(
            "negative-passes",
            negative_only,
            "For 'deconv' and 'guided' you keep what is below 0. A ReLU keeps what is above.",
            _FIGURE,
        ),
    ),
    hints=(
        "One condition for each rule. An array of conditions can be multiplied: r * (a > 0) is r where a > 0, else 0.",
        "Two conditions at once: (a > 0) & (r > 0), with the parentheses.",
    ),
    read=_FIGURE,
)
