"""The passes: right numbers, the same bits however the work is cut, nothing lost at an interrupt, clear refusals."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import VOCABULARY, Boxes, watcher
from xailab.data.batch import Labels
from xailab.dissection import CVPR2017, PRESETS, Conventions, Plan, dissect, dissect_with_controls, label_units, preset
from xailab.dissection.observing import Measure, Observer, plan_observations
from xailab.dissection.passes import observe, tally
from xailab.dissection.subject import activations, subject_of
from xailab.dissection.tallying import Tallier, shuffled
from xailab.errors import UnknownName, XailabError
from xailab.hooks import Capture, hooks_left
from xailab.images import Normalization, normalize, resize
from xailab.statistics import TopQuantile

PLAN = Plan(Conventions("toy", quantile=0.05), quantiles=(0.1,), batch_size=5)


def by_hand(data: Boxes, quantile: float, *, keep: np.ndarray | None = None) -> np.ndarray:
    """IoU of the watcher's units with every concept, with torch's own interpolation and loops."""
    network = watcher()
    with torch.no_grad():
        maps = network.module[:2](normalize(data.images, network.normalization))
    n, k = maps.shape[:2]
    ordered = maps.transpose(0, 1).reshape(k, -1).sort(1, descending=True).values
    thresholds = ordered[:, int(quantile * ordered.shape[1])]
    on = torch.nn.functional.interpolate(maps, size=(16, 16), mode="bilinear") > thresholds[:, None, None]
    labels = np.zeros((n, 5, 16, 16), bool)
    source = np.arange(n) if keep is None else keep
    for c in (1, 2):
        labels[:, c] = data.object[source, 0].numpy() == c
    labels[:, 3] = data.part[source, 0].numpy() == 3
    labels[:, 4] = data.scene[source].numpy()[:, :, None] == 4
    iou = np.zeros((k, 5))
    members = {1: (1, 2), 2: (1, 2), 3: (3,), 4: (4,)}
    for unit in range(k):
        mask = on[:, unit].numpy()
        for c in range(1, 5):
            present = labels[:, members[c]].any((1, 2, 3))
            hits = (mask & labels[:, c]).sum()
            iou[unit, c] = hits / max(mask[present].sum() + labels[:, c].sum() - hits, 1)
    return iou


def test_the_table_is_the_one_counted_by_hand() -> None:
    data = Boxes()
    found = dissect(watcher(), data, ["1"], plan=PLAN, progress=False)["1"]
    np.testing.assert_allclose(found.main.iou().numpy(), by_hand(data, 0.05), atol=1e-12)
    np.testing.assert_allclose(found.counts[0.1].iou().numpy(), by_hand(data, 0.1), atol=1e-12)


def test_the_null_control_is_the_same_table_for_the_partners_labels() -> None:
    data = Boxes()
    found = dissect(watcher(), data, ["1"], plan=PLAN, progress=False)["1"]
    assert found.null is not None
    partner = shuffled(len(data), seed=0)
    np.testing.assert_allclose(found.null.iou().numpy(), by_hand(data, 0.05, keep=partner), atol=1e-12)


@pytest.mark.parametrize("name", ["cvpr2017", "net2vec2018"])
def test_the_null_control_needs_no_second_quantile_and_is_taken_at_the_first(name: str) -> None:
    conventions = replace(preset(name), quantile=0.05)
    one, two = (
        dissect(watcher(), Boxes(), ["1"], plan=Plan(conventions, more, batch_size=5), progress=False)["1"].null
        for more in ((), (0.2,))
    )
    assert one is not None
    assert two is not None
    assert one.images == 24
    assert torch.equal(one.intersection, two.intersection)
    assert int(one.intersection.sum()) > 0


def test_images_are_resized_and_normalized_as_the_network_expects() -> None:
    network = replace(watcher(), normalization=Normalization((0.5, 0.4, 0.3), (0.25, 0.5, 1.0), "odd"))
    pictures = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = activations(subject_of(network, ["0"]), pictures)["0"]
    with torch.no_grad():
        expected = network.module[0](normalize(resize(pictures, 16), network.normalization))
    torch.testing.assert_close(found, expected)


def test_the_callers_network_stays_where_it_is_when_another_device_is_asked_for() -> None:
    network = watcher()
    subject = subject_of(network, ["0"], device="meta")
    assert next(subject.network.module.parameters()).device.type == "meta"
    assert next(network.module.parameters()).device.type == "cpu"
    assert subject_of(network, ["0"]).network.module is network.module


def test_units_are_named_after_what_they_see_and_a_constant_unit_after_nothing() -> None:
    found = dissect(watcher(), Boxes(60), ["1"], plan=PLAN, progress=False)["1"]
    labels = found.labels(VOCABULARY)
    assert labels.concept[:2].tolist() == [1, 2]
    assert labels.iou[3] == 0
    assert labels.concept[3] == 0
    assert found.silent()[:4].tolist() == [False, False, False, True]


def test_shuffling_gives_every_image_another_images_labels_once() -> None:
    partner = shuffled(50, seed=3)
    assert sorted(partner.tolist()) == list(range(50))
    assert (partner != np.arange(50)).all()
    assert shuffled(1, seed=0).tolist() == [0]
    assert not np.array_equal(partner, shuffled(50, seed=4))


def test_several_layers_in_one_pass_equal_each_on_its_own() -> None:
    data = Boxes()
    both = dissect(watcher(), data, ["0", "1"], plan=PLAN, progress=False)
    alone = dissect(watcher(), data, ["1"], plan=PLAN, progress=False)
    assert torch.equal(both["1"].main.intersection, alone["1"].main.intersection)
    assert torch.equal(both["1"].exemplars.indices, alone["1"].exemplars.indices)
    # Before the ReLU there are negative cells to interpolate with: another table.
    assert both["0"].layer == "0"


def test_a_small_memory_means_more_passes_and_the_same_bits() -> None:
    data = Boxes()
    subject = subject_of(watcher(), ["1"])
    measure = Measure(PLAN.all_quantiles, PLAN.conventions, (16, 16), len(data), 8)
    one = plan_observations(subject.shapes, measure, memory=2**30)
    memory = TopQuantile.bytes_needed(2, quantiles=PLAN.all_quantiles, total=len(data) * 64)
    many = plan_observations(subject.shapes, measure, memory=memory)
    assert len(one) == 1
    assert len(many) > 1
    assert [span for group in many for span in group.values()][-1][1] == 5
    small = dissect(watcher(), data, ["0", "1"], plan=PLAN, memory=memory, progress=False)
    large = dissect(watcher(), data, ["0", "1"], plan=PLAN, progress=False)
    for layer in ("0", "1"):
        np.testing.assert_array_equal(small[layer].thresholds[0.05], large[layer].thresholds[0.05])
        assert torch.equal(small[layer].main.intersection, large[layer].main.intersection)
        assert torch.equal(small[layer].exemplars.values, large[layer].exemplars.values)


def test_activations_that_fit_into_memory_are_computed_once_and_others_twice() -> None:
    passes = []
    network = watcher()
    with Capture(network.module, [], edits={"0": lambda maps: passes.append(len(maps)) or maps}):
        dissect(network, Boxes(), ["1"], plan=PLAN, progress=False)
        once = sum(passes)
        passes.clear()
        dissect(network, Boxes(), ["1"], plan=PLAN, memory=BUFFERS + 5 * 5 * 64 * 4, progress=False)
    assert once == 24 + 1  # and one image to learn the shapes
    assert sum(passes) == 24 + 19 + 1  # the first batch of five was kept


def test_less_memory_than_one_unit_needs_is_refused_with_the_number() -> None:
    with pytest.raises(XailabError, match=r"one unit of '1' need .* MiB, more than the 0\.0 MiB allowed"):
        dissect(watcher(), Boxes(), ["1"], plan=PLAN, memory=100, progress=False)


def test_merged_shards_equal_the_whole_bit_for_bit() -> None:
    data, whole = Boxes(), dissect(watcher(), Boxes(), ["1"], plan=PLAN, progress=False)["1"]
    subject = subject_of(watcher(), ["1"])
    measure = Measure(PLAN.all_quantiles, PLAN.conventions, (16, 16), len(data), PLAN.exemplars)
    observers = [Observer(subject.shapes, {"1": (0, 5)}, measure) for _ in range(3)]
    spans = [(10, 24), (0, 5), (5, 10)]
    for observer, (start, stop) in zip(observers, spans, strict=True):
        observe(subject, data, observer, start=start, stop=stop, batch_size=5)
    observers[0].merge(observers[1])
    observers[0].merge(observers[2])
    thresholds = observers[0].thresholds["1"].result()
    np.testing.assert_array_equal(thresholds[0].numpy(), whole.thresholds[0.05])
    assert torch.equal(observers[0].best["1"].result().indices, whole.exemplars.indices)
    talliers = [
        Tallier({"1": thresholds}, vocabulary=VOCABULARY, conventions=PLAN.conventions, label_size=(16, 16), null=True)
        for _ in range(3)
    ]
    for tallier, (start, stop) in zip(talliers, spans, strict=True):
        tally(subject, data, tallier, start=start, stop=stop, batch_size=5)
    talliers[1].merge(talliers[0])
    talliers[1].merge(talliers[2])
    counts, null = talliers[1].result("1")
    assert whole.null is not None
    assert null is not None
    for one, other in ((counts[0], whole.main), (counts[1], whole.counts[0.1]), (null, whole.null)):
        assert torch.equal(one.intersection, other.intersection)
        assert torch.equal(one.activation, other.activation)
        assert torch.equal(one.concept, other.concept)


BUFFERS = TopQuantile.bytes_needed(5, quantiles=PLAN.all_quantiles, total=24 * 64)
"""Memory that leaves nothing for activations, so that each image is read in both passes."""


class Interrupted(Boxes):
    """Presses Ctrl-C while a certain reading is under way."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at, self.reads = at, 0

    def read(self, indices: Sequence[int]):  # type: ignore[no-untyped-def]
        self.reads += 1
        if self.reads == self.at:
            signal.raise_signal(signal.SIGINT)
        return super().read(indices)


