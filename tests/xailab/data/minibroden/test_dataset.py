"""The data set: splits, tensors, the cache, resuming, damage."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from xailab.data.batch import Dataset, batches
from xailab.data.minibroden import NUMBERS, SCENES, SPLITS, TEXTURES, THINGS, Bias, Cue, MiniBroden, chunks, sample
from xailab.data.minibroden import dataset as module
from xailab.data.minibroden.chunks import LENGTH, Job, Split, order
from xailab.errors import DataError, UnknownName


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Use short chunks, a short split and a cache of its own."""
    monkeypatch.setenv("XAILAB_CACHE", str(tmp_path))
    split = Split("tiny", 99_000_000_000, (("scene", 15), ("object", 5), ("texture", 2)))
    monkeypatch.setitem(SPLITS, "tiny", split)
    monkeypatch.setattr(chunks, "LENGTH", 8)
    monkeypatch.setattr(module, "LENGTH", 8)
    return split


@pytest.fixture
def counted(monkeypatch):
    """Count the chunks that are rendered."""
    rendered = []
    original = chunks.render

    def render(job):
        rendered.append(job.number)
        return original(job)

    monkeypatch.setattr(chunks, "render", render)
    return rendered


def test_it_is_a_data_set_of_xailab():
    dataset = MiniBroden("tiny", size=32, progress=False)
    assert isinstance(dataset, Dataset)
    assert (len(dataset), dataset.image_size, dataset.classes) == (22, (32, 32), ())
    assert dataset.name == "minibroden-tiny"
    assert MiniBroden(progress=False).name == "minibroden"


def test_splits_have_the_promised_lengths_and_disjoint_seeds():
    lengths = {name: len(split) for name, split in SPLITS.items() if name != "tiny"}
    expected = {
        "probe": 2200,
        "train-objects": 16_000,
        "train-scenes": 12_000,
        "train-textures": 1000,
        "test-objects": 2000,
    }
    assert lengths == {**expected, "test-scenes": 1000, "test-textures": 500}
    seeds = [seed for split in SPLITS.values() for seed, _ in order(split)]
    assert len(set(seeds)) == len(seeds)


def test_every_prefix_of_the_probe_set_has_the_modes_in_proportion():
    modes = [mode for _, mode in order(SPLITS["probe"])]
    for prefix in (22, 110, 1000, 2200):
        for mode, count in SPLITS["probe"].counts:
            assert abs(modes[:prefix].count(mode) - prefix * count / 2200) <= 1


def test_what_is_read_is_what_is_sampled(small):
    dataset = MiniBroden("tiny", size=32, progress=False)
    indices = [21, 3, 3, 9]
    batch = dataset.read(indices)
    assert batch.images.dtype == torch.float32
    assert batch.targets is None
    assert batch.indices.tolist() == indices
    for i, index in enumerate(indices):
        seed, mode = order(small)[index]
        picture = sample(seed, size=32, mode=mode)
        assert np.array_equal(batch.images[i].permute(1, 2, 0).mul(255).round().byte().numpy(), picture.image)
        for category, labels in picture.labels.items():
            assert np.array_equal(batch.labels.maps[category][i, 0].numpy(), labels)
        assert batch.labels.tags["scene"][i].tolist() == [picture.scene]
    assert {plane.dtype for plane in batch.labels.maps.values()} == {torch.int32}


@pytest.mark.parametrize(
    ("split", "classes"), [("test-objects", THINGS), ("test-scenes", SCENES), ("test-textures", TEXTURES)]
)
def test_splits_of_one_mode_have_targets(split, classes):
    dataset = MiniBroden(split, size=32, limit=8, progress=False)
    batch = dataset.read(range(8))
    assert dataset.classes == classes
    mode = SPLITS[split].counts[0][0]
    seeds = [seed for seed, _ in order(SPLITS[split])[:8]]
    assert batch.targets.tolist() == [sample(seed, size=32, mode=mode).target for seed in seeds]


def test_labels_are_read_without_the_images(monkeypatch):
    dataset = MiniBroden("tiny", size=32, progress=False)
    whole = dataset.read([1, 2]).labels
    fresh = MiniBroden("tiny", size=32, progress=False)
    fresh._job(0).path("images").write_bytes(b"not looked at")
    monkeypatch.setattr(fresh, "_require", lambda indices: None)
    labels = fresh.read_labels([1, 2])
    assert all(torch.equal(labels.maps[category], whole.maps[category]) for category in whole.maps)


def test_only_the_chunks_that_are_read_are_rendered_and_only_once(counted):
    dataset = MiniBroden("tiny", size=32, progress=False)
    dataset.read([9])
    dataset.read([10, 15])
    assert counted == [1]
    MiniBroden("tiny", size=32, progress=False).read(range(22))
    assert sorted(counted) == [0, 1, 2]
    MiniBroden("tiny", size=32, progress=False).read(range(22))
    assert len(counted) == 3


