"""The experiment: its parts are what they say, the control changes nothing, chance is seeded, nothing runs twice."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.toys import VOCABULARY, Boxes, watcher
from xailab import models
from xailab.data import MiniBroden
from xailab.data.batch import Batch
from xailab.dissection import AlignmentResult, Conventions, MixedLayer, Plan, axis_alignment, dissect, label_units
from xailab.dissection.alignment import (
    counts_at,
    fractional_rotation,
    pca_basis,
    random_rotation,
)
from xailab.dissection.alignment.pictures import rotation_chart, threshold_chart
from xailab.errors import XailabError
from xailab.hooks import Capture

PLAN = Plan(Conventions("toy", quantile=0.05), batch_size=12, seed=3)


def run(data: Boxes, **options: object) -> AlignmentResult:
    options = {"rotations": 2, "plan": PLAN, "progress": False} | options
    return axis_alignment(watcher(), data, "1", **options)  # type: ignore[arg-type]


def same(one: AlignmentResult, other: AlignmentResult) -> bool:
    pairs = zip(sum(one.bases.values(), ()), sum(other.bases.values(), ()), strict=True)
    return all(np.array_equal(a.category_iou, b.category_iou) for a, b in pairs)


def test_every_part_is_the_dissection_in_that_basis() -> None:
    data, rng = Boxes(), np.random.default_rng(3)
    result = run(data)
    assert np.array_equal(rng.permutation(5), result.order)
    turns = [random_rotation(5, rng) for _ in range(2)]
    bases = {
        "half 1": (fractional_rotation(turns[1], 0.5), result.rotated[0.5][1]),
        "whole 0": (turns[0], result.rotated[1.0][0]),
        "principal": (pca_basis(result.moments)[0], result.pca),
        "own": (np.eye(5), result.natural),
    }
    layers = [MixedLayer("1", basis, name) for name, (basis, _) in bases.items()]
    found = dissect(watcher(), data, layers, plan=PLAN, progress=False)
    for name, (_, labels) in bases.items():
        # A power of 1 is the rotation but for rounding in float64, which float32 maps hardly see.
        np.testing.assert_allclose(found[name].labels(VOCABULARY).iou, labels.iou, atol=1e-3)


def test_another_order_changes_nothing() -> None:
    assert run(Boxes()).permutation_changed == 0


def test_a_permutation_that_changed_something_would_be_counted() -> None:
    result = run(Boxes())
    broken = replace(result, permuted=replace(result.permuted, iou=result.permuted.iou + np.array([0, 0, 1e-9, 0, 0])))
    assert broken.permutation_changed == 1


def test_nought_of_a_rotation_is_left_out_and_parts_are_in_order() -> None:
    assert list(run(Boxes(), alphas=(1, 0, 0.25)).rotated) == [0.25, 1.0]


def test_the_seed_decides() -> None:
    data = Boxes()
    assert same(run(data), run(data))
    assert not same(run(data), run(data, plan=replace(PLAN, seed=4)))


def test_every_image_is_seen_by_the_network_once() -> None:
    passes: list[int] = []
    network = watcher()
    with Capture(network.module, [], edits={"0": lambda maps: passes.append(len(maps)) or maps}):
        axis_alignment(network, Boxes(), "1", rotations=1, plan=PLAN, progress=False)
    assert sum(passes) == 24 + 2  # and an image to learn the shapes, twice


class Interrupted(Boxes):
    """Presses Ctrl-C while a certain reading is under way."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at, self.reads = at, 0

    def read(self, indices: Sequence[int]) -> Batch:
        self.reads += 1
        if self.reads == self.at:
            signal.raise_signal(signal.SIGINT)
        return super().read(indices)


def test_an_interrupted_experiment_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    memory = 2 * 10_000  # thresholds fit, activations do not: two readings a pass
    whole = run(Boxes())
    for at in (2, 5, 8):
        data = Interrupted(at)
        with pytest.raises(KeyboardInterrupt):
            run(data, resume=tmp_path / str(at), memory=memory)
        assert same(run(data, resume=tmp_path / str(at), memory=memory), whole)


