"""Memory is gathered piece by piece, and holds what it held."""

import sys

import numpy as np
import pytest
from xailab_autograder.sandbox import huge_pages


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_gathering_changes_no_byte_of_memory() -> None:
    kept = np.random.default_rng(0).integers(0, 256, 16 << 20, dtype=np.uint8)
    before = kept.tobytes()
    spans = list(huge_pages._written())
    place = kept.__array_interface__["data"][0]
    assert any(start <= place + (4 << 20) < end for start, end in spans)
    assert all(start % (2 << 20) == end % (2 << 20) == 0 for start, end in spans)
    steps = sum(1 for _ in huge_pages.gather())
    assert steps >= 7
    assert kept.tobytes() == before
