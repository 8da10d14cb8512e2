import re

import numpy as np
import pytest

from xailab.data.batch import Concept, Vocabulary
from xailab.data.broden.counts import LabelCounts
from xailab.errors import DataError

VOCABULARY = Vocabulary(
    ("object", "part"),
    (Concept(1, "cat", "object"), Concept(4, "door", "part", ("object", "part")), Concept(5, "leg", "part")),
)


def plane(*numbers: int) -> np.ndarray:
    return np.array([numbers], np.int32)


def test_frequency_counts_images_and_coverage_adds_fractions_over_planes_and_tags():
    counts = LabelCounts(VOCABULARY)
    counts.add({"object": [plane(1, 1, 4, 0)], "part": [plane(5, 5, 5, 0), plane(0, 0, 5, 4)]}, {})
    counts.add({"object": [plane(1, 0, 0, 0)]}, {"object": [4]})
    assert counts.frequency[:, [1, 4, 5]].tolist() == [[2, 2, 0], [0, 1, 1]]
    assert counts.coverage[:, [1, 4, 5]].tolist() == [[0.75, 1.25, 0], [0, 0.25, 1.0]]
    assert counts.primary(VOCABULARY.by_number[4]) == "object"


def test_a_label_that_the_tables_cannot_express_is_refused():
    counts = LabelCounts(VOCABULARY)
    with pytest.raises(DataError, match="label 2 of object is not in the vocabulary"):
        counts.add({"object": [plane(2, 0)]}, {})
    with pytest.raises(DataError, match="label 9 of part is not in the vocabulary"):
        counts.add({}, {"part": [9]})
    with pytest.raises(
        DataError, match=re.escape("label 5 (leg) stands in object, but the vocabulary has it in part only")
    ):
        counts.add({"object": [plane(5, 0)]}, {})