def test_an_interrupted_rendering_goes_on_where_it_stopped(counted, monkeypatch):
    dataset = MiniBroden("tiny", size=32, progress=False)
    calls = []
    original = chunks.sample

    def interrupted(*args, **options):
        calls.append(args)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return original(*args, **options)

    monkeypatch.setattr(chunks, "sample", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dataset.render()
    monkeypatch.setattr(chunks, "sample", original)
    assert not list(dataset._folder.glob(".*"))
    counted.clear()
    again = MiniBroden("tiny", size=32, progress=False)
    again.render()
    assert counted == [1, 2]


@pytest.mark.parametrize("kind", ["images", "labels", "classes", "sums"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "gone"])
def test_a_damaged_chunk_is_rendered_again(counted, kind, damage):
    before = MiniBroden("tiny", size=32, progress=False).read(range(8))
    path = MiniBroden("tiny", size=32)._job(0).path(kind)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 0x55]) + data[-8:])
    counted.clear()
    after = MiniBroden("tiny", size=32, progress=False).read(range(8))
    assert counted == [0]
    assert torch.equal(before.images, after.images)


def test_chunks_can_be_rendered_by_an_executor():
    alone = MiniBroden("tiny", size=32, progress=False).read(range(22))
    os.environ["XAILAB_CACHE"] += "-other"
    with ThreadPoolExecutor(2) as executor:
        dataset = MiniBroden("tiny", size=32, progress=False, executor=executor)
        dataset.render()
        together = dataset.read(range(22))
    assert torch.equal(alone.images, together.images)


def test_a_job_can_be_sent_to_another_process(small, tmp_path):
    import pickle

    job = Job(tmp_path, small, 32, Bias(tag=Cue("boat", 0.5)), 1)
    assert pickle.loads(pickle.dumps(job)) == job


def test_a_bar_is_shown_only_while_something_is_rendered(capfd):
    dataset = MiniBroden("tiny", size=32)
    dataset.read([0])
    assert "rendering minibroden-tiny" in capfd.readouterr().err
    dataset.read([1])
    assert capfd.readouterr().err == ""


def test_limits_are_prefixes_and_share_the_cache(counted):
    whole = MiniBroden("tiny", size=32, progress=False)
    few = MiniBroden("tiny", size=32, limit=5, progress=False)
    assert torch.equal(whole.read(range(5)).images, few.read(range(5)).images)
    assert counted == [0]
    assert len(few) == 5
    assert len(MiniBroden("tiny", limit=100)) == 22


def test_fingerprints_tell_data_sets_apart(monkeypatch):
    variants = [{}, {"size": 48}, {"bias": Bias(home=0.5)}, {"limit": 4}]
    prints = [MiniBroden("tiny", **{"size": 32, **options}).fingerprint for options in variants]
    prints.append(MiniBroden("probe", size=32).fingerprint)
    assert len(set(prints)) == len(prints)
    assert prints[0] == MiniBroden("tiny", size=32).fingerprint
    monkeypatch.setattr(chunks, "renderer_key", lambda: "other sources")
    assert MiniBroden("tiny", size=32).fingerprint != prints[0]


def test_biases_reach_the_pictures():
    dataset = MiniBroden("tiny", size=32, bias=Bias(tag=Cue("boat", 1.0, others=1.0)), progress=False)
    plain = MiniBroden("tiny", size=32, progress=False)
    number = NUMBERS["object"]["sky"]
    assert number
    tagged = [i for i in range(22) if not torch.equal(dataset.read([i]).images, plain.read([i]).images)]
    assert len(tagged) == 5  # the object pictures; no scene and no texture is a class of this cue


def test_batches_walk_through_it():
    sizes = [len(batch.images) for batch in batches(MiniBroden("tiny", size=32, progress=False), 10)]
    assert sizes == [10, 10, 2]


def test_memory_is_bounded_by_the_number_of_mapped_chunks(monkeypatch):
    monkeypatch.setattr(module, "_MAPPED", 4)
    dataset = MiniBroden("tiny", size=32, progress=False)
    dataset.read(range(22))
    assert len(dataset._mapped) <= 4


def test_nothing_is_silent_when_a_chunk_cannot_be_read_back(monkeypatch):
    dataset = MiniBroden("tiny", size=32, progress=False)
    monkeypatch.setattr(chunks, "render", lambda job: job.count)
    with pytest.raises(DataError, match="cannot be read back after rendering"):
        dataset.read([0])


def test_arguments_that_do_not_fit_are_named():
    with pytest.raises(UnknownName, match="no split of MiniBroden 'train-object'; did you mean 'train-objects'"):
        MiniBroden("train-object")
    with pytest.raises(ValueError, match="size must be at least 32 pixels"):
        MiniBroden(size=16)
    with pytest.raises(ValueError, match="limit must be at least 1 picture, got 0"):
        MiniBroden(limit=0)
    with pytest.raises(IndexError, match=r"index 22 is outside 0 ... 21 of minibroden-tiny"):
        MiniBroden("tiny", size=32).read([22])


def test_chunks_record_their_checksums():
    dataset = MiniBroden("tiny", size=32, progress=False)
    dataset.read([0])
    sums = json.loads(dataset._job(0).path("sums").read_text())
    assert set(sums) == set(chunks.KINDS)
    assert LENGTH == 128
