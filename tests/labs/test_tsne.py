"""Lab 11: references equal the compiled library, worked numbers are right, mistakes are named however they are made."""

import ast
from types import ModuleType

import numpy as np
import pytest
import scipy.sparse
import scipy.spatial.distance
from sklearn.manifold import _t_sne as sklearn_tsne
from xailab_autograder import labs
from xailab_autograder.exercises import Choice, Exercise, Lab
from xailab_kernels.embedding.attraction import attract, pack
from xailab_kernels.embedding.repulsion import repel

from tests.labs.asking import cases, exercise, judged, modules_of
from xailab import embedding

SEEDS = range(5)
module = modules_of("11")


@pytest.fixture(scope="module")
def lab() -> Lab:
    return labs.load("11")


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return module("reference")


def test_the_functions_are_worth_12_points_and_the_lab_16(lab: Lab) -> None:
    points = {task.function: task.points for task in lab.tasks if isinstance(task, Exercise)}
    assert points == {
        "sq_distances": 1, "conditional_p": 2, "search_beta": 3, "joint_p": 1, "q_and_kl": 1, "gradient": 2, "embed": 2,
    }  # fmt: skip
    assert lab.points == 16
    assert lab.minutes <= 90  # the rest of the two hours is reading


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_generator_makes_the_same_cases(lab: Lab, seed: int) -> None:
    for task in lab.tasks:
        if isinstance(task, Exercise):
            one, two = cases(lab, task.id, seed), cases(lab, task.id, seed)
            assert [(case.name, str(case.arguments)) for case in one] == [
                (case.name, str(case.arguments)) for case in two
            ]


@pytest.mark.parametrize("seed", SEEDS)
def test_distances_are_scipys_also_far_from_the_origin(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "sq-distances", seed):
        (X,) = case.arguments
        expected = scipy.spatial.distance.cdist(X, X, "sqeuclidean")
        np.testing.assert_allclose(reference.sq_distances(X), expected, rtol=1e-5, atol=1e-12)


def test_multiplied_out_distances_are_negative_in_the_case_that_is_about_them(lab: Lab) -> None:
    for seed in range(20):
        *_, (X,) = (case.arguments for case in exercise(lab, "sq-distances").random(np.random.default_rng(seed)))
        lengths = (X * X).sum(1)
        assert (lengths[:, None] + lengths - 2 * X @ X.T).min() < 0


@pytest.mark.parametrize(("n", "d", "perplexity"), [(30, 5, 7.0), (60, 12, 20.0)])
def test_the_joint_probabilities_are_the_compiled_ones(
    reference: ModuleType, n: int, d: int, perplexity: float
) -> None:
    X = module("points").make_points(np.random.default_rng(n), n, d)
    _, conditional = reference.search_beta(reference.sq_distances(X), perplexity)
    joint, compiled = reference.joint_p(conditional), embedding.dense_affinities(X, perplexity=perplexity)
    assert np.abs(joint - compiled).max() < 2e-6 * joint.max()


def test_the_entropy_of_every_row_found_is_the_logarithm_of_the_perplexity(lab: Lab, reference: ModuleType) -> None:
    for seed in SEEDS:
        for case in cases(lab, "search-beta", seed):
            D, perplexity = case.arguments
            beta, P = reference.search_beta(D, perplexity)
            found = [reference.conditional_p(np.delete(D[i], i), beta[i])[1] for i in range(len(D))]
            np.testing.assert_allclose(np.exp(found), perplexity, rtol=1e-6)  # 40 steps: some 2**-23 of beta
            np.testing.assert_allclose(P.sum(1), 1)


