"""The toy lab, and two classes that are made once."""

from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Lab
from xailab_autograder.notebooks import generate
from xailab_autograder.rehearsal.making import Rehearsal, rehearse
from xailab_autograder.rehearsal.solutions import collect
from xailab_autograder.rehearsal.works import Room

TOYS = Path(__file__).parents[1] / "toylabs"


@pytest.fixture
def toy(monkeypatch) -> Lab:
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))
    return labs.load("90")


@pytest.fixture
def toy_room(toy) -> Room:
    place = labs.find("90")
    return Room(toy, collect(toy), generate.to_text(generate.student(place)), f"{place.name}.ipynb")


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> tuple[Path, Rehearsal]:
    """Two hundred students of Lab 3."""
    folder = tmp_path_factory.mktemp("rehearsal") / "large"
    return folder, rehearse(labs.load("03"), students=200, seed=1, out=folder)
