"""Lab 2: references equal torch and the library, worked numbers are right, mistakes are named however they are made."""

import ast
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import pytest
import torch
from torch.nn import functional
from xailab_autograder import labs
from xailab_autograder.exercises import Choice, Exercise, Lab
from xailab_autograder.judging.describing import call_text
from xailab_autograder.judging.threads import one_thread

from tests.labs.asking import cases, exercise, judged, modules_of
from xailab import deconvnet, hooks, images, models
from xailab.data import MiniBroden, batches
from xailab.deconvnet import switches as library

SEEDS = range(3)
module = modules_of("02")
CONV5 = 11
RULES = ("gradient", "deconv", "guided")


@pytest.fixture(scope="module", autouse=True)
def small_products() -> Iterator[None]:
    """One thread for BLAS: for matrices as small as these it is faster than several."""
    with one_thread():
        yield


@pytest.fixture(scope="module")
def lab() -> Lab:
    return labs.load("02")


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return module("reference")


@pytest.fixture(scope="module")
def notebook(pictures: torch.Tensor) -> dict:
    """The definitions of the instructors' notebook, and what they need."""
    tree = ast.parse((labs.find("02") / "lab.py").read_text())
    body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names: dict = {"np": np, "torch": torch, "CONV5": CONV5, "pixels": pictures.double().numpy()}
    exec(compile(ast.Module(body, []), "lab.py", "exec"), names)
    return names


@pytest.fixture(scope="module")
def tags() -> models.Network:
    return models.load("tags")


@pytest.fixture(scope="module")
def pictures(tags: models.Network) -> torch.Tensor:
    (batch,) = batches(MiniBroden("probe", limit=3), 3)
    return images.normalize(batch.images, tags.normalization)


def tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float64)[None]


def test_the_functions_are_worth_10_points_and_the_lab_14(lab: Lab) -> None:
    points = {task.function: task.points for task in lab.tasks if isinstance(task, Exercise)}
    assert points == {
        "max_pool_switches": 2, "unpool": 2, "conv_transpose": 2, "backward_relu": 1, "project": 3,
    }  # fmt: skip
    assert lab.points == 14
    assert lab.minutes <= 90  # the rest of the two hours is reading


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_generator_makes_the_same_cases(lab: Lab, seed: int) -> None:
    for task in lab.tasks:
        if isinstance(task, Exercise):
            one, two = cases(lab, task.id, seed), cases(lab, task.id, seed)
            assert [(c.name, str(c.arguments)) for c in one] == [(c.name, str(c.arguments)) for c in two]


@pytest.mark.parametrize("seed", SEEDS)
def test_pooling_is_the_compiled_librarys_and_torchs(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "max-pool-switches", seed):
        a, k = case.arguments
        pooled, idx = reference.max_pool_switches(a, k)
        ours, theirs = library.max_pool_switches(tensor(a), kernel=k), functional.max_pool2d(
            tensor(a), k, return_indices=True
        )  # fmt: skip
        for values, places in (ours, theirs):
            np.testing.assert_array_equal(values[0], pooled)
            np.testing.assert_array_equal(places[0], idx)