def test_stopping_at_1e_5_stays_far_inside_the_tolerance_of_the_search(lab: Lab) -> None:
    search = module("search")
    for seed in range(20):
        for case in cases(lab, "search-beta", seed):
            D, perplexity = case.arguments
            (exact, _), (low, _) = (
                search.search_beta(D, perplexity * factor) for factor in (1.0, np.exp(1e-5))
            )  # an entropy too large by 1e-5
            assert np.abs(low / exact - 1).max() < exercise(lab, "search-beta").tolerance.relative / 5, case.name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_divergence_is_that_of_the_compiled_library(reference: ModuleType, seed: int) -> None:
    points = module("points")
    rng = np.random.default_rng(seed)
    P, Y = points.make_joint(rng, 20), points.make_map(rng, 20)
    compiled = embedding.kl_divergence(P.astype(np.float32), Y)
    np.testing.assert_allclose(reference.q_and_kl(P, Y)[1], compiled, rtol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_is_that_of_the_compiled_forces(reference: ModuleType, seed: int) -> None:
    points = module("points")
    rng = np.random.default_rng(seed)
    P, Y = points.make_joint(rng, 24), points.make_map(rng, 24)
    matrix, places = scipy.sparse.csr_array(P), Y.astype(np.float32)
    edges = pack(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float32),
        np.arange(24, dtype=np.int32),
    )
    push, total = repel(places, 1.0)
    compiled = 4 * (attract(edges, places, 1.0) - push / total)
    gradient = reference.gradient(P, reference.q_and_kl(P, Y)[0], Y)
    np.testing.assert_allclose(gradient, compiled, rtol=1e-3, atol=1e-5 * np.abs(gradient).max())


@pytest.mark.parametrize("exaggerated", [0, 12])
def test_the_descent_is_scikit_learns_but_for_the_centering(reference: ModuleType, exaggerated: int) -> None:
    P, Y, *_ = module("embedding").make_descent(np.random.default_rng(8), 9, 12, exaggerated)
    factor, momentum = (4.0, 0.5) if exaggerated else (1.0, 0.8)
    theirs, _, last = sklearn_tsne._gradient_descent(
        sklearn_tsne._kl_divergence, Y.ravel().copy(), it=0, max_iter=12, momentum=momentum, learning_rate=2.0,
        min_grad_norm=0, args=[scipy.spatial.distance.squareform(factor * P, checks=False), 1.0, 9, 2],
    )  # fmt: skip
    theirs = theirs.reshape(9, 2)
    ours, kl = reference.embed(P, Y, 12, exaggerated, 4.0, 2.0)
    assert last == 11
    assert len(kl) == 12
    np.testing.assert_allclose(ours, theirs - theirs.mean(0), rtol=1e-9)


