"""A class of the toy lab, and what comes of it when nothing disturbs the grading."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.command import KEY_VARIABLE
from xailab_autograder.exercises import Lab
from xailab_autograder.rehearsal.making import rehearse

from tests.autograder.classroom.running import STUDENTS, TOYS, digest_of, finish, results_in
from tests.autograder.gradebook.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture(scope="module", autouse=True)
def toy_lab() -> Iterator[Lab]:
    """The toy lab, for this process and those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XAILAB_LABS", str(TOYS))
        patch.delenv(KEY_VARIABLE, raising=False)
        yield labs.load("90")


@pytest.fixture(scope="session")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic class of the toy lab."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XAILAB_LABS", str(TOYS))
        out = tmp_path_factory.mktemp("class")
        return rehearse(labs.load("90"), students=STUDENTS, seed=3, out=out).submissions


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "course.key"
    file.write_text("the key of these tests, long enough")
    return file


@pytest.fixture(scope="session")
def quiet(submissions: Path, tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    """The results of a run that nothing disturbs."""
    results = tmp_path_factory.mktemp("undisturbed")
    finish(submissions, results, "--key-file", key)
    return results


@pytest.fixture(scope="session")
def undisturbed(quiet: Path) -> tuple[str, int]:
    """The digest of such a run, and how many results it has."""
    database = quiet / "gradebook.db"
    return digest_of(database), results_in(database)