def test_the_spread_is_the_mean_and_deviation_over_draws() -> None:
    tables = []
    for units in (1, 3):
        iou = np.zeros((4, 5))
        iou[:units, 1] = 0.1
        iou[3, 2] = 0.05
        tables.append(label_units(iou, VOCABULARY))
    found = counts_at(tables, (0.04, 0.06, 0.2))
    assert found.detectors.tolist() == [3.0, 2.0, 0.0]
    assert found.detectors_std.tolist() == pytest.approx([2**0.5, 2**0.5, 0.0])
    assert found.unique.tolist() == [2.0, 1.0, 0.0]
    assert found.unique_std.tolist() == [0.0, 0.0, 0.0]
    assert counts_at(tables[:1], (0.04,)).detectors_std.tolist() == [0.0]
    assert "3.0±1.4/2.0±0.0" in str(found)
    with pytest.raises(ValueError, match="nothing to count"):
        counts_at([], (0.04,))


def test_the_table_has_a_line_per_basis() -> None:
    result = run(Boxes())
    lines = str(result).splitlines()
    assert lines[0] == "watcher 1, 24 images of boxes: detectors / unique"
    assert [line[:16].strip() for line in lines[2:]] == ["units", "permuted", "rotated x 0.5", "rotated", "PCA"]
    units = f"{result.natural.detectors().sum():d}/"
    assert lines[2].split()[1].startswith(units)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(XailabError, match="expected rotations >= 1 and finite alphas, got 0"):
        run(Boxes(), rotations=0)
    with pytest.raises(XailabError, match="expected rotations >= 1 and finite alphas"):
        run(Boxes(), alphas=(float("nan"),))
    data = Boxes()
    data.vocabulary = None
    with pytest.raises(XailabError, match="boxes has no concept labels"):
        run(data)


@pytest.fixture(scope="module")
def tags() -> AlignmentResult:
    """The shipped network on a part of the probe set."""
    data = MiniBroden("probe", limit=128, progress=False)
    return axis_alignment(models.load("tags"), data, "conv5", rotations=3, alphas=(0.5, 1), progress=False)


def test_the_units_of_the_trained_network_detect_more_than_rotated_ones(tags: AlignmentResult) -> None:
    rows = tags.table((0.04, 0.15))
    assert rows["units"].unique[0] > rows["rotated"].unique[0] + 2 * rows["rotated"].unique_std[0]
    assert rows["units"].unique[1] > 2 * rows["rotated"].unique[1]
    assert rows["rotated x 0.5"].unique[0] > rows["rotated"].unique[0]
    assert tags.permutation_changed == 0


def test_the_charts_show_the_table(tags: AlignmentResult) -> None:
    lines = {line.get_label(): line for line in threshold_chart(tags).axes[0].get_lines()}
    assert [name for name in lines if not str(name).startswith("_")] == ["units", "rotated x 0.5", "rotated", "PCA"]
    at = np.flatnonzero(np.isclose(lines["rotated"].get_xdata(), 0.04))[0]
    assert np.asarray(lines["rotated"].get_ydata())[at] == tags.table()["rotated"].unique[0]
    all_units = threshold_chart(tags, count="detectors").axes[0].get_lines()[0]
    assert np.asarray(all_units.get_ydata())[at] == tags.table()["units"].detectors[0]
    figure = rotation_chart(tags)
    ends = {line.get_label(): line.get_ydata() for line in figure.axes[0].get_lines()}
    assert ends["all"][0] == tags.table()["units"].unique[0]
    assert ends["all"][2] == pytest.approx(tags.table()["rotated"].unique[0])
    assert sum(values[0] for name, values in ends.items() if name != "all") == ends["all"][0]
