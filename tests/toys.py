"""A tiny labelled data set and a tiny network, in which everything can be counted by hand."""

from collections.abc import Sequence

import torch
from torch import nn

from xailab.data.batch import Batch, Concept, Labels, Vocabulary
from xailab.images import Normalization
from xailab.models.network import Network

PLAIN = Normalization((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "plain")
VOCABULARY = Vocabulary(
    ("object", "part", "scene"),
    (
        Concept(1, "ball", "object"),
        Concept(2, "box", "object"),
        Concept(3, "lid", "part"),
        Concept(4, "yard-s", "scene"),
    ),
)


class Boxes:
    """n images of 16 x 16: a red ball region, a green box region with a lid, blue noise; every other one is a yard."""

    def __init__(self, count: int = 24, *, seed: int = 0) -> None:
        self.name, self.fingerprint = "boxes", f"boxes {count} {seed}"
        self.vocabulary: Vocabulary | None = VOCABULARY
        self.classes: tuple[str, ...] = ()
        self.image_size = (16, 16)
        generator = torch.Generator().manual_seed(seed)
        self.images = torch.rand(count, 3, 16, 16, generator=generator) * 0.2
        self.object = torch.zeros(count, 1, 16, 16, dtype=torch.int32)
        self.part = torch.zeros(count, 1, 16, 16, dtype=torch.int32)
        self.scene = torch.zeros(count, 1, dtype=torch.int32)
        for i in range(count):
            y, x = (torch.randint(0, 10, (2,), generator=generator)).tolist()
            if i % 3 < 2:
                self.images[i, i % 3, y : y + 6, x : x + 6] += 0.7
                self.object[i, 0, y : y + 6, x : x + 6] = 1 + i % 3
            if i % 3 == 1:
                self.part[i, 0, y : y + 2, x : x + 6] = 3
            if i % 2 == 0:
                self.scene[i, 0] = 4

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Sequence[int]) -> Batch:
        chosen = torch.tensor(list(indices), dtype=torch.int64)
        return Batch(self.images[chosen], chosen, self.read_labels(indices))

    def read_labels(self, indices: Sequence[int]) -> Labels | None:
        chosen = torch.tensor(list(indices), dtype=torch.int64)
        return Labels({"object": self.object[chosen], "part": self.part[chosen]}, {"scene": self.scene[chosen]})


def watcher(*, units: int = 5) -> Network:
    """A network whose first units see red, green and blue, the next is constant, and the rest are random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        conv, head = nn.Conv2d(3, units, 2, stride=2), nn.Linear(units * 64, 2)
    with torch.no_grad():
        for unit in range(min(units, 3)):
            conv.weight[unit] = 0
            conv.weight[unit, unit] = 0.25
        if units > 3:
            conv.weight[3] = 0
        conv.bias.zero_()
    module = nn.Sequential(conv, nn.ReLU(inplace=True), nn.Flatten(), head)
    return Network("watcher", module.eval(), PLAIN, 16, ("a", "b"))
