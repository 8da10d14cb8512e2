"""The architecture of the small networks that come with the course.

- ``mini_alexnet``  AlexNet's order of layers for 64-pixel images, with a fully connected head

Source: the order of layers is AlexNet's, Krizhevsky et al. 2012, section 3.5. We differ: 64-pixel input, narrower
layers, batch normalization while training instead of local response normalization (folded into the convolutions
before the network is shipped, see ``xailab.models.folding``), one hidden fully connected layer.
"""

from collections import OrderedDict

from torch import nn

IMAGE_SIZE = 64
HIDDEN = 128


def mini_alexnet(
    classes: int, *, conv5: int = 128, batch_norm: bool = False, dropout: float = 0.0, head: int = HIDDEN
) -> nn.Sequential:
    """Build the mini-AlexNet with PyTorch's own initial weights, drawn from torch's global generator.

    Children are named after AlexNet's layers, so that ``"conv5"`` is the activation after the ReLU (what Network
    Dissection calls conv5: Caffe's ReLU overwrites its input) and ``"conv5.conv"`` is the one before it. Every ReLU
    writes to a new tensor, so both can be read in one pass. At 64 pixels conv1 gives 32x32 cells, conv2 16x16, and
    conv3 to conv5 8x8; the theoretical receptive field of a conv5 unit is 67 pixels, one every 8 pixels.

    The head is fully connected and not a global average pool, because the pool ties units to no axis of their own:
    after it, rotating conv5 changes little (see the lab on axis alignment).

    Parameters
    ----------
    classes
        Number of logits.
    conv5
        Number of units of the last convolution.
    batch_norm
        Whether a batch normalization stands between each convolution and its ReLU (for training).
    dropout
        Probability with which a hidden unit of the head is dropped (for training); 0 leaves the layer out.
    head
        Number of hidden units of the head, ``fc6``.
    """
    if min(classes, conv5, head) < 1:
        raise ValueError(f"classes, conv5 and head must be at least 1, got {classes}, {conv5} and {head}")
    cells = IMAGE_SIZE // 16
    layers: list[tuple[str, nn.Module]] = [
        ("conv1", _convolution(3, 32, kernel=5, stride=2, batch_norm=batch_norm)),
        ("pool1", nn.MaxPool2d(2)),
        ("conv2", _convolution(32, 64, batch_norm=batch_norm)),
        ("pool2", nn.MaxPool2d(2)),
        ("conv3", _convolution(64, 96, batch_norm=batch_norm)),
        ("conv4", _convolution(96, 96, batch_norm=batch_norm)),
        ("conv5", _convolution(96, conv5, batch_norm=batch_norm)),
        ("pool5", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()),
        ("fc6", nn.Sequential(OrderedDict(linear=nn.Linear(conv5 * cells * cells, head), relu=nn.ReLU()))),
        ("logits", nn.Linear(head, classes)),
    ]
    if dropout:
        layers.insert(-1, ("dropout", nn.Dropout(dropout)))
    return nn.Sequential(OrderedDict(layers))


def _convolution(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, batch_norm: bool) -> nn.Sequential:
    """Return a convolution that keeps the size (but for its stride) and its ReLU; a normalization brings the bias."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv"] = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=not batch_norm)
    if batch_norm:
        layers["norm"] = nn.BatchNorm2d(outputs)
    layers["relu"] = nn.ReLU()
    return nn.Sequential(layers)
