"""A map can be kept."""

import numpy as np
import pytest

from tests.xailab.embedding.examples import groups
from xailab.embedding.affinity import dense_affinities
from xailab.embedding.result import Embedding
from xailab.embedding.schedule import Descent
from xailab.embedding.transform import transform
from xailab.embedding.tsne import embed, tsne

FEATURES, _ = groups(60)
SHORT = Descent(iterations=50, exaggerated_iterations=10)


def test_a_map_comes_back_as_it_was_saved(tmp_path):
    found = tsne(FEATURES, perplexity=[5, 8.5], seed=7, dof=0.8, descent=SHORT)
    found.save(tmp_path / "map.npz")
    again = Embedding.load(tmp_path / "map.npz")
    for name in ("kl", "history", "perplexity", "seed", "dof", "finished", "compile_s", "iterations"):
        assert getattr(again, name) == getattr(found, name), name
    np.testing.assert_array_equal(again.points, found.points)
    np.testing.assert_array_equal(again.affinity.matrix.toarray(), found.affinity.matrix.toarray())
    np.testing.assert_array_equal(transform(again, FEATURES[:5] + 0.1), transform(found, FEATURES[:5] + 0.1))
    assert repr(again) == repr(found) == f"Embedding(60 points, 2 dimensions, KL {found.kl:.4f} after 60 iterations)"


def test_a_map_of_a_dense_affinity_comes_back_too(tmp_path):
    found = embed(dense_affinities(FEATURES, perplexity=5), descent=SHORT)
    found.save(tmp_path / "map")
    again = Embedding.load(tmp_path / "map")
    np.testing.assert_array_equal(again.affinity, found.affinity)
    assert again.features is None


def test_what_is_no_map_is_refused(tmp_path):
    path = tmp_path / "other"
    path.write_text("no map")
    with pytest.raises(ValueError, match="other is not a saved map"):
        Embedding.load(path)
    np.savez(path.with_suffix(".npz"), x=np.ones(3))
    with pytest.raises(ValueError, match="is not a saved map of this version"):
        Embedding.load(path.with_suffix(".npz"))
    np.save(path.with_suffix(".npy"), np.ones(3))
    with pytest.raises(ValueError, match="is not a saved map of this version"):
        Embedding.load(path.with_suffix(".npy"))
    with pytest.raises(FileNotFoundError):
        Embedding.load(tmp_path / "nothing")
