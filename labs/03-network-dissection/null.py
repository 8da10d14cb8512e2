"""Exercise ``null_table``: what IoU does a unit reach with labels that have nothing to do with its images?

- ``EXERCISE``  the declaration
- ``Dealing``   the tables of all ways of dealing out the labels of a few images

Right answers may draw any order, so a table is right if it belongs to some order. That the orders are random, of all
images, and drawn from the generator is seen in several draws.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Breach, Call, Case, Exercise, Invariant, Misconception
from xailab_autograder.sandbox.values import GeneratorHandle

from .iou import Scene, make_scene
from .reference import iou_table, null_table, upsample

DRAWS = 14
"""A right answer keeps the labels of one of 4 images in all draws with a probability below 4 * (1 / 4)**14 < 2e-8."""
CLOSE = 1e-4


class Dealing:
    """The tables of every way to give each of a few images the labels of one of them, some several times.

    ``ways`` (W, N) says whose labels each image gets, ``tables`` (W, K, C) are the IoUs.
    """

    def __init__(self, activations: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int) -> None:
        masks = (upsample(activations, *labels.shape[1:]) > limits[:, None, None]).astype(float)
        concepts = (labels[:, None] == np.arange(size)[:, None, None]).astype(float)
        concepts[:, 0] = 0
        images = np.arange(len(labels))
        self.ways = np.array(list(itertools.product(images, repeat=len(images))))
        both = np.einsum("nkhw,mchw->nmkc", masks, concepts)[images, self.ways].sum(1)
        carries = (labels > 0).any((1, 2))[self.ways]
        area = np.einsum("wn,nk->wk", carries.astype(float), masks.sum((2, 3)))
        union = area[:, :, None] + concepts.sum((2, 3))[self.ways].sum(1)[:, None] - both
        self.tables = both / np.maximum(union, 1)
        self.orders = np.array([len(set(way)) == len(way) for way in self.ways.tolist()])

    def way(self, table: np.ndarray) -> np.ndarray | None:
        """Return a way that gives a table, an order if there is one; None for none."""
        fits = np.abs(self.tables - table).max((1, 2)) < CLOSE
        for among in (fits & self.orders, fits):
            if among.any():
                return np.asarray(self.ways[np.argmax(among)])
        return None


def _not_shuffled(
    a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    return iou_table(a, limits, labels, size)


def _part(a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    order = np.arange(len(labels))
    order[: len(labels) // 2] = rng.permutation(len(labels) // 2)
    return iou_table(a, limits, labels[order], size)


def _with_replacement(
    a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    return iou_table(a, limits, labels[rng.integers(len(labels), size=len(labels))], size)


def _pixels(a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    shuffled = np.stack([rng.permutation(map_.ravel()).reshape(map_.shape) for map_ in labels])
    return iou_table(a, limits, shuffled, size)


def _renumbered(
    a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    return iou_table(a, limits, np.r_[0, 1 + rng.permutation(size - 1)][labels], size)


def _same_numbers(
    a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    return null_table(a, limits, labels, size, np.random.default_rng(0))


def _own_numbers(
    a: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    return null_table(a, limits, labels, size, np.random.default_rng())


def _judge(case: Case, value: np.ndarray) -> str | None:
    """Check that the table belongs to labels dealt out in some order."""
    dealing = Dealing(*case.arguments[:4])
    way = dealing.way(np.asarray(value))
    if way is None:
        return "this table belongs to no way of dealing out the label maps among the images; is your iou_table right?"
    if len(set(way.tolist())) < len(way):
        return (
            f"this table belongs to the label maps {way.tolist()}: some are used several times, others never "
            "(or is your iou_table wrong?)"
        )
    return None


def _make(rng: np.random.Generator, images: int = 4) -> Scene:
    """Return a scene in which different orders give different tables."""
    while True:
        scene = make_scene(rng, images=images, units=2, maps=(3, 3), size=(6, 6), concepts=3)
        dealing = Dealing(*scene, 4)
        tables = dealing.tables[dealing.orders]
        apart = np.abs(tables[:, None] - tables[None]).max((2, 3)) + np.eye(len(tables))
        if apart.min() > 10 * CLOSE:
            return scene


def _telling_handle(rng: np.random.Generator, images: int) -> GeneratorHandle:
    """Return a generator whose usual draw moves every image's labels, and with which the usual mistakes show."""
    while True:
        handle = GeneratorHandle(int(rng.integers(2**31)))
        order = np.random.default_rng(handle.seed).permutation(images)
        part = np.random.default_rng(handle.seed).permutation(images // 2)
        drawn = np.random.default_rng(handle.seed).integers(images, size=images)
        if (order != np.arange(images)).all() and (part != np.arange(images // 2)).any() and len(set(drawn)) < images:
            return handle


def _random(rng: np.random.Generator) -> Iterator[Case]:
    # Four: that an order drawn elsewhere is by chance that of a known mistake in all of them has a chance of 24**-4.
    for _ in range(4):
        yield Case("4 images of 6x6, 2 units, concepts 1 to 3", (*_make(rng), 4, _telling_handle(rng, 4)))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    one = tuple(part[:1] if i != 1 else part for i, part in enumerate(_make(rng)))
    yield Case("one image: nothing to exchange", (*one, 4, GeneratorHandle(int(rng.integers(2**31)))))
    activations, limits, labels = _make(rng)
    yield Case("no labels at all", (activations, limits, np.zeros_like(labels), 4, _telling_handle(rng, 4)))
    yield Case("Fortran order", (np.asfortranarray(activations), limits, labels, 4, _telling_handle(rng, 4)))


def _deals_out(call: Call, rng: np.random.Generator) -> Breach | None:
    """Draw several tables of one scene; return what is wrong with them together, and which known mistake does that."""
    scene = _make(rng)
    dealing = Dealing(*scene, 4)
    handles = [GeneratorHandle(int(rng.integers(2**31))) for _ in range(DRAWS)]
    tables = [np.asarray(call(*scene, 4, handle)) for handle in handles]
    ways = [dealing.way(table) for table in tables]
    true = dealing.way(iou_table(*scene, 4))
    if any(way is None for way in ways):
        return _without_way(call, rng, tables, iou_table(*scene, 4))
    found = np.array(ways)
    if any(len(set(way)) < len(way) for way in found.tolist()):
        return Breach("some images' labels were used several times, others never", "with-replacement")
    if (found == true).all():
        return Breach(f"{DRAWS} draws all gave the table of the true labels", "not-shuffled")
    if (found == found[0]).all():
        return Breach(f"{DRAWS} generators in different states all gave the same table", "seeds-itself")
    still = (found == np.arange(4)).all(0)
    if still.any():
        always = np.flatnonzero(still).tolist()
        return Breach(f"in {DRAWS} draws, images {always} always kept their own labels", "part-shuffled")
    return None


def _without_way(call: Call, rng: np.random.Generator, tables: list[np.ndarray], true: np.ndarray) -> Breach:
    """Tell two mistakes apart whose tables belong to no way of dealing out whole label maps."""
    ordered = np.sort(true, axis=1)
    if all(np.abs(np.sort(table, axis=1) - ordered).max() < CLOSE for table in tables):
        return Breach("each row holds the true IoUs, in other columns", "concepts-renumbered")
    activations, limits, labels = make_scene(rng, images=1, units=2, maps=(3, 3), size=(6, 6), concepts=3)
    labels = np.maximum(rng.integers(0, 4, labels.shape), 0)
    everywhere = (np.ones_like(activations), np.zeros_like(limits), labels, 4)
    handle = GeneratorHandle(int(rng.integers(2**31)))
    if np.abs(np.asarray(call(*everywhere, handle)) - iou_table(*everywhere)).max() < CLOSE:
        return Breach("label maps were taken apart: their pixels are mixed", "pixels-within-images")
    return Breach("a table belongs to no way of dealing out whole label maps; is your iou_table right?")


def _repeats(call: Call, rng: np.random.Generator) -> str | None:
    scene = _make(rng)
    for _ in range(4):  # two independent orders of 4 are equal once in 24
        handle = GeneratorHandle(int(rng.integers(2**31)))
        one, two = call(*scene, 4, handle), call(*scene, 4, handle)
        if not np.allclose(one, two, atol=CLOSE):
            return "two generators in the same state gave two different tables"
    return None


EXERCISE = Exercise(
    id="null-table",
    function="null_table",
    signature="null_table(activations (N, K, h, w), T (K,), labels (N, H, W), size, rng) -> iou (K, size)",
    title="The null",
    task=(
        "Deal out the label maps among the images at random: each image gets the labels of some image, each label "
        "map is used once. Return the IoU table (your iou_table) of the units with these labels. Draw the order "
        "from rng."
    ),
    points=2,
    minutes=4,
    reference=null_table,
    worked=(
        Case(
            "2 images of one pixel, of different concepts: the labels stay or change places",
            (np.float32([[[[5]]], [[[0]]]]), np.float32([2]), np.array([[[1]], [[2]]]), 3, GeneratorHandle(1)),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("deals-out", "whole label maps go to other images, each once, in orders that differ", _deals_out),
        Invariant("repeats", "the same state of rng gives the same table", _repeats, "ignores-rng"),
    ),
    misconceptions=(
        Misconception(
            "not-shuffled",
            _not_shuffled,
            "This is the table of the true labels. Either nothing was shuffled, or activations and labels were "
            "shuffled together, which changes nothing.",
            "notebook, section 5",
        ),
        Misconception(
            "part-shuffled",
            _part,
            "Some images always keep their own labels. Whatever is not shuffled leaves real detectors in the null "
            "table.",
            "notebook, section 5",
        ),
        Misconception(
            "with-replacement",
            _with_replacement,
            "You draw label maps with replacement: some are used several times, others never. Then concepts do not "
            "keep their frequency. An order is a permutation.",
            "the documentation of np.random.Generator.permutation",
        ),
        Misconception(
            "pixels-within-images",
            _pixels,
            "You shuffle the pixels inside each label map. An image then still has its own concepts, and they have no "
            "shape. Exchange whole maps between images.",
            "notebook, section 5",
        ),
        Misconception(
            "concepts-renumbered",
            _renumbered,
            "You exchange the names of the concepts. The masks still agree with the same regions: the IoUs are the "
            "true ones, in other columns.",
            "notebook, section 5",
        ),
        Misconception(
            "seeds-itself",
            _same_numbers,
            "You make a generator with a fixed seed inside the function: it always deals out the labels in the same "
            "order.",
            "the documentation of np.random.Generator",
        ),
        Misconception(
            "ignores-rng",
            _own_numbers,
            "You do not draw from rng, so nobody can repeat your experiment. Use the generator that is passed in.",
            "the documentation of np.random.Generator",
        ),
    ),
    hints=("rng.permutation(n) is a random order of 0 ... n - 1. labels[order] deals the maps out in it.",),
    judge=_judge,
    read="notebook, section 5",
)
