"""A gradebook with a class of twelve, copied for each test, and a browser that has entered."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.opening import open_gradebook

from tests.autograder.gradebook.postgres import postgres
from tests.autograder.marking.browsing import Browser
from tests.autograder.marking.classroom import fill, hurry, people

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("marking") / "twelve.sqlite"
    with open_gradebook(path, course="Seeing machines") as book:
        hurry(book)
        fill(book, people(12))
    return path


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "book of marks.sqlite"))


@pytest.fixture
def book(path: Path) -> Iterator[Gradebook]:
    with open_gradebook(path) as opened:
        hurry(opened)
        yield opened


@pytest.fixture
def browser(book: Gradebook) -> Browser:
    return Browser(book)
