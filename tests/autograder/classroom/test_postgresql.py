"""A real PostgreSQL server as the gradebook of a class, graded by several at once."""

import re
import time

import pytest

from tests.autograder.classroom.running import digest_of, finish, start

pytestmark = pytest.mark.slow
GRADERS = 4


def graded(said: str) -> int:
    """How many results a run says it wrote."""
    found = re.search(r"^(\d+) graded,", said, re.MULTILINE)
    assert found is not None, said
    return int(found[1])


def test_four_graders_at_once_share_the_work_and_agree_with_sqlite(submissions, undisturbed, key, postgres, tmp_path):
    address = postgres.database()
    options = ("--key-file", key, "--gradebook", address)
    runs = [start(submissions, tmp_path / f"results{n}", *options, jobs=1) for n in range(GRADERS)]
    said = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * GRADERS, said
    assert digest_of(address) == undisturbed[0]
    assert sum(map(graded, said)) == undisturbed[1], said


def test_a_server_that_goes_away_and_comes_back_is_waited_for(submissions, undisturbed, key, postgres, tmp_path):
    address = postgres.database()
    run = start(submissions, tmp_path, "--key-file", key, "--gradebook", address)
    name = address.partition("?")[0].rpartition("/")[2]
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and _results(postgres, name) < 2:
        time.sleep(0.02)
    postgres.stop("immediate")
    time.sleep(2)
    postgres.start()
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
    assert digest_of(address) == undisturbed[0]
    assert "0 graded" in finish(submissions, tmp_path, "--key-file", key, "--gradebook", address)


def _results(postgres, name: str) -> int:
    tables = postgres.sql(name, "select count(*) from pg_tables where tablename = 'results'")
    return int(postgres.sql(name, "select count(*) from results")[0][0]) if tables[0][0] else 0