@pytest.mark.parametrize("at", [1, 3, 5, 7, 9])
def test_an_interrupted_run_goes_on_where_it_stopped_with_the_same_bits(tmp_path: Path, at: int) -> None:
    whole = dissect(watcher(), Boxes(), ["1"], plan=PLAN, progress=False)["1"]
    data = Interrupted(at)
    with pytest.raises(KeyboardInterrupt):
        dissect(watcher(), data, ["1"], plan=PLAN, resume=tmp_path, memory=BUFFERS, progress=False)
    before = data.reads
    found = dissect(watcher(), data, ["1"], plan=PLAN, resume=tmp_path, memory=BUFFERS, progress=False)["1"]
    assert data.reads - before == 10 - at  # 5 batches, 2 passes: none was read again
    assert torch.equal(found.main.intersection, whole.main.intersection)
    assert found.null is not None
    assert whole.null is not None
    assert torch.equal(found.null.intersection, whole.null.intersection)
    assert torch.equal(found.exemplars.indices, whole.exemplars.indices)
    np.testing.assert_array_equal(found.thresholds[0.05], whole.thresholds[0.05])


def test_the_state_of_another_run_is_not_taken_up(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        dissect(watcher(), Interrupted(7), ["1"], plan=PLAN, resume=tmp_path, memory=BUFFERS, progress=False)
    data = Interrupted(1000)
    other = Plan(Conventions("toy", quantile=0.2), quantiles=(0.1,), batch_size=5)
    memory = TopQuantile.bytes_needed(5, quantiles=other.all_quantiles, total=24 * 64)
    dissect(watcher(), data, ["1"], plan=other, resume=tmp_path, memory=memory, progress=False)
    assert data.reads == 10


def test_the_state_of_a_run_that_split_the_units_otherwise_is_not_taken_up(tmp_path: Path) -> None:
    whole = dissect(watcher(), Boxes(), ["1"], plan=PLAN, progress=False)["1"]
    with pytest.raises(KeyboardInterrupt):
        dissect(watcher(), Interrupted(3), ["1"], plan=PLAN, resume=tmp_path, memory=BUFFERS, progress=False)
    small = TopQuantile.bytes_needed(2, quantiles=PLAN.all_quantiles, total=24 * 64)
    found = dissect(watcher(), Boxes(), ["1"], plan=PLAN, resume=tmp_path, memory=small, progress=False)["1"]
    np.testing.assert_array_equal(found.thresholds[0.05], whole.thresholds[0.05])
    assert torch.equal(found.main.intersection, whole.main.intersection)


def test_a_damaged_state_is_computed_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        dissect(watcher(), Interrupted(7), ["1"], plan=PLAN, resume=tmp_path, memory=BUFFERS, progress=False)
    for path in tmp_path.glob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    data = Interrupted(1000)
    dissect(watcher(), data, ["1"], plan=PLAN, resume=tmp_path, memory=BUFFERS, progress=False)
    assert data.reads == 10


def test_controls_leave_the_network_as_it_was() -> None:
    network = watcher()
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    found = dissect_with_controls(network, Boxes(), ["1"], plan=PLAN, progress=False)
    assert set(found.random) == {"1"}
    assert all(torch.equal(before[name], value) for name, value in network.module.state_dict().items())
    assert hooks_left(network.module) == 0
    without = dissect_with_controls(network, Boxes(), ["1"], plan=PLAN, random=False, progress=False)
    assert without.random == {}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_runs_and_finds_the_ball(name: str) -> None:
    conventions = preset(name)
    plan = Plan(conventions, batch_size=8)
    data = Boxes(90)
    found = dissect(watcher(), data, ["1"], plan=plan, progress=False)["1"]
    iou = found.main.iou().numpy()
    assert iou.max() <= 1
    assert label_units(iou, VOCABULARY).concept[0] == 1
    assert set(conventions.described()) >= {"quantile", "alignment", "images", "planes", "iou_threshold"}


def test_presets_give_different_tables_even_at_the_same_quantile() -> None:
    tables = []
    for conventions in PRESETS.values():
        plan = Plan(replace(conventions, quantile=0.05), batch_size=30)
        tables.append(dissect(watcher(), Boxes(90), ["1"], plan=plan, progress=False)["1"].main.iou().numpy())
    for i, one in enumerate(tables):
        for other in tables[:i]:
            assert np.abs(one[:3] - other[:3]).max() > 1e-5  # float noise is 1e-16


def test_thresholds_on_enlarged_maps_are_quantiles_of_enlarged_maps() -> None:
    data, network = Boxes(), watcher()
    plan = Plan(Conventions("up", quantile=0.01, upsampled_thresholds=True), batch_size=7)
    found = dissect(network, data, ["1"], plan=plan, progress=False)["1"]
    with torch.no_grad():
        maps = torch.nn.functional.interpolate(network.module[:2](data.images), size=(16, 16), mode="bilinear")
    ordered = maps.transpose(0, 1).reshape(5, -1).sort(1, descending=True).values
    expected = ordered[:, int(0.01 * ordered.shape[1])].numpy()
    np.testing.assert_allclose(found.thresholds[0.01], expected, rtol=1e-6)


def test_one_image_and_one_unit_are_enough() -> None:
    found = dissect(watcher(units=1), Boxes(1), ["1"], plan=PLAN, progress=False)["1"]
    assert found.units == 1
    assert found.exemplars.indices[0].tolist() == [0] + [-1] * 7


def test_no_images_are_refused() -> None:
    with pytest.raises(XailabError, match="boxes has no images"):
        dissect(watcher(), Boxes(0), ["1"], plan=PLAN, progress=False)


def test_a_data_set_without_labels_is_refused() -> None:
    data = Boxes()
    data.vocabulary = None
    with pytest.raises(XailabError, match="boxes has no concept labels"):
        dissect(watcher(), data, ["1"], plan=PLAN, progress=False)


def test_images_that_turn_out_to_have_no_labels_are_refused() -> None:
    class Forgetful(Boxes):
        def read_labels(self, indices: Sequence[int]) -> Labels | None:
            return None

    with pytest.raises(XailabError, match="boxes gave images without labels"):
        dissect(watcher(), Forgetful(), ["1"], plan=PLAN, progress=False)


def test_an_unknown_layer_names_the_nearest_and_no_layer_says_how_to_list_them() -> None:
    network = watcher()
    named = nn.Sequential()
    named.add_module("conv5", network.module[0])
    subject = type(network)("named", named, network.normalization, 16, ())
    with pytest.raises(UnknownName, match="no layer 'conv55'; did you mean 'conv5'"):
        subject_of(subject, ["conv55"])
    with pytest.raises(XailabError, match="no layer was named"):
        subject_of(network, [])


def test_a_layer_without_maps_is_refused_with_layers_that_have_some() -> None:
    with pytest.raises(XailabError, match=r"layer '3' of watcher gives 2 numbers, no map per unit.*end with 0, 1"):
        dissect(watcher(), Boxes(), ["3"], plan=PLAN, progress=False)


def test_images_too_small_for_the_network_are_refused() -> None:
    with pytest.raises(XailabError, match="watcher cannot take images of 8 x 8 pixels"):
        subject_of(watcher(), ["1"], image_size=8)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(XailabError, match="no device 'gpu'; expected cpu, cuda"):
        subject_of(watcher(), ["1"], device="gpu")
    with pytest.raises(XailabError, match="no device 'cuda:99' here"):
        subject_of(watcher(), ["1"], device="cuda:99")


def test_nan_activations_name_layer_and_units() -> None:
    network = watcher()
    with torch.no_grad():
        network.module[0].bias[2] = torch.nan
    with pytest.raises(XailabError, match=r"layer '0' of watcher gives NaN in 1 units \(first \[2\]\)"):
        dissect(network, Boxes(), ["0"], plan=PLAN, progress=False)


def test_conventions_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"quantile must lie in \(0, 1\)"):
        Conventions(quantile=0.0)
    with pytest.raises(ValueError, match=r"iou_threshold must lie in \[0, 1\)"):
        Conventions(iou_threshold=1.0)
    with pytest.raises(UnknownName, match="no conventions 'cvpr17'; did you mean 'cvpr2017'"):
        preset("cvpr17")
    assert preset("cvpr2017") is CVPR2017
