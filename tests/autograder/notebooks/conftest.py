"""The toy lab, for the tests of notebooks."""

from pathlib import Path

import pytest
from xailab_autograder import labs

TOYS = Path(__file__).parents[1] / "toylabs"


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))


@pytest.fixture
def lab(toys):
    return labs.load(90)


@pytest.fixture
def toy_folder():
    return TOYS / "90-toy"
