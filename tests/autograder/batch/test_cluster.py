"""A real Dask scheduler with two workers, one of which dies in the middle: nothing is lost, nothing stands twice."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.batch import cluster, worker
from xailab_autograder.batch.cluster import ClusterWorkers
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.jobs import Setting
from xailab_autograder.batch.run import Progress, grade_class
from xailab_autograder.batch.workers import Died, NoWorkers
from xailab_autograder.gradebook.reading import digest
from xailab_autograder.gradebook.writing import register

from tests.autograder.batch import doing
from tests.autograder.batch.toyclass import KEY, class_of, students_of
from xailab.errors import XailabError

pytest.importorskip("distributed")
CLASS = class_of(24)
OPTIONS = ("--no-dashboard", "--host", "127.0.0.1")


class Cluster:
    """A scheduler and workers with one thread each, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address, self._folder = f"tcp://127.0.0.1:{port}", folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", *OPTIONS, "--port", str(port))

    def add_worker(self) -> "subprocess.Popen[bytes]":
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self._folder), "--death-timeout", "30")
        started = self._start("worker", self.address, *options, *OPTIONS)
        self.workers.append(started)
        return started

    def _start(self, what: str, *options: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
        with (self._folder / "log.txt").open("ab") as log:
            environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env=environment)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def started(tmp_path: Path, toylabs: Path) -> Iterator[Cluster]:
    running = Cluster(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_a_class_is_graded_by_two_workers_of_which_one_dies(started, book, monkeypatch):
    lab, expected = labs.load("90"), fingerprint("90", KEY)
    monkeypatch.setattr(worker, "judge", doing.judge_trusted)
    register(book, lab, students_of(CLASS), CLASS)
    for _ in range(2):
        started.add_worker()
    told: list[Progress] = []

    def tell(one: Progress) -> None:
        told.append(one)
        if one.done == 3:
            started.workers[0].kill()

    with ClusterWorkers(started.address) as workers:
        workers._client.wait_for_workers(2, timeout=30)
        outcome = grade_class(book, lab, expected, KEY, executor=workers, progress=tell)
    assert (outcome.graded, outcome.problems) == (24, ())
    assert sorted(one.student for one in told if one.student) == [one.student for one in CLASS]
    before = digest(book, "90")
    with ClusterWorkers(started.address) as workers:
        assert grade_class(book, lab, expected, KEY, executor=workers).graded == 0
        killing = workers.submit(doing.kill_myself)
        for _ in range(2):
            started.add_worker()
        with pytest.raises(Died, match="died, one after the other"):
            killing.result(60)
    assert digest(book, "90") == before


def test_a_worker_in_its_own_process_judges_in_the_sandbox(started, book, toylabs):
    lab, expected = labs.load("90"), fingerprint("90", KEY)
    register(book, lab, (), CLASS[:4])
    started.add_worker()
    first = partial(worker.prepare, Setting("90", expected))
    with ClusterWorkers(started.address, first=first) as workers:
        outcome = grade_class(book, lab, expected, KEY, executor=workers)
        assert (outcome.graded, outcome.problems) == (4, ())
    other = partial(worker.prepare, Setting("90", fingerprint("90", KEY).__class__("0", expected.grader, "")))
    with pytest.raises(XailabError, match=r"cannot grade: .*has another lab 90 than the machine that hands out"):
        ClusterWorkers(started.address, first=other)


def test_a_scheduler_that_goes_away_ends_the_run_in_words(started, book, monkeypatch):
    lab, expected = labs.load("90"), fingerprint("90", KEY)
    monkeypatch.setattr(worker, "judge", doing.judge_trusted)
    register(book, lab, students_of(CLASS), CLASS)
    monkeypatch.setattr(cluster, "CONNECT_S", 8.0)  # so long a lost scheduler is looked for
    started.add_worker()

    def tell(one: Progress) -> None:
        if one.done == 3:
            started.scheduler.kill()

    with ClusterWorkers(started.address) as workers, pytest.raises(XailabError, match=r"is gone .*the same command"):
        grade_class(book, lab, expected, KEY, executor=workers, progress=tell)


def test_nobody_at_the_address_and_nobody_to_work_are_said(started, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with pytest.raises(NoWorkers, match="no Dask scheduler answers at tcp"):
        ClusterWorkers("tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster, "CONNECT_S", 20.0)
    monkeypatch.setattr(cluster, "WORKERS_S", 0.5)
    with pytest.raises(NoWorkers, match="has no workers; start some: dask worker tcp://"):
        ClusterWorkers(started.address)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(XailabError, match="pip install distributed"):
        ClusterWorkers("tcp://127.0.0.1:8786")