def test_rounding_grows_by_less_than_a_thousand_in_every_descent(lab: Lab, reference: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for seed in range(20):
        for case in exercise(lab, "embed").random(np.random.default_rng(seed)):
            P, Y, *rest = case.arguments
            noise = (1 + 1e-12 * rng.standard_normal(array.shape) for array in (P, Y))
            (one, _), (two, _) = (
                reference.embed(P, Y, *rest),
                reference.embed(P * next(noise), Y * next(noise), *rest),
            )
            assert np.abs(one - two).max() < 1e-9 * np.abs(one).max(), case.name


def multiplied_out(X):  # another order of the sum than the misconception's
    lengths = np.einsum("ij,ij->i", X, X)
    return -2 * np.einsum("ik,jk->ij", X, X) + lengths[None, :] + lengths[:, None]


def two_to_the_nats(D, perplexity):  # a bracket in beta from 0 to 1e6, the target missed
    from xailab_lab_11.reference import conditional_p

    beta, P = np.zeros(len(D)), np.zeros(D.shape)
    for i in range(len(D)):
        low, high, others = 0.0, 1e6, np.arange(len(D)) != i
        for _ in range(80):
            beta[i] = (low + high) / 2
            P[i, others], H = conditional_p(D[i, others], beta[i])
            low, high = (beta[i], high) if perplexity < 2**H else (low, beta[i])
    return beta, P


def running_away(D, perplexity):  # the direction exchanged, as many steps as one likes
    from xailab_lab_11.reference import conditional_p

    beta, P = np.ones(len(D)), np.zeros(D.shape)
    for i in range(len(D)):
        others = np.arange(len(D)) != i
        for _ in range(60):
            P[i, others], H = conditional_p(D[i, others], beta[i])
            beta[i] *= 0.5 if np.log(perplexity) < H else 2
    return beta, P


def rows_of_q(P, Y):  # each row sums to 1
    Q = np.array([1 / (1 + ((y - Y) ** 2).sum(1)) for y in Y]) - np.eye(len(Y))
    Q /= Q.sum(axis=1)[:, np.newaxis]
    return Q, sum(p * np.log(p / q) for p, q in zip(P.flat, Q.flat, strict=True) if p > 0)


def summed_over_the_other_axis(P, Q, Y):
    away = Y[None] - Y[:, None]
    return 4 * (((P - Q) / (1 + (away**2).sum(-1)))[..., None] * away).sum(1)


@pytest.mark.parametrize(
    ("name", "wrong", "mistake"),
    [
        ("sq-distances", multiplied_out, "large-numbers-cancel"),
        ("search-beta", two_to_the_nats, "bits-and-nats-mixed"),
        ("search-beta", running_away, "wrong-direction"),
        ("q-and-kl", rows_of_q, "normalized-per-row"),
        ("gradient", summed_over_the_other_axis, "opposite-sign"),
    ],
)
def test_mistakes_are_named_however_they_are_made(lab: Lab, name: str, wrong, mistake: str) -> None:
    for seed in SEEDS:
        record = judged(lab, name, wrong, seed)
        assert (record.score, record.mistake) == (0, mistake)


def test_a_wrong_gradient_inside_the_descent_is_not_called_a_mistake_of_the_descent(
    lab: Lab, reference: ModuleType
) -> None:
    weaker = module("embedding_mistakes").descend(
        module("embedding_mistakes").Rule(slope=lambda P, Q, Y, factor: reference.gradient(factor * P, Q, Y) / 4)
    )
    record = judged(lab, "embed", weaker)
    assert (record.score, record.mistake) == (0, None)


def test_what_fails_only_for_far_points_costs_only_the_edge_cases(lab: Lab, reference: ModuleType) -> None:
    def unshifted(D_i, beta):
        with np.errstate(all="ignore"):
            p = np.exp(-beta * D_i) / np.exp(-beta * D_i).sum()
            return p, -(p * np.log(p)).sum()

    record = judged(lab, "conditional-p", unshifted)
    assert (record.score, record.mistake) == (1.5, "all-weights-vanish")


def test_the_solutions_in_the_notebook_get_full_marks(lab: Lab) -> None:
    tree = ast.parse((labs.find("11") / "lab.py").read_text())
    wanted = {task.function for task in lab.tasks if isinstance(task, Exercise)}
    body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    names: dict = {"np": np}
    exec(compile(ast.Module(body, []), "lab.py", "exec"), names)
    for task in lab.tasks:
        if isinstance(task, Exercise):
            record = judged(lab, task.id, names[task.function])
            assert record.score == task.points, (task.id, [c for c in record.checks if c.outcome != "passed"])


def test_the_predictions_in_the_notebook_are_right(lab: Lab) -> None:
    source = (labs.find("11") / "lab.py").read_text()
    for task in lab.tasks:
        if isinstance(task, Choice):
            assert f'{task.variable} = "{task.answer}"' in source


def test_three_clouds_look_as_the_question_says(reference: ModuleType) -> None:
    rng = np.random.default_rng(4)
    widths, centers = np.repeat([1.0, 10.0, 1.0], 40)[:, None], np.zeros((120, 20))
    centers[:, 0] = np.repeat([0, 100, 1000], 40)
    _, rows = reference.search_beta(reference.sq_distances(centers + widths * rng.standard_normal((120, 20))), 15.0)
    Y, _ = reference.embed(reference.joint_p(rows), 1e-4 * rng.standard_normal((120, 2)), 250, 80)
    groups = Y.reshape(3, 40, 2)
    width = groups.std(1).mean(1)
    apart = scipy.spatial.distance.pdist(groups.mean(1))
    assert width.max() < 2 * width.min()
    assert apart.max() < 2 * apart.min()
