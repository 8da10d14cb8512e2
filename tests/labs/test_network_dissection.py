"""Lab 3: references equal the compiled library, worked numbers are right, mistakes are named however they are drawn."""

import ast
import importlib
from types import ModuleType

import numpy as np
import pytest
import torch
from xailab_autograder import labs
from xailab_autograder.exercises import Choice, Exercise, Lab
from xailab_autograder.judging.comparing import compare
from xailab_autograder.judging.judge import check_task
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.judging.materials import materialize
from xailab_autograder.judging.seeds import for_student

from tests.labs.asking import cases, exercise
from xailab.data import MiniBroden
from xailab.data.batch import Concept, Labels, Vocabulary
from xailab.dissection import label_units, unique_labels
from xailab.dissection.alignment import fractional_rotation, pca_basis, random_rotation
from xailab.dissection.robustness import shuffle_patches
from xailab.statistics import IoUTally, TopQuantile, upsampling

SEEDS = range(8)
KEY = b"a key for the tests alone"


@pytest.fixture(scope="module")
def lab() -> Lab:
    return labs.load("03")


@pytest.fixture(scope="module")
def reference(lab: Lab) -> ModuleType:
    return importlib.import_module("xailab_lab_03.reference")


def tally(activations: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    """The compiled library's table: one category, |A| over the images that carry it."""
    codes = np.zeros(size, np.int64)
    codes[0] = -1
    counts = IoUTally(torch.tensor(limits, dtype=torch.float32), categories=codes)
    maps = {"object": torch.tensor(labels[:, None].astype(np.int32))}
    counts.add(torch.tensor(activations, dtype=torch.float32), Labels(maps))
    return counts.result().iou().numpy()


def test_the_functions_are_worth_16_points_and_the_lab_20(lab: Lab) -> None:
    assert sum(task.points for task in lab.tasks if isinstance(task, Exercise)) == 16
    assert lab.points == 20
    assert lab.minutes <= 75  # the rest of the 90 is reading


def test_expected_values_worked_by_hand_are_what_the_reference_returns(lab: Lab) -> None:
    worked = 0
    for task in lab.tasks:
        if not isinstance(task, Exercise):
            continue
        for case in task.worked:
            if case.expected is None:
                continue
            got, expected = task.reference(*materialize(case.arguments)), case.expected
            if task.canonical is not None:
                got, expected = task.canonical(got), task.canonical(expected)
            assert compare(got, expected, task.tolerance) is None, (task.id, case.name)
            worked += 1
    assert worked >= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_generator_makes_the_same_cases(lab: Lab, seed: int) -> None:
    for task in lab.tasks:
        if isinstance(task, Exercise):
            one, two = cases(lab, task.id, seed), cases(lab, task.id, seed)
            assert [case.name for case in one] == [case.name for case in two]
            for a, b in zip(one, two, strict=True):
                assert str(a.arguments) == str(b.arguments), (task.id, a.name)


@pytest.mark.parametrize("seed", SEEDS)
def test_thresholds_are_those_of_top_quantile(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "thresholds", seed):
        activations, q = case.arguments[0].astype(np.float32), (*case.arguments, 0.005)[1]
        exact = TopQuantile(activations.shape[1], quantiles=(q,), total=activations[:, 0].size)
        exact.add(torch.tensor(activations))
        np.testing.assert_array_equal(reference.thresholds(activations, q), exact.result()[0].numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_upsampling_is_the_library_s(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "upsample", seed):
        maps, height, width = case.arguments
        library = upsampling.upsample(torch.tensor(maps.astype(np.float32)), (height, width)).numpy()
        np.testing.assert_allclose(reference.upsample(maps, height, width), library, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_iou_table_is_that_of_the_compiled_tally(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "iou-table", seed):
        np.testing.assert_allclose(reference.iou_table(*case.arguments), tally(*case.arguments), rtol=1e-12)


def test_the_iou_table_is_that_of_the_compiled_tally_on_real_labels(reference: ModuleType) -> None:
    labels = (
        MiniBroden("probe", limit=24, progress=False).read_labels(range(24)).maps["part"][:, 0].numpy()[:, 2::4, 2::4]
    )
    activations = np.random.default_rng(5).gamma(0.3, 1.0, (24, 9, 8, 8)).astype(np.float32)
    limits = reference.thresholds(activations, 0.1)
    table = reference.iou_table(activations, limits, labels, 113)
    np.testing.assert_allclose(table, tally(activations, limits, labels, 113), rtol=1e-12)
    assert (table.max(1) > 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_of_units_are_the_library_s(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "label-units", seed):
        table, threshold = np.asarray(case.arguments[0], float), (*case.arguments, 0.04)[1]
        concepts = tuple(Concept(n, f"c{n}", "object", ("object",)) for n in range(1, table.shape[1]))
        found = label_units(table, Vocabulary(("object",), concepts))
        on = found.detectors(threshold)
        expected = [(int(u), int(found.concept[u]), float(found.iou[u])) for u in np.flatnonzero(on)]
        assert reference.label_units(table, threshold) == expected
        unique = sum(map(len, unique_labels(found, threshold).values()))
        assert reference.unique_detectors(reference.label_units(table, threshold)) == unique


@pytest.mark.parametrize("k", [1, 2, 3, 4, 17])
def test_random_rotations_are_the_library_s(reference: ModuleType, k: int) -> None:
    ours = reference.random_rotation(k, np.random.default_rng(k))
    np.testing.assert_allclose(ours, random_rotation(k, np.random.default_rng(k)), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_fractional_rotations_are_the_library_s(lab: Lab, reference: ModuleType, seed: int) -> None:
    for case in cases(lab, "fractional", seed):
        rotation, alpha = case.arguments
        if rotation.dtype == np.float32:
            continue  # the library refuses a matrix that is orthogonal to seven digits only
        np.testing.assert_allclose(
            reference.fractional(rotation, alpha), fractional_rotation(rotation, alpha), atol=1e-9
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_principal_directions_are_the_library_s(lab: Lab, reference: ModuleType, seed: int) -> None:
    task = exercise(lab, "pca-basis")
    assert task.canonical is not None
    for case in cases(lab, "pca-basis", seed):
        rows, _ = pca_basis(torch.tensor(case.arguments[0].astype(np.float32)))
        np.testing.assert_allclose(
            task.canonical(reference.pca_basis(*case.arguments)), task.canonical(rows), atol=1e-4
        )


@pytest.mark.parametrize("grid", [1, 2, 4])
def test_shuffled_patches_are_the_library_s(reference: ModuleType, grid: int) -> None:
    images = np.random.default_rng(0).random((5, 3, 8, 12)).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 9, (5, 8, 12)).astype(np.int32)
    ours = reference.shuffle_patches(images, labels, grid, np.random.default_rng(2))
    maps = Labels({"object": torch.tensor(labels[:, None])})
    theirs = shuffle_patches(torch.tensor(images), maps, grid, np.random.default_rng(2))
    np.testing.assert_array_equal(ours[0], theirs[0].numpy())
    np.testing.assert_array_equal(ours[1], theirs[1].maps["object"][:, 0].numpy())


def test_no_enlarged_activation_of_a_case_is_near_its_threshold(lab: Lab, reference: ModuleType) -> None:
    for seed in SEEDS:
        for case in exercise(lab, "iou-table").random(np.random.default_rng(seed)):
            activations, limits, labels, _ = case.arguments
            enlarged = reference.upsample(activations.astype(float), *labels.shape[1:])
            distance = np.abs(enlarged - limits[:, None, None])
            near = distance < 1e-3 * np.maximum(limits, 0.05)[:, None, None]
            assert not (near & (enlarged != 0)).any()


def own_rotation(k, rng):  # draws its numbers in another way than the reference, and forgets the determinant
    left, _, right = np.linalg.svd(rng.normal(size=(k, k)))
    return left @ right


def reflected_qr(k, rng):  # no sign fix, numbers drawn in another way, the other column turned
    q = np.linalg.qr(rng.normal(size=(2, k, k))[1])[0]
    q[:, -1] *= np.linalg.det(q)
    return q


def tidy_labels(images, labels, grid, rng):  # the labels stay; orders drawn in another way
    new = images.copy()
    high, wide = labels.shape[1] // grid, labels.shape[2] // grid
    for n in range(len(images)):
        for i, j in enumerate(np.argsort(rng.random(grid * grid))):
            (a, b), (c, d) = divmod(i, grid), divmod(int(j), grid)
            patch = images[n, :, c * high : (c + 1) * high, d * wide : (d + 1) * wide]
            new[n, :, a * high : (a + 1) * high, b * wide : (b + 1) * wide] = patch
    return new, labels.copy()


@pytest.mark.parametrize(
    ("name", "wrong", "mistake"),
    [
        ("random-rotation", own_rotation, "determinant-not-fixed"),
        ("random-rotation", reflected_qr, "no-sign-fix"),
        ("random-rotation", lambda k, rng: own_rotation(k, np.random.default_rng(5)) * 1.0, None),
        ("shuffle-patches", tidy_labels, "labels-not-shuffled"),
    ],
)
def test_mistakes_in_random_functions_are_named_however_the_numbers_are_drawn(lab: Lab, name, wrong, mistake) -> None:
    task = exercise(lab, name)
    for seed in SEEDS:
        draw = for_student(KEY, "03", task.id, f"student {seed}")
        record = check_task(task, LocalStudent({task.function: wrong}), draw, hidden=True).record
        assert record.score == 0
        assert mistake is None or record.mistake == mistake


@pytest.mark.parametrize("deal", ["integers", "half", "pixels"])
def test_nulls_that_are_none_are_named_however_the_numbers_are_drawn(
    lab: Lab, reference: ModuleType, deal: str
) -> None:
    def wrong(activations, limits, labels, size, rng):
        n = len(labels)
        if deal == "pixels":
            flat = np.stack([map_.ravel()[np.argsort(rng.random(map_.size))] for map_ in labels])
            return reference.iou_table(activations, limits, flat.reshape(labels.shape), size)
        order = rng.choice(n, n) if deal == "integers" else np.r_[0, 1 + np.argsort(rng.random(n - 1))]
        return reference.iou_table(activations, limits, labels[order], size)

    task = exercise(lab, "null-table")
    expected = {"integers": "with-replacement", "half": "part-shuffled", "pixels": "pixels-within-images"}[deal]
    for seed in SEEDS:
        draw = for_student(KEY, "03", task.id, f"student {seed}")
        record = check_task(task, LocalStudent({"null_table": wrong}), draw, hidden=True).record
        assert (record.score, record.mistake) == (0, expected)


def test_a_wrong_iou_table_inside_the_null_is_not_called_a_mistake_of_shuffling(
    lab: Lab, reference: ModuleType
) -> None:
    def dice(activations, limits, labels, size, rng):
        table = reference.null_table(activations, limits, labels, size, rng)
        return 2 * table / (1 + table)

    task = exercise(lab, "null-table")
    record = check_task(
        task, LocalStudent({"null_table": dice}), for_student(KEY, "03", task.id, "a"), hidden=True
    ).record
    assert (record.score, record.mistake) == (0, None)
    assert "iou_table" in " ".join(check.message for check in record.checks)


def test_the_solutions_in_the_notebook_get_full_marks(lab: Lab) -> None:
    source = (labs.find("03") / "lab.py").read_text()
    tree = ast.parse(source)
    wanted = {task.function for task in lab.tasks if isinstance(task, Exercise)}
    body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    names: dict = {"np": np}
    exec(compile(ast.Module(body, []), "lab.py", "exec"), names)
    for task in lab.tasks:
        if isinstance(task, Exercise):
            draw = for_student(KEY, "03", task.id, "an instructor")
            record = check_task(task, LocalStudent({task.function: names[task.function]}), draw, hidden=True).record
            failed = [check for check in record.checks if check.outcome != "passed"]
            assert record.score == task.points, (task.id, failed)


def test_the_predictions_in_the_notebook_are_right(lab: Lab) -> None:
    source = (labs.find("03") / "lab.py").read_text()
    for task in lab.tasks:
        if isinstance(task, Choice):
            assert f'{task.variable} = "{task.answer}"' in source
