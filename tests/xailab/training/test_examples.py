"""Examples in memory: the bytes of the data set, and augmentation that does what it says."""

import pytest
import torch

from xailab.data.batch import Batch
from xailab.errors import DataError
from xailab.training.examples import Examples, augmented, classes_of, gather, joined, plain


class Pictures:
    """A data set of random bytes."""

    name, vocabulary, classes, image_size = "pictures", None, ("a", "b"), (4, 6)

    def __init__(self, count: int, *, with_targets: bool = True) -> None:
        generator = torch.Generator().manual_seed(count)
        self.bytes = torch.randint(0, 256, (count, 3, 4, 6), generator=generator, dtype=torch.uint8)
        self.targets = torch.arange(count) % 2 if with_targets else None
        self.fingerprint = f"pictures-{count}"

    def __len__(self) -> int:
        return len(self.bytes)

    def read(self, indices) -> Batch:
        chosen = torch.tensor(list(indices), dtype=torch.int64)
        targets = None if self.targets is None else self.targets[chosen]
        return Batch(self.bytes[chosen] / 255, chosen, targets=targets)

    def read_labels(self, indices) -> None:
        return None


def test_a_data_set_is_read_byte_for_byte():
    data = Pictures(300)
    examples = gather(data, classes_of, progress=False)
    assert torch.equal(examples.images.permute(0, 3, 1, 2), data.bytes)
    assert torch.equal(examples.targets, data.targets)
    assert examples.data == ("pictures-300",)


def test_joined_examples_keep_their_order_and_all_fingerprints():
    parts = [gather(Pictures(count), classes_of, progress=False) for count in (3, 5)]
    both = joined(parts)
    assert len(both) == 8
    assert torch.equal(both.images[3:], parts[1].images)
    assert both.data == ("pictures-3", "pictures-5")


def test_plain_images_are_the_bytes_over_255_and_channels_last():
    images = torch.randint(0, 256, (2, 4, 6, 3), dtype=torch.uint8)
    floats = plain(images)
    assert torch.equal(floats[1, 2], images[1, :, :, 2] / 255)
    assert floats.is_contiguous(memory_format=torch.channels_last)


def test_without_jitter_an_image_is_itself_or_its_mirror_half_of_the_time():
    images = torch.randint(0, 256, (400, 4, 6, 3), dtype=torch.uint8)
    changed, same = augmented(images, torch.Generator().manual_seed(0)), plain(images)
    kept = (changed - same).abs().amax((1, 2, 3)) < 1e-6
    mirrored = (changed - same.flip(3)).abs().amax((1, 2, 3)) < 1e-6
    assert bool((kept ^ mirrored).all())
    assert 160 < int(kept.sum()) < 240


def test_jitter_multiplies_each_channel_of_each_image_by_a_number_near_one():
    images = torch.full((500, 2, 2, 3), 100, dtype=torch.uint8)
    gain = augmented(images, torch.Generator().manual_seed(0), jitter=0.3) * 2.55
    assert torch.equal(gain.amin((2, 3)), gain.amax((2, 3)))  # one number per image and channel
    assert gain.min() >= 0.7 - 1e-5
    assert gain.max() <= 1.3 + 1e-5
    assert gain[:, :, 0, 0].std(0).min() == pytest.approx(0.6 / 12**0.5, rel=0.1)
    assert torch.corrcoef(gain[:, :, 0, 0].T).triu(1).abs().max() < 0.15


def test_augmented_images_stay_in_range_and_channels_last():
    images = torch.full((50, 4, 4, 3), 255, dtype=torch.uint8)
    changed = augmented(images, torch.Generator().manual_seed(0), jitter=0.3)
    assert changed.max() == 1
    assert changed.is_contiguous(memory_format=torch.channels_last)


def test_augmentation_repeats_with_its_generator():
    images = torch.randint(0, 256, (10, 4, 4, 3), dtype=torch.uint8)
    draw = [augmented(images, torch.Generator().manual_seed(seed), jitter=0.3) for seed in (1, 1, 2)]
    assert torch.equal(draw[0], draw[1])
    assert not torch.equal(draw[0], draw[2])


def test_images_and_targets_must_go_together():
    with pytest.raises(ValueError, match=r"expected a target for each image, got 2 images, 3 targets"):
        Examples(torch.zeros(2, 4, 4, 3, dtype=torch.uint8), torch.zeros(3), ())


def test_an_empty_data_set_and_one_without_classes_are_refused():
    with pytest.raises(DataError, match=r"the data set pictures has no images to train on"):
        gather(Pictures(0), classes_of, progress=False)
    with pytest.raises(DataError, match=r"got images without targets"):
        gather(Pictures(3, with_targets=False), classes_of, progress=False)