@pytest.mark.parametrize("seed", SEEDS)
def test_unpooling_is_the_compiled_librarys(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "unpool", seed):
        p, idx, shape = case.arguments
        places = torch.tensor(np.ascontiguousarray(idx), dtype=torch.int32)[None]
        compiled = library.unpool(tensor(p), places, shape[1:])[0]
        np.testing.assert_allclose(reference.unpool(p, idx, shape), compiled, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_way_back_through_a_convolution_is_torchs(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "conv-transpose", seed):
        r, w, stride, pad, shape = case.arguments
        expected = torch.nn.grad.conv2d_input((1, *shape), tensor(w)[0], tensor(r), stride=stride, padding=pad)[0]
        np.testing.assert_allclose(reference.conv_transpose(r, w, stride, pad, shape), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_given_convolution_is_torchs(reference: ModuleType, notebook: dict, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w, b = rng.standard_normal((3, 11, 9)), rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    for stride, pad in ((1, 0), (1, 1), (2, 1), (3, 2)):
        expected = functional.conv2d(tensor(x), tensor(w)[0], tensor(b)[0], stride, pad)[0]
        for convolve in (reference.convolve, notebook["convolve"]):
            np.testing.assert_allclose(convolve(x, w, b, stride, pad), expected, rtol=1e-10, atol=1e-10)


def test_the_rules_are_those_of_the_library(lab: Lab, reference: ModuleType) -> None:
    for seed in SEEDS:
        for case in cases(lab, "backward-relu", seed):
            r, a, rule = case.arguments
            expected = deconvnet.RULES[rule](tensor(r), tensor(np.maximum(a, 0)))[0]
            np.testing.assert_array_equal(reference.backward_relu(r, a, rule), expected)


@pytest.mark.parametrize(
    ("layer", "place", "rule"),
    [*(("conv5", CONV5, rule) for rule in RULES), ("conv5.conv", 10, "deconv"), ("pool2", 5, "guided")],
)
def test_projections_of_the_real_network_are_the_librarys(
    reference: ModuleType,
    notebook: dict,
    tags: models.Network,
    pictures: torch.Tensor,
    layer: str,
    place: int,
    rule: str,
) -> None:
    net = notebook["layers_of"](tags.module)
    found = deconvnet.project(tags.module, pictures[:2], layer, [5, 17], rule=deconvnet.RULES[rule])
    for n, (unit, cell) in enumerate(zip(found.units.tolist(), found.cells.tolist(), strict=True)):
        ours = reference.project(net, pictures[n].double().numpy(), place, unit, tuple(cell), rule)
        assert np.abs(ours).max() > 0
        np.testing.assert_allclose(ours, found.pixels[n], atol=1e-4 * np.abs(ours).max())


def test_the_gradient_rule_is_the_derivative_of_half_the_squared_activation(
    reference: ModuleType, notebook: dict, tags: models.Network, pictures: torch.Tensor
) -> None:
    x = pictures[:1].clone().requires_grad_()
    with hooks.Capture(tags.module, "conv5", detach=False) as capture:
        maps = capture(x)["conv5"][0]
    unit = int(maps[:, 4, 3].argmax())
    (slope,) = torch.autograd.grad(maps[unit, 4, 3] ** 2 / 2, x)
    net = notebook["layers_of"](tags.module)
    ours = reference.project(net, pictures[0].double().numpy(), CONV5, unit, (4, 3), "gradient")
    assert np.abs(ours).max() > 0.01
    np.testing.assert_allclose(ours, slope[0], atol=1e-5 * np.abs(ours).max())


def test_no_rounding_decides_about_a_scene(lab: Lab, reference: ModuleType) -> None:
    for seed in range(20):
        for case in exercise(lab, "project").random(np.random.default_rng(seed)):
            net, x, *rest = case.arguments
            single = [tuple(v.astype(np.float32) if isinstance(v, np.ndarray) else v for v in part) for part in net]
            exact = reference.project(net, x, *rest)
            rounded = reference.project(single, x.astype(np.float32), *rest)
            np.testing.assert_allclose(rounded, exact, rtol=1e-5, atol=1e-5 / 3, err_msg=case.name)  # a third is left


def test_half_of_what_a_relu_gets_in_a_scene_is_off(lab: Lab) -> None:
    net, x, *_ = next(iter(exercise(lab, "project").random(np.random.default_rng(0)))).arguments
    off = module("reference").convolve(x, *net[0][1:]) < 0
    assert 0.3 < off.mean() < 0.9


def test_the_lectures_numbers_stand_in_the_worked_cases(lab: Lab) -> None:
    (pooling, *_), (unpooling, *_) = exercise(lab, "max-pool-switches").worked, exercise(lab, "unpool").worked
    assert pooling.expected[1].tolist() == unpooling.arguments[1].tolist() == [[[5, 2], [12, 15]]]
    assert unpooling.expected.tolist() == [[[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]]


def test_four_overlapping_windows_give_10_and_not_2(lab: Lab, reference: ModuleType) -> None:
    peak = torch.zeros(1, 1, 5, 5)
    peak[0, 0, 2, 2] = 1
    _, idx = functional.max_pool2d(peak, 3, 2, return_indices=True)
    back = reference.unpool(np.float64([[[1, 2], [3, 4]]]), idx[0].numpy(), (1, 5, 5))
    assert back[0, 2, 2] == back.sum() == 10


def plain_assignment(p, idx, shape):  # the commonest way to lose values of equal switches
    out = np.zeros((shape[0], shape[1] * shape[2]))
    for channel in range(shape[0]):
        out[channel][idx[channel].ravel()] += p[channel].ravel()
    return out.reshape(shape)


def fold_without_flip(r, w, stride, pad, shape):  # zeros between, then a plain correlation without flipping
    (units, h, wide), (_, _, k, _) = r.shape, w.shape
    full = np.zeros((units, shape[1] + 2 * pad + k - 1, shape[2] + 2 * pad + k - 1))
    full[:, k - 1 : k - 1 + h * stride : stride, k - 1 : k - 1 + wide * stride : stride] = r
    out = functional.conv2d(tensor(full), tensor(w)[0].transpose(0, 1))[0].numpy()
    return out[:, pad : pad + shape[1], pad : pad + shape[2]]


def axes_as_they_are(r, w, stride, pad, shape):  # runs only where there are as many units as maps
    out = np.zeros((shape[0], shape[1] + 2 * pad, shape[2] + 2 * pad))
    for o, i, j in np.ndindex(r.shape):
        for c in range(shape[0]):
            y, x = i * stride, j * stride
            out[c, y : y + w.shape[2], x : x + w.shape[3]] += r[o, i, j] * w[c, o]
    return out[:, pad : pad + shape[1], pad : pad + shape[2]]


def later_maximum_wins(a, k):
    channels, height, width = a.shape
    p = np.full((channels, height // k, width // k), -np.inf)
    idx = np.zeros(p.shape, int)
    for c, y, x in np.ndindex(channels, height // k * k, width // k * k):
        if a[c, y, x] >= p[c, y // k, x // k]:
            p[c, y // k, x // k], idx[c, y // k, x // k] = a[c, y, x], y * width + x
    return p, idx


def relu_as_it_was(r, a, rule):  # 'deconv' gated by the forward pass, 'gradient' rectified
    return r * (a > 0) if rule == "deconv" else np.maximum(r, 0) * (1 if rule == "gradient" else a > 0)


@pytest.mark.parametrize(
    ("name", "wrong", "mistake"),
    [
        ("max-pool-switches", later_maximum_wins, "last-maximum"),
        ("unpool", plain_assignment, "overwritten"),
        ("conv-transpose", fold_without_flip, "kernel-mirrored"),
        ("conv-transpose", axes_as_they_are, "channels-not-exchanged"),
        ("backward-relu", relu_as_it_was, "deconv-and-gradient-exchanged"),
    ],
)
def test_mistakes_are_named_however_they_are_made(lab: Lab, name: str, wrong: Callable, mistake: str) -> None:
    for seed in SEEDS:
        assert judged(lab, name, wrong, seed).mistake == mistake


def test_equal_switches_cost_only_the_edge_cases(lab: Lab) -> None:
    record = judged(lab, "unpool", plain_assignment)
    assert (record.score, record.mistake) == (1.5, "overwritten")
    assert judged(lab, "unpool", plain_assignment, hidden=False).status == "passed"


@pytest.mark.parametrize(
    ("below", "wrong", "mistake"),
    [
        ("max_pool_switches", later_maximum_wins, "mistake-in-max-pool-switches"),
        ("conv_transpose", fold_without_flip, "mistake-in-conv-transpose"),
        ("backward_relu", relu_as_it_was, "mistake-in-backward-relu"),
    ],
)
def test_a_mistake_below_is_not_called_a_mistake_of_the_projection(
    lab: Lab, notebook: dict, below: str, wrong: Callable, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(notebook, below, wrong)
    for seed in SEEDS:
        record = judged(lab, "project", notebook["project"], seed)
        assert (record.score, record.mistake) == (0, mistake)


def test_unpooling_without_addition_is_right_enough_for_the_projection(
    lab: Lab, notebook: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(notebook, "unpool", plain_assignment)
    assert judged(lab, "project", notebook["project"]).status == "passed"  # windows do not overlap: no switch is equal


def test_the_solutions_in_the_notebook_get_full_marks(lab: Lab, notebook: dict) -> None:
    for task in lab.tasks:
        if isinstance(task, Exercise):
            record = judged(lab, task.id, notebook[task.function])
            assert record.score == task.points, (task.id, [c for c in record.checks if c.outcome != "passed"])


def test_the_predictions_in_the_notebook_are_right(lab: Lab) -> None:
    source = (labs.find("02") / "lab.py").read_text()
    for task in lab.tasks:
        if isinstance(task, Choice):
            assert f'{task.variable} = "{task.answer}"' in source


def likeness(notebook: dict, network: models.Network, pictures: torch.Tensor, rule: str) -> list[float]:
    """Return the mean cosine of five units at the middle of each picture, as the notebook computes it."""
    net, maps = notebook["layers_of"](network.module), hooks.activations(network.module, pictures, "conv5")["conv5"]
    drawn = [notebook["five"](net, maps.numpy(), rule, n, (4, 4)) for n in range(len(pictures))]
    return [float(notebook["alike"](five)) for five in drawn]


def test_units_are_alike_as_the_question_says_and_random_ones_more_so_but_by_gradient(
    notebook: dict, tags: models.Network, pictures: torch.Tensor
) -> None:
    trained = [np.mean(likeness(notebook, tags, pictures[:3], rule)) for rule in RULES]
    assert trained[0] + 0.1 < trained[1] < trained[2] - 0.1
    random = models.randomized(tags, seed=0)
    gradient, deconv, guided = (np.mean(likeness(notebook, random, pictures[:3], rule)) for rule in RULES)
    assert gradient < 0.2 < 0.6 < deconv < guided


def test_receptive_fields_in_the_notebook_are_those_of_the_network(notebook: dict, tags: models.Network) -> None:
    net = notebook["layers_of"](tags.module)
    fields = {place: notebook["field_of"](net, place) for place in (1, 4, 7, 9, CONV5)}
    assert fields == {1: (5, 2, 0), 4: (15, 4, 1), 7: (35, 8, 3), 9: (51, 8, 3), CONV5: (67, 8, 3)}


def test_messages_show_the_layers_of_a_network_one_by_one(lab: Lab) -> None:
    net = exercise(lab, "project").worked[0].arguments[0]
    text = call_text("project", ["net"], (net,), full=True)
    assert text.splitlines() == [
        "project(net: list of 3)", "net =", " ('conv', 1 x 1 x 2 x 2 float64, (1,) float64, 1, 0)",
        "    [[[[ 1., -1.],", "       [ 0.,  2.]]]]", "    [-1.]", " ('relu',)", " ('pool', 2)",
    ]  # fmt: skip
    assert call_text("project", ["net"], (net,), full=False) == "project(net: list of 3)"
