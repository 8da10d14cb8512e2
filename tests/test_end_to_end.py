"""What the pieces must do together: the claims of the README, on small data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from xailab import models
from xailab.data import MiniBroden
from xailab.data.broden import BrodenFolder, export_broden
from xailab.dissection import (
    Dissection,
    Plan,
    dissect,
    dissect_with_controls,
    label_units,
    unique_labels,
    unique_labels_by_category,
)
from xailab.dissection.report.command import Request, run
from xailab.errors import DataError


@pytest.fixture(scope="module")
def probe() -> MiniBroden:
    data = MiniBroden("probe", progress=False)
    data.render()
    return data


@pytest.fixture(scope="module")
def tags(probe: MiniBroden) -> Dissection:
    return dissect_with_controls(models.load("tags"), probe, ["conv1", "conv5"], progress=False)


@pytest.mark.slow
def test_conv5_of_tags_has_many_unique_detectors(tags: Dissection) -> None:
    labels = tags.layers["conv5"].labels(tags.vocabulary)
    assert sum(map(len, unique_labels(labels, 0.04).values())) >= 34


@pytest.mark.slow
def test_objects_and_parts_are_detected_later_than_colors(tags: Dissection) -> None:
    first, last = (unique_labels_by_category(tags.layers[name].labels(tags.vocabulary)) for name in ("conv1", "conv5"))
    assert len(last["object"]) + len(last["part"]) > len(first["object"]) + len(first["part"])


@pytest.mark.slow
def test_shuffled_labels_leave_no_detector_and_random_weights_hardly_any_concept(tags: Dissection) -> None:
    """Random weights are not nothing: the released tables give 2 unique detectors (9 of 256 units) for AlexNet."""
    null = tags.layers["conv5"].null
    assert null is not None
    assert label_units(null.iou().numpy(), tags.vocabulary).detectors(0.04).sum() == 0
    random = tags.random["conv5"].labels(tags.vocabulary)
    assert sum(map(len, unique_labels(random, 0.04).values())) <= 3
    assert random.iou.max() < tags.layers["conv5"].labels(tags.vocabulary).iou.max() / 3


def test_minibroden_exported_as_broden_gives_the_same_table(tmp_path: Path) -> None:
    data = MiniBroden("probe", limit=60, progress=False)
    export_broden(data, tmp_path / "broden", progress=False)
    back = BrodenFolder(tmp_path / "broden", sort_by_name=True, progress=False)
    network, plan = models.load("tags"), Plan(batch_size=20)
    one, other = (dissect(network, d, ["conv5"], plan=plan, progress=False)["conv5"] for d in (data, back))
    np.testing.assert_array_equal(one.thresholds[0.005], other.thresholds[0.005])
    assert torch.equal(one.main.intersection, other.main.intersection)
    assert torch.equal(one.main.iou(), other.main.iou())
    assert one.null is not None
    assert other.null is not None
    assert torch.equal(one.null.iou(), other.null.iou())
    names = [
        [(c.number, c.title, c.category) for c in d.vocabulary.concepts if c.number in seen]
        for seen in [set(one.main.concept.nonzero()[:, 0].tolist())]
        for d in (data, back)
    ]
    assert names[0] == names[1]


def test_a_torchvision_network_from_a_file_is_dissected_end_to_end(tmp_path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "resnet18.pth")
    request = Request(
        "resnet18", ("layer4",), weights=str(tmp_path / "resnet18.pth"), limit=12, image_size=64, top_units=4
    )
    lines = run(request, tmp_path / "out", progress=False)
    assert lines[0].startswith("layer4: ")
    assert "of 512 units" in lines[0]
    assert (tmp_path / "out" / "index.html").stat().st_size > 50_000


def test_a_broken_folder_stops_with_file_and_row_or_is_skipped_and_counted(tmp_path: Path) -> None:
    export_broden(MiniBroden("probe", limit=10, progress=False), tmp_path / "broden", progress=False)
    victim = sorted((tmp_path / "broden" / "images").rglob("*_object.png"))[3]
    victim.write_bytes(victim.read_bytes()[:60])
    request = Request("objects", ("conv1",), data=str(tmp_path / "broden"), top_units=2)
    with pytest.raises(DataError, match=rf"index\.csv, line \d+: .*{victim.name}"):
        run(request, tmp_path / "out", progress=False)
    assert not (tmp_path / "out" / "index.html").exists()
    lines = run(replace(request, skip_broken=True), tmp_path / "out", progress=False)
    assert lines[0] == "1 image could not be read and was left out"
