"""On a GPU everything is as on the CPU, to rounding."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.toys import Boxes, watcher
from xailab.inspection import activation_space, diagnose, maps_of, side_by_side

pytestmark = pytest.mark.gpu


def test_views_diagnosis_and_space_are_those_of_the_cpu() -> None:
    here, data = watcher(), Boxes(20)
    there = replace(here, module=watcher().module.to("cuda"))
    image = data.images[0]
    assert torch.allclose(maps_of(here, image, "1")["1"], maps_of(there, image, "1")["1"].cpu(), atol=1e-4)
    first, second = (diagnose(one, ["1", "3"], data, batch_size=7) for one in (here, there))
    for layer, found in first.items():
        other = second[layer]
        np.testing.assert_allclose(found.summary.mean, other.summary.mean, atol=1e-4)
        assert [one.unit for one in found.findings] == [one.unit for one in other.findings]
    spaces = [activation_space(one, "1", data, count=200, batch_size=9) for one in (here, there)]
    assert np.array_equal(spaces[0].cells, spaces[1].cells)
    np.testing.assert_allclose(spaces[0].vectors, spaces[1].vectors, atol=1e-4)
    assert side_by_side(there, image, ["1"]).size == side_by_side(here, image, ["1"]).size
