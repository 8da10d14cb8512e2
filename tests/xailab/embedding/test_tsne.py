"""Maps: good ones, the same ones again, of any input that can be mapped."""

import numba
import numpy as np
import pytest
import torch

from tests.xailab.embedding.examples import groups, joint_by_definition, kl_by_definition
from xailab.embedding.affinity import affinities, dense_affinities
from xailab.embedding.quality import kl_divergence, neighbor_recall
from xailab.embedding.schedule import Descent, Exact, Interpolated
from xailab.embedding.start import pca_start
from xailab.embedding.tsne import embed, tsne

FEATURES, WHICH = groups(150)
SHORT = Descent(iterations=20, exaggerated_iterations=10)


def apart(points, which):
    """The least distance of two groups' centers, in units of the widest group."""
    centers = np.stack([points[which == group].mean(0) for group in np.unique(which)])
    width = max(points[which == group].std(0).max() for group in np.unique(which))
    distances = np.linalg.norm(centers[:, None] - centers[None], axis=-1)
    return distances[~np.eye(len(centers), dtype=bool)].min() / width


def test_a_map_shows_groups_and_keeps_neighbors():
    found = tsne(FEATURES, perplexity=15)
    assert found.points.shape == (150, 2)
    assert found.points.dtype == np.float32
    assert np.abs(found.points.mean(0)).max() < 1e-3
    assert apart(found.points, WHICH) > 3
    assert neighbor_recall(FEATURES, found.points) > 0.4
    assert found.finished
    assert found.iterations == 500


def test_the_divergence_it_tells_is_that_of_the_definition():
    found = tsne(FEATURES, perplexity=15)
    expected = kl_by_definition(found.affinity.matrix.toarray(), found.points)
    assert found.kl == pytest.approx(expected, rel=1e-4)
    assert found.history[-1] == (500, found.kl)
    assert [iteration for iteration, _ in found.history] == list(range(50, 501, 50))
    after = [kl for iteration, kl in found.history if iteration >= 200]
    assert after == sorted(after, reverse=True)


def test_it_is_no_worse_than_scikit_learns():
    from sklearn.manifold import TSNE

    known, start = affinities(FEATURES, perplexity=15), pca_start(FEATURES)
    # Minima differ by some per cent with the last digits of the start (a standard deviation of 3 % here): means, and
    # three standard errors of their difference.
    starts = start * np.random.default_rng(0).normal(1, 1e-3, (24, 150, 2)).astype(np.float32)
    ours = [tsne(FEATURES, perplexity=15, start=one).kl for one in starts]
    theirs = [TSNE(perplexity=15, max_iter=600, init=one, n_jobs=1).fit(FEATURES).embedding_ for one in starts[:6]]
    assert np.mean(ours) < 1.025 * np.mean([kl_divergence(known, points) for points in theirs])


def test_exact_and_interpolated_repulsion_find_maps_of_the_same_quality():
    features, _ = groups(600, count=6)
    exact = tsne(features, descent=Descent(repulsion=Exact()))
    interpolated = tsne(features, descent=Descent(repulsion=Interpolated()))
    assert interpolated.kl == pytest.approx(exact.kl, rel=0.06)  # two seeds of the same engine differ by 4 %
    assert interpolated.kl == pytest.approx(kl_divergence(exact.affinity, interpolated.points), abs=2e-3)
    assert neighbor_recall(exact.points, interpolated.points) > 0.5


@pytest.mark.parametrize("repulsion", [Exact(), Interpolated()])
def test_the_same_arguments_give_the_same_bits(repulsion):
    descent = Descent(iterations=60, exaggerated_iterations=40, repulsion=repulsion)
    first, again, other = (tsne(FEATURES, perplexity=10, seed=seed, descent=descent) for seed in (1, 1, 2))
    assert first.points.tobytes() == again.points.tobytes()
    assert first.history == again.history
    assert first.points.tobytes() != other.points.tobytes()


def test_the_state_of_no_random_generator_matters_or_changes():
    np.random.seed(3)
    state = np.random.get_state()[1].tobytes()
    first = tsne(FEATURES, perplexity=10, descent=SHORT)
    assert np.random.get_state()[1].tobytes() == state
    np.random.seed(4)
    assert first.points.tobytes() == tsne(FEATURES, perplexity=10, descent=SHORT).points.tobytes()


@pytest.mark.parametrize("count", [1, 2])
def test_it_runs_on_so_many_threads_and_puts_the_number_back(count):
    before, seen = numba.get_num_threads(), []
    if count > numba.config.NUMBA_NUM_THREADS:
        pytest.skip("numba was started with one thread")
    tsne(
        FEATURES, perplexity=10, descent=SHORT, threads=count, callback=lambda *_: seen.append(numba.get_num_threads())
    )
    assert set(seen) == {count}
    assert numba.get_num_threads() == before


@pytest.mark.parametrize(
    "features",
    [
        torch.tensor(FEATURES),
        FEATURES.astype(np.float32),
        np.asfortranarray(FEATURES),
        np.repeat(FEATURES, 2, 1)[:, ::2],
        (FEATURES + 1e6) * 2.0**40,
    ],
    ids=["tensor", "float32", "Fortran order", "every other column", "far away"],
)
def test_the_same_features_in_other_clothes_give_nearly_the_same_start_and_affinities(features):
    plain = affinities(FEATURES, perplexity=10).matrix.toarray()
    found = tsne(features, perplexity=10, descent=SHORT)
    np.testing.assert_allclose(found.affinity.matrix.toarray(), plain, atol=1e-6)
    assert np.isfinite(found.points).all()


