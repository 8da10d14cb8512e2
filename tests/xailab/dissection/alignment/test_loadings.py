"""Loadings: closed forms for concepts on one unit, on several, and in several directions."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from tests.toys import Boxes, watcher
from xailab.dissection.alignment import concept_loadings, concept_vectors, participation, random_rotation
from xailab.dissection.alignment.loadings import _enlarged_at
from xailab.errors import XailabError
from xailab.statistics.upsampling import upsample

PLAIN = {"mean": np.zeros(4), "scale": np.ones(4)}


@pytest.mark.parametrize(
    ("vector", "expected"),
    [([0, 3, 0], 1.0), ([1, -1, 0], 2.0), ([2, 2, 2, 2], 4.0), ([2, 1], 25 / 17), ([0, 0], 0.0), ([1e-200, 0], 1.0)],
)
def test_participation_counts_the_entries_that_matter(vector: list[float], expected: float) -> None:
    assert participation(np.array(vector, np.float64)) == pytest.approx(expected)


def test_a_concept_on_one_unit_is_one_aligned_direction() -> None:
    found = concept_loadings(np.array([[0, 0, 1, 0], [0, 0, 3, 0]], np.float64), **PLAIN)
    np.testing.assert_allclose(found.directions, [[0, 0, 1, 0]], atol=1e-12)
    assert found.shares.tolist() == [1.0]
    assert found.effective_directions == pytest.approx(1)
    assert found.effective_units.tolist() == pytest.approx([1])
    assert found.largest_loading.tolist() == pytest.approx([1])
    assert found.alignment == pytest.approx(1)


def test_a_concept_on_all_units_alike_is_one_direction_far_from_every_axis() -> None:
    found = concept_loadings(np.array([[1.0, 1, 1, 1], [2, 2, 2, 2]]), **PLAIN)
    np.testing.assert_allclose(found.directions, [[0.5] * 4], atol=1e-12)
    assert found.effective_units.tolist() == pytest.approx([4])
    assert found.largest_loading.tolist() == pytest.approx([0.5])
    assert found.alignment == pytest.approx(0.25)


def test_shares_are_parts_of_the_sum_of_squares() -> None:
    """Squares: 9 along unit 0, 1 along (unit 1 + unit 2) / sqrt 2."""
    found = concept_loadings(np.array([[3.0, 0, 0, 0], [0, 0.5**0.5, 0.5**0.5, 0]]), **PLAIN)
    np.testing.assert_allclose(found.shares, [0.9, 0.1])
    assert found.effective_directions == pytest.approx(1 / (0.81 + 0.01))
    np.testing.assert_allclose(found.effective_units, [1, 2])
    assert found.alignment == pytest.approx(0.9 * 1 + 0.1 * 0.5)


def test_mean_and_scale_are_removed() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 4))
    mean, scale = np.array([1.0, -2, 0, 5]), np.array([10.0, 0.1, 1, 3])
    plain = concept_loadings(vectors, **PLAIN)
    loud = concept_loadings(vectors * scale + mean, mean=mean, scale=scale)
    np.testing.assert_allclose(loud.directions, plain.directions, atol=1e-9)
    np.testing.assert_allclose(loud.shares, plain.shares, atol=1e-12)


def test_left_out_they_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((9, 4)) * [1, 5, 2, 9] + 7
    found = concept_loadings(vectors)
    given = concept_loadings(vectors, mean=vectors.mean(0), scale=vectors.std(0))
    np.testing.assert_allclose(found.directions, given.directions, atol=1e-12)
    # The principal components of standardized columns: eigenvalues of the correlation matrix.
    np.testing.assert_allclose(found.shares, np.linalg.eigvalsh(np.corrcoef(vectors.T))[::-1] / 4, atol=1e-12)


def test_permuted_units_have_permuted_loadings_and_rotated_ones_are_not_aligned() -> None:
    rng = np.random.default_rng(2)
    vectors = np.zeros((60, 32))
    vectors[:, 5] = 1 + rng.random(60)
    zeros, ones, order = np.zeros(32), np.ones(32), rng.permutation(32)
    one = concept_loadings(vectors, mean=zeros, scale=ones)
    other = concept_loadings(vectors[:, order], mean=zeros, scale=ones)
    np.testing.assert_allclose(other.directions, one.directions[:, order], atol=1e-12)
    turned = concept_loadings(vectors @ random_rotation(32, rng).T, mean=zeros, scale=ones)
    assert one.alignment == pytest.approx(1)
    assert turned.alignment < 0.5
    assert turned.effective_units[0] > 4


def test_directions_are_orthonormal_and_shares_descend_to_a_sum_of_one() -> None:
    found = concept_loadings(np.random.default_rng(3).standard_normal((20, 6)))
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(6), atol=1e-12)
    assert (np.diff(found.shares) <= 0).all()
    assert found.shares.sum() == pytest.approx(1)


def test_a_direction_points_to_where_the_concept_is() -> None:
    found = concept_loadings(np.array([[-1.0, -3, 0, 0], [-1, -2, 0, 0]]), **PLAIN)
    assert found.directions[0, 1] < 0
    np.testing.assert_array_less(0, np.array([-1.5, -2.5, 0, 0]) @ found.directions[0])


def test_a_constant_unit_has_no_loading_and_equal_vectors_have_no_direction() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.random((10, 3))
    vectors[:, 1] = 0.3
    assert np.abs(concept_loadings(vectors).directions[:, 1]).max() < 1e-12
    none = concept_loadings(np.ones((5, 3)))
    assert none.directions.shape == (0, 3)
    assert none.effective_directions == 0
    assert none.alignment == 0


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(ValueError, match="no activation vectors"):
        concept_loadings(np.zeros((0, 3)))
    with pytest.raises(ValueError, match="must be finite"):
        concept_loadings(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="scale must not be negative, got -1 for unit 1"):
        concept_loadings(np.ones((2, 2)), scale=np.array([1.0, -1.0]))


def ball_pixels(data: Boxes) -> np.ndarray:
    with torch.no_grad():
        maps = watcher().module[:2](data.images)
    enlarged = interpolate(maps, size=(16, 16), mode="bilinear").permute(0, 2, 3, 1)
    return enlarged[data.object[:, 0] == 1].numpy()


def test_the_vectors_of_a_concept_are_the_enlarged_maps_at_its_pixels() -> None:
    data = Boxes()
    expected = ball_pixels(data)
    found = concept_vectors(watcher(), data, "1", 1, batch_size=5)
    assert found.shape == expected.shape
    np.testing.assert_allclose(np.sort(found, 0), np.sort(expected, 0), atol=1e-6)


def test_which_pixels_are_drawn_does_not_depend_on_the_batches() -> None:
    data, every = Boxes(), ball_pixels(Boxes())
    one, other = (concept_vectors(watcher(), data, "1", 1, limit=20, batch_size=size) for size in (3, 24))
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert one.shape == (20, 5)
    assert all(np.abs(every - row).max(1).min() < 1e-6 for row in one)
    assert not np.allclose(one, concept_vectors(watcher(), data, "1", 1, limit=20, seed=1))


def test_the_pixels_with_the_smallest_random_numbers_are_drawn() -> None:
    """By hand: a number per pixel, image by image, in reading order; every pixel has the same chance."""
    data, every = Boxes(), ball_pixels(Boxes())
    counts = (data.object == 1).flatten(1).sum(1).tolist()
    keys = np.concatenate([np.random.default_rng([7, image]).random(n) for image, n in enumerate(counts)])
    found = concept_vectors(watcher(), data, "1", 1, limit=20, seed=7)
    np.testing.assert_allclose(found, every[np.argsort(keys)[:20]], atol=1e-6)


def test_single_pixels_are_enlarged_as_whole_maps_are() -> None:
    cells = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(0))
    y, x = torch.arange(50) * 5 % 12, torch.arange(50) * 7 % 30
    assert torch.equal(_enlarged_at(cells, y, x, (12, 30)), upsample(cells, (12, 30))[:, y, x])


def test_a_whole_image_label_counts_on_every_pixel() -> None:
    data = Boxes(6)
    assert len(concept_vectors(watcher(), data, "1", 4)) == 3 * 256


def test_a_concept_that_is_not_there_is_refused() -> None:
    with pytest.raises(XailabError, match="boxes has no concept number 9"):
        concept_vectors(watcher(), Boxes(), "1", 9)
    with pytest.raises(XailabError, match="boxes has no pixel of 'lid'"):
        concept_vectors(watcher(), Boxes(1), "1", 3)
    with pytest.raises(ValueError, match="limit must be at least 1"):
        concept_vectors(watcher(), Boxes(), "1", 1, limit=0)
