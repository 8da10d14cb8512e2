"""Lab 1: references equal torch and the library, worked numbers are right, mistakes are named however they are made."""

import ast
from types import ModuleType

import numpy as np
import pytest
import torch
from xailab_autograder import labs
from xailab_autograder.exercises import Choice, Exercise, Lab
from xailab_autograder.judging.materials import materialize

from tests.labs.asking import cases, exercise, judged, modules_of
from xailab import hooks, models
from xailab.graph import trace
from xailab.receptive import receptive_field
from xailab.statistics import TopImages

SEEDS = range(4)
module = modules_of("01")

CONV5 = ((5, 2, 2), (2, 2, 0), (3, 1, 1), (2, 2, 0), (3, 1, 1), (3, 1, 1), (3, 1, 1))
"""The layers of tags up to conv5: kernel, stride, padding."""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return labs.load("01")


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return module("reference")


def test_the_functions_are_worth_10_points_and_the_lab_15_with_warm_up_predictions_and_text(lab: Lab) -> None:
    points = {task.function: task.points for task in lab.tasks if isinstance(task, Exercise)}
    assert points == {
        "strongest_unit": 1, "conv2d_naive": 2, "filters_to_images": 1, "receptive_field": 2, "top_k": 2,
        "crop_patch": 1, "discrepancy_map": 2,
    }  # fmt: skip
    assert lab.points == 15
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
def test_the_convolution_is_torchs(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "conv2d-naive", seed):
        x, w, b, stride, pad = case.arguments
        tensors = [torch.tensor(np.ascontiguousarray(array)).double() for array in (x, w, b)]
        expected = torch.nn.functional.conv2d(tensors[0][None], tensors[1], tensors[2], stride, pad)[0]
        np.testing.assert_allclose(reference.conv2d_naive(*case.arguments), expected, rtol=1e-5, atol=1e-6)


def test_the_convolution_is_what_the_network_computes(reference: ModuleType) -> None:
    network = models.load("tags").module
    x = np.random.default_rng(0).standard_normal((3, 20, 24)).astype(np.float32)
    w, b = (parameter.detach().numpy() for parameter in network.get_submodule("conv1.conv").parameters())
    theirs = hooks.activations(network, torch.tensor(x[None]), "conv1.conv")["conv1.conv"][0]
    np.testing.assert_allclose(reference.conv2d_naive(x, w, b, 2, 2), theirs, atol=1e-5)


def sequence(layers) -> torch.nn.Sequential:
    return torch.nn.Sequential(*(torch.nn.Conv2d(1, 1, k, s, p) for k, s, p in layers))