@pytest.mark.parametrize(
    "features",
    [
        np.ones((40, 3)),
        np.arange(40.0)[:, None],
        np.repeat(FEATURES[:10], 4, 0),
        (FEATURES[:40] * 10).astype(int),
        FEATURES[:40] > 0,
        FEATURES[:40] * 1e-30,
    ],
    ids=["all equal", "one feature", "duplicates", "integers", "booleans", "tiny"],
)
@pytest.mark.parametrize("repulsion", [Exact(), Interpolated()])
def test_awkward_features_have_a_map(features, repulsion):
    found = tsne(features, perplexity=5, descent=Descent(repulsion=repulsion))
    assert found.points.shape == (40, 2)
    assert np.isfinite(found.points).all()
    assert np.isfinite(found.kl)
    assert found.points.std() > 0.1


def test_one_feature_is_a_line():
    found = tsne(np.arange(60.0)[:, None], perplexity=5)
    steps = np.linalg.norm(np.diff(found.points, axis=0), axis=1)
    far = np.linalg.norm(found.points - found.points[30], axis=1)
    assert steps.max() < 0.25 * far.max()


@pytest.mark.parametrize("points", [3, 4, 7])
def test_a_handful_of_points_has_a_map(points):
    found = tsne(FEATURES[:points], perplexity=2)
    assert found.points.shape == (points, 2)
    assert np.isfinite(found.points).all()


@pytest.mark.parametrize(
    ("features", "options", "message"),
    [
        (FEATURES[:1], {}, "a map needs at least 3 points, got 1"),
        (FEATURES[:2], {}, "a map needs at least 3 points, got 2"),
        (FEATURES[:20], {}, r"perplexity must be between 2 and 19 for 20 points"),
        (FEATURES, {"dimensions": 1}, "dimensions must be between 2 and 3, got 1"),
        (FEATURES, {"seed": -1}, "seed must be at least 0, got -1"),
        (FEATURES, {"start": np.zeros((3, 2))}, r"start must have .* shape \(150, 2\), got \(3, 2\)"),
        (FEATURES, {"dof": 0.0}, "dof .* must be between 0.1 and 1000"),
        (FEATURES, {"threads": 0}, "threads must be between 1 and"),
        (FEATURES, {"dimensions": 3, "descent": Descent(repulsion=Interpolated())}, "is for 2 dimensions, got 3"),
        (np.full((50, 2), np.inf), {}, "100 of 100 values are NaN or infinite"),
    ],
)
def test_what_cannot_be_mapped_says_why(features, options, message):
    with pytest.raises(ValueError, match=message):
        tsne(features, **options)


def test_more_points_than_three_times_the_perplexity_are_not_needed():
    found = tsne(FEATURES[:32], perplexity=30, descent=SHORT)
    assert np.diff(found.affinity.starts).tolist() == [31] * 32


@pytest.mark.parametrize("dof", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_other_kernels_and_three_dimensions(dof, dimensions):
    found = tsne(FEATURES, perplexity=15, dof=dof, dimensions=dimensions)
    assert found.points.shape == (150, dimensions)
    expected = kl_by_definition(found.affinity.matrix.toarray(), found.points, dof)
    assert found.kl == pytest.approx(expected, rel=1e-3)
    assert found.kl < 0.6
    assert found.dof == dof


def test_lighter_tails_spread_groups_less():
    wide, narrow = (np.ptp(tsne(FEATURES, perplexity=15, dof=dof).points) for dof in (0.5, 4.0))
    assert wide > 2 * narrow


def test_late_exaggeration_pulls_together():
    plain, pulled = (
        tsne(FEATURES, perplexity=15, descent=Descent(late_exaggeration=value)).points for value in (1.0, 4.0)
    )
    assert np.ptp(pulled) < 0.7 * np.ptp(plain)


def test_several_perplexities_are_remembered():
    found = tsne(FEATURES, perplexity=[5, 30], descent=SHORT)
    assert found.perplexity == (5.0, 30.0)
    assert found.affinity.perplexity == (5.0, 30.0)


def test_a_start_of_ones_own_decides_where_groups_lie():
    start = np.zeros((150, 2))
    start[:, 0] = WHICH
    start[:, 1] = np.random.default_rng(0).normal(size=150) * 0.1
    found = tsne(FEATURES, perplexity=15, start=start).points
    flipped = tsne(FEATURES, perplexity=15, start=start * [-1, 1]).points
    centers = [found[group == WHICH, 0].mean() for group in range(3)]
    assert centers == sorted(centers)
    other = [flipped[group == WHICH, 0].mean() for group in range(3)]
    assert other == sorted(other, reverse=True)


def test_exact_tsne_is_embed_of_dense_affinities():
    joint = dense_affinities(FEATURES, perplexity=15)
    found = embed(joint)
    np.testing.assert_array_equal(found.affinity, joint)
    assert found.perplexity == ()
    expected = kl_by_definition(joint_by_definition(FEATURES, 15.0), found.points)
    assert found.kl == pytest.approx(expected, rel=1e-3)
    assert apart(found.points, WHICH) > 3
    with pytest.raises(ValueError, match="interpolated repulsion needs sparse affinities"):
        embed(joint, descent=Descent(repulsion=Interpolated()))


def test_embed_is_the_second_half_of_tsne():
    known = affinities(FEATURES, perplexity=15)
    start = np.random.default_rng(1).normal(size=(150, 2))
    whole, half = tsne(FEATURES, perplexity=15, start=start), embed(known, start=start)
    assert whole.points.tobytes() == half.points.tobytes()
    assert half.perplexity == (15.0,)
    assert half.features is None
    assert apart(embed(known).points, WHICH) > 3  # from its own start
