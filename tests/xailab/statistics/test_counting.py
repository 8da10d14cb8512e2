"""The torch path counts what the slow twin counts, for any floats; the suite of the kernel, on torch."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from tests import naive
from tests.kernels.test_iou import ANY_FLOAT, FEW_FLOATS, as_sets, problems
from xailab.data.batch import Labels
from xailab.statistics.counting import count
from xailab.statistics.labels import prepare

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
MANY = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_same_as_twin(device, activations, thresholds, rows, cols, planes, tags, size, categories):
    labels = Labels({"all": torch.from_numpy(planes).to(device)}, {"all": torch.from_numpy(tags).to(device)})
    tables = [(torch.from_numpy(i).to(device).long(), torch.from_numpy(w).to(device)) for i, w in (rows, cols)]
    intersection, on, touched = count(
        torch.from_numpy(activations).to(device),
        torch.from_numpy(thresholds).to(device),
        *tables,
        prepare(labels, vocabulary_size=size),
        torch.from_numpy(categories).to(device),
    )
    expected = naive.tally(activations, thresholds, rows, cols, planes, tags, size, categories)
    np.testing.assert_array_equal(intersection.cpu(), expected[0])
    np.testing.assert_array_equal(on.cpu(), expected[1])
    assert as_sets(touched.cpu().numpy().view(np.uint64)) == expected[2].tolist()


@pytest.mark.parametrize("device", DEVICES)
@given(problem=problems(ANY_FLOAT))
@MANY
def test_counts_equal_the_twins_for_any_floats(device, problem):
    assert_same_as_twin(device, *problem)


@pytest.mark.parametrize("device", DEVICES)
@given(problem=problems(FEW_FLOATS))
@MANY
def test_counts_equal_the_twins_among_ties_and_rounding(device, problem):
    assert_same_as_twin(device, *problem)
