"""Counts and IoU are the slow twin's, under every convention, for any split of the data and on every path."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xailab_kernels import resampling

from tests import naive
from xailab.data.batch import Labels
from xailab.statistics import IoUTally, conventions, prepare

SETS = [conventions.category_present, conventions.mask_touches, conventions.all_images, conventions.concept_present]
CONCEPTS = 12
CATEGORIES = np.array([-1, 0, 0, 0, 2, 2, 2, 2, 5, 5, -1, 63], np.int64)


def problem(seed=0, images=8, units=6, tags=2):
    """Smooth maps, and labels of two categories of planes and one of whole-image labels."""
    rng = np.random.default_rng(seed)
    maps = torch.from_numpy(np.maximum(rng.standard_normal((images, units, 5, 4)), 0).astype(np.float32))
    blocks = rng.integers(0, CONCEPTS, (images, 3, 5, 6)) * (rng.random((images, 3, 5, 6)) < 0.6)
    planes = torch.from_numpy(blocks.repeat(4, 2).repeat(3, 3).astype(np.int32))
    whole = torch.from_numpy(rng.integers(0, CONCEPTS, (images, tags)).astype(np.int32))
    whole[rng.random(images) < 0.5] = 0
    thresholds = torch.full((units,), 1.3) + torch.arange(units) / 50
    return maps, thresholds, Labels({"object": planes[:, :1], "part": planes[:, 1:]}, {"scene": whole})


def part(labels, which):
    return Labels({c: m[which] for c, m in labels.maps.items()}, {c: t[which] for c, t in labels.tags.items()})


def moved(labels, device):
    return Labels({c: m.to(device) for c, m in labels.maps.items()}, {c: t.to(device) for c, t in labels.tags.items()})


def tallied(maps, thresholds, labels, device="cpu", **options):
    tally = IoUTally(thresholds, categories=CATEGORIES, **options)
    tally.add(maps.to(device), moved(labels, device))
    return tally


def expected_activation(on, touched, pixels, images):
    """|A| per unit and concept, from the definitions of the image sets."""
    b, k = on.shape
    activation = np.zeros((k, CONCEPTS), np.int64)
    for concept in range(1, CONCEPTS):
        category = CATEGORIES[concept]
        same = [c for c in range(CONCEPTS) if category >= 0 and CATEGORIES[c] == category]
        for i in range(b):
            for u in range(k):
                counts = {
                    "category_present": pixels[i, same].any(),
                    "mask_touches": category in touched[i, u],
                    "all_images": True,
                    "concept_present": pixels[i, concept] > 0,
                }[images.name]
                activation[u, concept] += on[i, u] * bool(counts)
    return activation


@pytest.mark.parametrize("images", SETS, ids=lambda images: images.name)
@pytest.mark.parametrize("rule", [conventions.sum_of_planes, conventions.union_of_planes])
@pytest.mark.parametrize("alignment", [resampling.half_pixel, resampling.ReceptiveField(1, 4, 1.25)])
def test_counts_and_iou_equal_the_twins(device, images, rule, alignment):
    maps, thresholds, labels = problem()
    counts = tallied(maps, thresholds, labels, device, images=images, planes=rule, alignment=alignment).result()
    planes, tags = (array.numpy() for array in labels.stacked())
    if rule is conventions.union_of_planes:
        planes, tags = naive.without_duplicates(planes, tags)
    tables = alignment(5, planes.shape[2]), alignment(4, planes.shape[3])
    intersection, on, touched = naive.tally(
        maps.numpy(), thresholds.numpy(), *tables, planes, tags, CONCEPTS, CATEGORIES
    )
    pixels = naive.concept_pixels(planes, tags, CONCEPTS)
    activation = expected_activation(on, touched, pixels, images)
    np.testing.assert_array_equal(counts.intersection, intersection)
    np.testing.assert_array_equal(counts.concept, pixels.sum(0))
    np.testing.assert_array_equal(counts.activation, activation)
    assert counts.images == 8
    union = activation + pixels.sum(0) - intersection
    iou = counts.iou()
    np.testing.assert_array_equal(iou, np.where(union > 0, intersection / np.maximum(union, 1), 0))
    assert (iou > 0).any()


def test_a_unit_that_is_its_concept_has_iou_1(device):
    maps = torch.zeros(1, 2, 4, 4)
    maps[0, 0, :2] = 1
    planes = torch.zeros(1, 1, 4, 4, dtype=torch.int32)
    planes[0, 0, :2] = 1
    iou = tallied(maps, torch.full((2,), 0.5), Labels({"object": planes}), device).result().iou()
    assert iou[0, 1] == 1
    assert iou.sum() == 1  # a dead unit and absent concepts have none


@given(st.integers(0, 10**6))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_union_of_planes_equals_the_twin(seed):
    labels = problem(seed, images=2)[2]
    planes, tags = labels.stacked()
    before = planes.clone(), tags.clone()
    ours = conventions.union_of_planes(planes, tags)
    assert torch.equal(planes, before[0])  # its argument is left as it was
    assert torch.equal(tags, before[1])
    for one, other in zip(ours, naive.without_duplicates(planes.numpy(), tags.numpy()), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("images", SETS, ids=lambda images: images.name)
def test_shards_batches_and_restored_states_give_the_bits_of_the_whole(device, images):
    maps, thresholds, labels = problem(images=11)
    whole = tallied(maps, thresholds, labels, device, images=images)
    merged = tallied(maps[7:], thresholds, part(labels, slice(7, None)), device, images=images)
    merged = IoUTally.from_state(merged.state(), images=images)
    first = IoUTally(thresholds, categories=torch.from_numpy(CATEGORIES), images=images)
    for which in (slice(4, 7), slice(0, 1), slice(1, 4)):
        first.add(maps[which].to(device), moved(part(labels, which), device))
    merged.merge(first)
    for name, array in whole.state().items():
        assert array.tobytes() == merged.state()[name].tobytes(), name


def test_labels_are_prepared_once_for_several_tallies(device):
    maps, thresholds, labels = problem()
    prepared = prepare(moved(labels, device), vocabulary_size=CONCEPTS)
    for scale in (1.0, 1.5):
        tally = IoUTally(thresholds * scale, categories=CATEGORIES)
        tally.add(maps.to(device), prepared)
        expected = tallied(maps, thresholds * scale, labels)
        assert torch.equal(tally.result().intersection, expected.result().intersection)


def test_pixels_counted_by_torch_equal_the_kernels():
    from xailab.statistics.labels import _pixels_on_device

    labels = problem()[2]
    prepared = prepare(labels, vocabulary_size=CONCEPTS)
    assert torch.equal(_pixels_on_device(*labels.stacked(), CONCEPTS), prepared.pixels)
    with pytest.raises(ValueError, match=r"labels must be in 0 \.\.\. 5"):
        _pixels_on_device(*labels.stacked(), 6)


def test_many_maps_are_upsampled_in_chunks(device, monkeypatch):
    from xailab.statistics import counting

    maps, thresholds, labels = problem()
    expected = tallied(maps, thresholds, labels).state()
    monkeypatch.setattr(counting, "_PIXELS", 1000)
    for name, array in tallied(maps, thresholds, labels, device).state().items():
        np.testing.assert_array_equal(array, expected[name])


def test_whole_image_labels_alone_need_a_size(device):
    maps, thresholds, labels = problem()
    tags = Labels({}, labels.tags)
    with pytest.raises(ValueError, match=r"do not say how many pixels an image has; pass label_size=\(h, w\)"):
        tallied(maps, thresholds, tags, device)
    counts = tallied(maps, thresholds, tags, device, label_size=(20, 18)).result()
    full = tallied(maps, thresholds, labels, device)
    full.add(maps.to(device), moved(tags, device))  # the size is known from the first batch
    np.testing.assert_array_equal(counts.concept % 360, 0)
    assert full.result().images == 16


@pytest.mark.parametrize(("images", "units"), [(0, 2), (1, 1), (2, 0)])
def test_few_units_and_images_work(device, images, units):
    counts = tallied(*problem(images=images, units=units), device).result()
    assert counts.iou().shape == (units, CONCEPTS)
    assert counts.images == images


def test_an_empty_tally_has_a_result():
    counts = IoUTally(torch.zeros(2), categories=CATEGORIES).result()
    assert counts.iou().abs().sum() == 0


def test_wrong_input_is_refused_and_adds_nothing(device):
    maps, thresholds, labels = problem()
    tally = tallied(maps, thresholds, labels, device)
    before = tally.state()
    maps, labels = maps.to(device), moved(labels, device)
    with pytest.raises(ValueError, match="expected activations of 6 units, got 5"):
        tally.add(maps[:, :5], labels)
    with pytest.raises(ValueError, match="maps of 5x0 cells cannot be upsampled"):
        tally.add(maps[..., :0], labels)
    with pytest.raises(ValueError, match="activations of 7 images and labels of 8"):
        tally.add(maps[:7], labels)
    with pytest.raises(ValueError, match="expected label maps of 20x18 pixels, got 20x9"):
        tally.add(maps, Labels({"object": labels.maps["object"][..., ::2]}))
    with pytest.raises(ValueError, match="neither label maps nor whole-image labels"):
        tally.add(maps, Labels())
    with pytest.raises(ValueError, match=r"labels must be in 0 \.\.\. 11"):
        tally.add(maps, Labels({"object": labels.maps["object"] + 1}))
    broken = maps.clone()
    broken[0, 4, 0, 0] = torch.nan
    with pytest.raises(ValueError, match="NaN in unit 4"):
        tally.add(broken, labels)
    for name, array in tally.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_labels_prepared_for_another_tally_are_refused():
    maps, thresholds, labels = problem()
    tally = tallied(maps, thresholds, labels)
    with pytest.raises(ValueError, match="prepared for vocabulary_size=13, the tally has 12"):
        tally.add(maps, prepare(labels, vocabulary_size=13))
    with pytest.raises(ValueError, match="prepared with union_of_planes, the tally uses sum_of_planes"):
        tally.add(maps, prepare(labels, vocabulary_size=CONCEPTS, planes=conventions.union_of_planes))
    cropped = Labels({"object": labels.maps["object"][:, :, :9]})
    with pytest.raises(ValueError, match=r"expected label maps of \(20, 18\) pixels, got \(9, 18\)"):
        tally.add(maps, prepare(cropped, vocabulary_size=CONCEPTS))


def test_impossible_categories_are_refused():
    for categories in ([64], [-2]):
        with pytest.raises(ValueError, match=r"categories must be codes in 0 \.\.\. 63, or -1 for none"):
            IoUTally(torch.zeros(1), categories=np.array(categories))
    with pytest.raises(ValueError, match="must have an entry for concept number 0"):
        IoUTally(torch.zeros(1), categories=np.zeros(0, np.int64))


def test_tallies_that_do_not_belong_together_are_not_merged():
    maps, thresholds, labels = problem()
    tally = tallied(maps, thresholds, labels)
    for other, message in (
        (IoUTally(thresholds + 1, categories=CATEGORIES), "different thresholds"),
        (IoUTally(thresholds, categories=CATEGORIES[:-1]), "different categories"),
        (IoUTally(thresholds, categories=CATEGORIES, images=SETS[2]), "category_present here and all_images there"),
        (IoUTally(thresholds, categories=CATEGORIES, alignment=resampling.corner), "half_pixel here and corner there"),
        (IoUTally(thresholds, categories=CATEGORIES, label_size=(1, 2)), r"\(20, 18\) here and \(1, 2\) there"),
    ):
        with pytest.raises(ValueError, match=f"cannot merge: .*{message}"):
            tally.merge(other)


def test_a_state_is_not_continued_under_another_convention():
    field = resampling.ReceptiveField(1, 4, 1.25)
    state = tallied(*problem(), alignment=field).state()
    assert IoUTally.from_state(state, alignment=resampling.ReceptiveField(1, 4, 1.25)).alignment == field
    with pytest.raises(
        ValueError, match=r"cannot go on: the convention is half_pixel here and ReceptiveField\(start=1"
    ):
        IoUTally.from_state(state)


@pytest.mark.gpu
def test_data_on_two_devices_is_refused():
    maps, thresholds, labels = problem()
    tally = IoUTally(thresholds, categories=CATEGORIES)
    with pytest.raises(ValueError, match="labels are on the CPU, activations on cuda:0"):
        tally.add(maps.cuda(), labels)
    with pytest.raises(ValueError, match="labels are on cuda:0, activations on cpu"):
        tally.add(maps, moved(labels, "cuda"))


@pytest.mark.gpu
def test_a_tally_can_change_device_between_batches():
    maps, thresholds, labels = problem()
    tally = tallied(maps, thresholds, labels)
    tally.add(maps.cuda(), moved(labels, "cuda"))
    tally.add(maps, labels)
    assert torch.equal(tally.result().intersection, 3 * tallied(maps, thresholds, labels).result().intersection)
