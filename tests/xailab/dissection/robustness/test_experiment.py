"""The experiment: what it counts is dissection of changed images, and the two kinds of thresholds are told apart."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle

from tests.toys import VOCABULARY, Boxes, watcher
from xailab.data.batch import Batch
from xailab.dissection import Conventions, Plan, RobustnessResult, detector_robustness, dissect
from xailab.dissection.robustness import (
    PERTURBATIONS,
    Perturbation,
    Perturbed,
    gaussian_noise,
    rotation,
    shuffled_patches,
    uniform_noise,
)
from xailab.dissection.robustness.pictures import perturbation_grid, robustness_chart
from xailab.errors import XailabError

PLAN = Plan(Conventions("toy", quantile=0.05), batch_size=12, null=False)
DIMMED = Perturbation("dimmed", "light", lambda images, _: images / 2, lambda maps, _: maps)
BLACK = Perturbation("black", "light", lambda images, _: images * 0, lambda maps, _: maps)


def run(*perturbations: Perturbation, data: Boxes | None = None, **options: object) -> RobustnessResult:
    options = {"plan": PLAN, "progress": False} | options
    return detector_robustness(
        watcher(), Boxes() if data is None else data, "1", perturbations=perturbations, **options
    )  # type: ignore[arg-type]


def without_bias() -> None:
    """The watcher has no bias: half the light is half of every activation, exactly."""
    assert not watcher().module[0].bias.any()


def test_no_noise_changes_nothing() -> None:
    result = run(uniform_noise(0))
    name = "uniform noise x0"
    for found in (result.own[name], result.fixed[name]):
        np.testing.assert_array_equal(found.category_iou, result.clean.category_iou)
    row = result.table()["clean"][0]
    assert result.table()[name] == (row, row)
    assert row.kept == row.detectors > 0


def test_half_the_light_costs_nothing_above_thresholds_of_its_own_and_all_above_the_clean_ones() -> None:
    without_bias()
    data = Boxes()
    data.images = data.images.clamp(0, 1)
    result = run(DIMMED, BLACK, data=data)
    np.testing.assert_array_equal(result.own["dimmed"].category_iou, result.clean.category_iou)
    own, fixed = result.table()["dimmed"]
    assert own.kept == result.table()["clean"][0].detectors
    assert fixed.detectors < own.detectors
    assert result.table()["black"][1].detectors == 0


def test_both_ways_of_counting_by_hand() -> None:
    data = Boxes()
    result = run(gaussian_noise(0.3))
    changed = Perturbed(data, gaussian_noise(0.3))
    own = dissect(watcher(), changed, ["1"], plan=PLAN, progress=False)["1"].labels(VOCABULARY)
    np.testing.assert_array_equal(own.category_iou, result.own["gaussian noise 0.3"].category_iou)
    thresholds = dissect(watcher(), data, ["1"], plan=PLAN, progress=False)["1"].thresholds[0.05]
    with torch.no_grad():
        maps = watcher().module[:2](changed.read(range(24)).images)
    on = torch.nn.functional.interpolate(maps, size=(16, 16), mode="bilinear")[:, 0] > float(thresholds[0])
    ball = data.object[:, 0] == 1
    present = (data.object > 0).flatten(1).any(1)
    hits = int((on & ball).sum())
    iou = hits / (int(on[present].sum()) + int(ball.sum()) - hits)
    found = result.fixed["gaussian noise 0.3"]
    assert found.category_concept[0, 0] == 1
    assert found.category_iou[0, 0] == pytest.approx(iou, rel=1e-6)


def test_patches_cut_a_detector_that_sees_single_cells_by_nothing() -> None:
    """Units that look at 2 x 2 pixels do not notice that 4 x 4 patches were moved, but for borders between cells."""
    result = run(shuffled_patches(4), data=Boxes(90), plan=replace(PLAN, batch_size=45))
    clean, name = result.clean, "patches 4x4 shuffled"
    assert result.own[name].concept[:2].tolist() == clean.concept[:2].tolist() == [1, 2]
    assert result.table()[name][0].kept >= 2
    assert result.own[name].iou[0] > 0.5 * clean.iou[0]


def test_kept_counts_clean_detectors_with_the_same_concept() -> None:
    result = run(DIMMED)
    concepts = result.clean.concept.copy()
    first = int(np.flatnonzero(result.clean.detectors())[0])
    concepts[first] = concepts[first] % 4 + 1
    row = result.row(replace(result.clean, concept=concepts))
    assert row.detectors - row.kept == 1
    assert result.row(result.clean, 0.99).detectors == 0
    # A unit that was no detector on clean images keeps nothing, whatever it becomes.
    grown = result.row(replace(result.clean, iou=np.full(5, 0.9)))
    assert grown.detectors == 5
    assert grown.kept == result.clean.detectors().sum() < 5


def test_the_seed_decides() -> None:
    one, other, third = (
        run(gaussian_noise(0.2), plan=replace(PLAN, seed=seed)).own["gaussian noise 0.2"].category_iou
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, third)


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
    perturbations = (gaussian_noise(0.2), shuffled_patches(2))
    whole = run(*perturbations)
    for at in (4, 5, 8):
        data = Interrupted(at)
        with pytest.raises(KeyboardInterrupt):
            run(*perturbations, data=data, resume=tmp_path / str(at))
        found = run(*perturbations, data=data, resume=tmp_path / str(at))
        for name in whole.own:
            np.testing.assert_array_equal(found.own[name].category_iou, whole.own[name].category_iou)
            np.testing.assert_array_equal(found.fixed[name].category_iou, whole.fixed[name].category_iou)


def test_what_cannot_be_done_is_refused_before_any_work() -> None:
    data = Interrupted(1000)
    with pytest.raises(ValueError, match="16 x 16 pixels cannot be cut into 9"):
        run(uniform_noise(1), shuffled_patches(3), data=data)
    assert data.reads <= 2
    with pytest.raises(XailabError, match="expected perturbations of different names"):
        run(uniform_noise(1), uniform_noise(1))
    with pytest.raises(XailabError, match="expected perturbations of different names"):
        run()
    with pytest.raises(XailabError, match="boxes has no images"):
        run(uniform_noise(1), data=Boxes(0))
    data.vocabulary = None
    with pytest.raises(XailabError, match="boxes has no concept labels"):
        run(uniform_noise(1), data=data)


def test_the_table_has_a_line_per_perturbation() -> None:
    result = run(uniform_noise(1), rotation(10))
    lines = str(result).splitlines()
    assert lines[0] == "watcher 1, 24 images of boxes, IoU > 0.04"
    assert [line[:24].strip() for line in lines[3:]] == ["clean", "uniform noise x1", "rotated 10 degrees"]
    own, fixed = result.table()["rotated 10 degrees"]
    expected = [own.detectors, own.unique, own.kept, fixed.detectors, fixed.unique, fixed.kept]
    assert [int(word) for word in lines[-1][24:].split()] == expected


def test_the_chart_has_the_bars_of_the_table() -> None:
    result = run(uniform_noise(1), rotation(10), rotation(45))
    figure = robustness_chart(result)
    for side, axes in enumerate(figure.axes):
        widths = [patch.get_width() for patch in axes.patches if isinstance(patch, Rectangle)]
        rows = [rows[side] for rows in result.table().values()]
        expected = [getattr(row, name) for name in ("detectors", "kept", "unique") for row in rows]
        assert widths == expected
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == list(result.table())


def test_the_grid_shows_every_perturbation() -> None:
    picture = perturbation_grid(Boxes(), 1)
    rows = -(-(len(PERTURBATIONS) + 1) // 7)
    assert picture.width > 7 * 192
    assert picture.height > rows * 2 * 192
    data = Boxes()
    data.read_labels = lambda indices: None  # type: ignore[method-assign]
    with pytest.raises(XailabError, match="boxes has no label maps to show"):
        perturbation_grid(data, 0)