@pytest.mark.parametrize("seed", SEEDS)
def test_receptive_fields_are_the_librarys_but_for_where_pixel_0_is(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in exercise(lab, "receptive-field").random(np.random.default_rng(seed)):
        (layers,) = case.arguments
        graph = trace(sequence(layers), (256, 256), channels=1)
        field = receptive_field(graph, str(len(layers) - 1))
        assert reference.receptive_field(layers) == (field.size[0], field.jump[0], field.start[0] + 0.5)


def test_the_receptive_field_of_conv5_is_the_librarys(reference: ModuleType) -> None:
    field = receptive_field(trace(models.load("tags").module, (64, 64)), "conv5")
    assert (field.size[0], field.jump[0], field.start[0] + 0.5) == (67, 8, 3.5)
    assert reference.receptive_field(CONV5) == (67, 8, 3.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_box_is_the_support_of_the_gradient(lab: Lab, reference: ModuleType, seed: int) -> None:
    (layers,) = (module("fields").make_layers(np.random.default_rng(seed), short=False),)
    size, jump, start = reference.receptive_field(layers)
    model = sequence(layers)
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    x = torch.ones(1, 1, 150, 150, requires_grad=True)
    cell = 3
    (slope,) = torch.autograd.grad(model(x)[0, 0, cell, cell], x)
    rows = torch.nonzero(slope[0, 0].sum(1)).flatten()
    low, high = start + cell * jump - size / 2, start + cell * jump + size / 2
    assert (int(rows[0]), int(rows[-1]) + 1) == (max(low, 0), high)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_images_are_the_librarys(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "top-k", seed):
        A, k = case.arguments
        best = TopImages(A.shape[1], k)
        best.add(torch.tensor(A.astype(np.float32)), torch.arange(len(A)))
        found = best.result()
        idx, pos = reference.top_k(A.astype(np.float32), k)
        np.testing.assert_array_equal(idx, found.indices)
        np.testing.assert_array_equal(pos, found.positions)


def test_no_two_scores_of_a_random_case_are_nearly_equal(lab: Lab) -> None:
    for seed in range(20):
        for case in exercise(lab, "top-k").random(np.random.default_rng(seed)):
            scores = np.sort(case.arguments[0].max((2, 3)), 0)
            assert np.diff(scores, axis=0).min() > 1e-7


@pytest.mark.parametrize("seed", SEEDS)
def test_patches_are_torchs_unfolded_windows(reference: ModuleType, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((3, 17, 14))
    k, stride, pad = ((3, 2, 1), (4, 2, 1), (5, 3, 2), (2, 1, 0))[seed]
    size, jump, start = reference.receptive_field([(k, stride, pad)])
    windows = torch.nn.functional.unfold(torch.tensor(x[None]), k, padding=pad, stride=stride)[0].T.reshape(-1, 3, k, k)
    columns = (14 + 2 * pad - k) // stride + 1
    for number, window in enumerate(windows):
        patch = reference.crop_patch(x, divmod(number, columns), (int(size), int(jump), start))
        np.testing.assert_array_equal(patch, window)


def test_a_box_of_a_network_always_ends_between_pixels(reference: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        layers = [tuple(int(n) for n in (rng.integers(1, 8), rng.integers(1, 4), rng.integers(0, 4))) for _ in range(6)]
        size, _, start = reference.receptive_field(layers)
        assert (start - size / 2).is_integer()


def test_filters_are_images_that_can_be_drawn(reference: ModuleType) -> None:
    w = models.load("tags").module.get_parameter("conv1.conv.weight").detach().numpy()
    pictures = reference.filters_to_images(w)
    assert pictures.shape == (32, 5, 5, 3)
    np.testing.assert_allclose(pictures.min((1, 2, 3)), 0)
    np.testing.assert_allclose(pictures.max((1, 2, 3)), 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_pictures_one_by_one_or_in_a_batch_agree_far_inside_the_tolerance(
    lab: Lab, reference: ModuleType, seed: int
) -> None:
    one_by_one = module("variants").discrepancy_map_one_by_one
    near = exercise(lab, "discrepancy-map").tolerance
    for case in cases(lab, "discrepancy-map", seed):
        expected = reference.discrepancy_map(*materialize(case.arguments))
        got = one_by_one(*materialize(case.arguments))
        assert np.abs(got - expected).max() < near.absolute / 5, case.name


def test_every_drawn_discrepancy_is_large_and_its_cell_clear(lab: Lab, reference: ModuleType) -> None:
    declared, mistakes = module("discrepancy"), module("discrepancy_mistakes")
    for seed in range(12):
        task = exercise(lab, "discrepancy-map")
        drawn = [*task.random(np.random.default_rng(seed)), *task.edges(np.random.default_rng(seed))]
        for case in drawn:
            network, layer, x, unit, patch, stride = materialize(case.arguments)
            whole = np.sort(mistakes.answers(network, layer, x[None], unit), None)
            assert whole[-1] - whole[-2] > declared.LEAD, case.name
            assert whole[-1] > declared.CHANGE
            seen = mistakes.cell_changes(
                network, layer, x, unit, mistakes.covered(x, mistakes.corners(x, patch, stride), patch)
            )
            assert np.abs(seen).max() > declared.CHANGE > 100 * task.tolerance.absolute, case.name


def convolved(x, w, b, stride, pad):  # scipy's convolution flips the filter
    import scipy.signal

    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    return np.stack(
        [sum(map(lambda p, f: scipy.signal.convolve2d(p, f, "valid"), padded, one))[::stride, ::stride] + bias
         for one, bias in zip(w, b, strict=True)]
    )  # fmt: skip


def doubled_first(layers):  # the new jump, written in another way
    product, size, start = 1, 1, 0.5
    for k, s, p in layers:
        product *= s
        size, start = size + k * product - product, start + product * (k - 1) / 2 - product * p
    return size, product, start


def flattened(A, k):  # the best cells of each unit over the whole set
    idx, pos = [], []
    for unit in range(A.shape[1]):
        best = np.argsort(A[:, unit].ravel(), kind="stable")[::-1][:k]
        images, rows, columns = np.unravel_index(best, (len(A), *A.shape[2:]))
        idx.append(images)
        pos.append(np.stack([rows, columns], 1))
    return np.stack(idx), np.stack(pos)


def shared_scale(w):
    span = w.max() - w.min()
    return np.stack([(w[:, color] - w.min()) / span for color in range(3)], -1)


def from_the_center_of_pixel_0(x, pos, rf):  # numpy's rounding of halves, one pixel further
    size, jump, start = rf
    top, left = (int(np.ceil(start + jump * place - (size - 1) / 2)) for place in pos)
    patch = np.zeros((3, size, size))
    for i in range(size):
        for j in range(size):
            if 0 <= top + i < x.shape[1] and 0 <= left + j < x.shape[2]:
                patch[:, i, j] = x[:, top + i, left + j]
    return patch


def never_restored(network, layer, x, unit, patch, stride):  # covers x itself, all pictures are views of it
    y = x.copy()
    total, count = np.zeros(x.shape[1:]), np.zeros(x.shape[1:])

    def ask(picture):
        return hooks.activations(network.module, torch.from_numpy(picture[None].copy()), layer)[layer][0, unit].numpy()

    before = ask(x)
    cell = np.unravel_index(before.argmax(), before.shape)
    for row in range(0, x.shape[1] - patch + 1, stride):
        for column in range(0, x.shape[2] - patch + 1, stride):
            y[:, row : row + patch, column : column + patch] = 0
            total[row : row + patch, column : column + patch] += abs(float(ask(y)[cell] - before[cell]))
            count[row : row + patch, column : column + patch] += 1
    return total / np.maximum(count, 1)


def pixel_center_at_zero(layers):
    """Return the field as xailab.receptive counts it."""
    size, jump, start = 1, 1, 0
    for k, s, p in layers:
        size, start, jump = size + (k - 1) * jump, start + ((k - 1) / 2 - p) * jump, jump * s
    return size, jump, start


@pytest.mark.parametrize(
    ("name", "wrong", "mistake"),
    [
        ("strongest-unit", lambda maps: int(maps.mean((1, 2)).argmax()), "mean-for-maximum"),  # the notebook's own
        ("conv2d-naive", convolved, "kernel-flipped"),
        ("filters-to-images", shared_scale, "one-scale-for-all"),
        ("receptive-field", doubled_first, "new-jump-used"),
        ("receptive-field", pixel_center_at_zero, "first-pixel-at-zero"),
        ("top-k", flattened, "same-image-twice"),
        ("discrepancy-map", never_restored, "occluders-pile-up"),
    ],
)
def test_mistakes_are_named_however_they_are_made(lab: Lab, name: str, wrong, mistake: str) -> None:
    for seed in SEEDS[:2]:
        record = judged(lab, name, wrong, seed)
        assert (record.score, record.mistake) == (0, mistake)


def test_a_box_that_is_rounded_up_is_off_by_one_for_odd_sizes_only_and_not_misnamed(lab: Lab) -> None:
    record = judged(lab, "crop-patch", from_the_center_of_pixel_0)
    assert (record.score, record.mistake) == (0, "off-by-one")


def test_the_wrong_line_that_the_warm_up_asks_for_gets_its_sentence_in_the_notebook(lab: Lab) -> None:
    source = (labs.find("01") / "lab.py").read_text()
    line = "return int(maps.mean((1, 2)).argmax())"
    assert line in source
    names: dict = {}
    exec(f"def strongest_unit(maps):\n    {line}\n", names)
    record = judged(lab, "strongest-unit", names["strongest_unit"], hidden=False)
    assert record.status == "failed"
    assert "mean" in record.likely
    assert record.hint


def test_ties_cost_only_the_edge_cases(lab: Lab, reference: ModuleType) -> None:
    def reversed_sort(A, k):
        idx = A.max((2, 3)).argsort(axis=0, kind="stable")[::-1][:k].T
        cells = A.reshape(*A.shape[:2], -1).argmax(2)
        best = np.stack([cells[row, unit] for unit, row in enumerate(idx)])
        return idx, np.stack([best // A.shape[3], best % A.shape[3]], -1)

    record = judged(lab, "top-k", reversed_sort)
    assert (record.score, record.mistake) == (1.5, "higher-of-equals")


def test_the_solutions_in_the_notebook_get_full_marks(lab: Lab) -> None:
    tree = ast.parse((labs.find("01") / "lab.py").read_text())
    wanted = {task.function for task in lab.tasks if isinstance(task, Exercise)}
    body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    names: dict = {"np": np, "torch": torch, "hooks": hooks}
    exec(compile(ast.Module(body, []), "lab.py", "exec"), names)
    for task in lab.tasks:
        if isinstance(task, Exercise):
            record = judged(lab, task.id, names[task.function])
            assert record.score == task.points, (task.id, [c for c in record.checks if c.outcome != "passed"])


def test_the_predictions_in_the_notebook_are_right(lab: Lab) -> None:
    source = (labs.find("01") / "lab.py").read_text()
    for task in lab.tasks:
        if isinstance(task, Choice):
            assert f'{task.variable} = "{task.answer}"' in source
