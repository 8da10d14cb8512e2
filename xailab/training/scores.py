"""How well a trained network does on images that it has not seen.

- ``accuracy``                one class per image
- ``mean_average_precision``  many tags per image
"""

from jaxtyping import Float, Int
from torch import Tensor

FEWEST = 5
"""Tags with fewer positive images are left out of the mean: their average precision is mostly chance."""


def accuracy(logits: Float[Tensor, "n classes"], targets: Int[Tensor, " n"]) -> dict[str, float]:
    """Return the fraction of images whose largest logit is that of their class, in [0, 1]."""
    return {"accuracy": (logits.argmax(1) == targets).double().mean().item()}


def mean_average_precision(logits: Float[Tensor, "n classes"], targets: Float[Tensor, "n classes"]) -> dict[str, float]:
    """Return the average precision (area under precision over recall), averaged over tags, in [0, 1].

    Tags with fewer than 5 positive or negative images are left out; without any tag that can be judged it is 0.
    """
    from sklearn.metrics import average_precision_score

    positives = targets.sum(0)
    judged = ((positives >= FEWEST) & (len(targets) - positives >= FEWEST)).nonzero()[:, 0].tolist()
    scores = [float(average_precision_score(targets[:, tag].numpy(), logits[:, tag].numpy())) for tag in judged]
    return {"mean average precision": sum(scores) / len(scores) if scores else 0.0}
