"""A copy of the toy lab that a test may change, processes that judge it, and what a worker's process keeps."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.batch import worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.local import LocalWorkers
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import Fingerprint
from xailab_autograder.gradebook.opening import Gradebook, open_gradebook
from xailab_autograder.gradebook.reading import digest
from xailab_autograder.gradebook.writing import register
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.zygote import Zygote

from tests.autograder.batch import toyclass


@pytest.fixture
def toylabs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XAILAB_LABS", str(toyclass.copy_of_toylabs(tmp_path / "labs")))
    return tmp_path / "labs"


@pytest.fixture
def kept(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> worker._Kept:
    fresh = worker._Kept()
    fresh._zygotes[Level.L1] = zygote
    monkeypatch.setattr(worker, "_KEPT", fresh)
    return fresh


@pytest.fixture(scope="session")
def shared_labs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``workers`` read; put back whatever you change."""
    return toyclass.copy_of_toylabs(tmp_path_factory.mktemp("batch") / "labs")


@pytest.fixture(scope="session")
def workers(shared_labs: Path) -> Iterator[LocalWorkers]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XAILAB_LABS", str(shared_labs))
        started = LocalWorkers(2)
        while len(started.pids) < started.slots:  # they take the environment along; no other test may see it
            time.sleep(0.01)
    with started:
        yield started


@pytest.fixture
def lab(shared_labs: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XAILAB_LABS", str(shared_labs))
    return labs.load("90")


@pytest.fixture
def expected(lab: Lab) -> Fingerprint:
    return fingerprint("90", toyclass.KEY)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with open_gradebook(tmp_path / "gradebook.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def undisturbed(workers: LocalWorkers, shared_labs: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of a class of eight that was graded in one go."""
    from xailab_autograder.batch.run import grade_class

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XAILAB_LABS", str(shared_labs))
        lab, expected, hand_ins = labs.load("90"), fingerprint("90", toyclass.KEY), toyclass.class_of(8)
        with open_gradebook(tmp_path_factory.mktemp("undisturbed") / "gradebook.db") as book:
            register(book, lab, toyclass.students_of(hand_ins), hand_ins)
            outcome = grade_class(book, lab, expected, toyclass.KEY, executor=workers)
            assert (outcome.graded, outcome.problems) == (8, ())
            return digest(book, "90")
