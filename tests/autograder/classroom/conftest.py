"""The toy lab, for this process and those it starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.command import KEY_VARIABLE
from xailab_autograder.exercises import Lab

TOYS = Path(__file__).parents[1] / "toylabs"


@pytest.fixture(scope="module", autouse=True)
def toy_lab() -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XAILAB_LABS", str(TOYS))
        patch.delenv(KEY_VARIABLE, raising=False)
        yield labs.load("90")
