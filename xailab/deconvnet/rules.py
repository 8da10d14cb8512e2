"""What a ReLU lets through on the way back: the one place where the three methods differ.

- ``deconv``    what is positive of the signal
- ``gradient``  what arrives where the ReLU was active
- ``guided``    both
- ``RULES``     all three by name, for menus and command lines

A rule is any function ``(signal, forward_output) -> signal``; both tensors have the shape of the ReLU's output.

Source: Springenberg et al. 2015, section 3.4 and fig. 1.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jaxtyping import Float
from torch import Tensor

Rule = Callable[[Tensor, Tensor], Tensor]
"""Takes the signal from above and what the ReLU gave in the forward run; returns the signal that goes on."""


def deconv(signal: Float[Tensor, "*shape"], forward_output: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Let the positive part of the signal through, wherever the ReLU was active or not.

    Source: Zeiler and Fergus 2014, section 2.1.
    """
    return signal.clamp(min=0)


def guided(signal: Float[Tensor, "*shape"], forward_output: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Let the positive part of the signal through where the ReLU was active.

    Source: Springenberg et al. 2015, section 3.4.
    """
    return signal.clamp(min=0) * (forward_output > 0)


def gradient(signal: Float[Tensor, "*shape"], forward_output: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Let the signal through where the ReLU was active: backpropagation; the derivative at 0 is taken as 0.

    Source: Simonyan et al. 2013, section 4.
    """
    return signal * (forward_output > 0)


RULES: Mapping[str, Rule] = MappingProxyType({"deconv": deconv, "guided": guided, "gradient": gradient})
"""The rules by name."""
