"""Processes of this machine: they work, they are replaced when they die, and they end with their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

import pytest
from xailab_autograder.batch.local import LocalWorkers
from xailab_autograder.batch.workers import Died, NoWorkers

from tests.autograder.batch import doing
from tests.autograder.batch.living import gone
from xailab.errors import XailabError

WAIT_S = 30
PARENT = """
import time
from tests.autograder.batch import doing
from tests.autograder.batch.living import gone
from xailab_autograder.batch.local import LocalWorkers
if __name__ == "__main__":
    workers = LocalWorkers(2)
    pids = [workers.submit(doing.process_id, 0.2) for _ in range(2)]
    print(*(pid.result() for pid in pids), flush=True)
    {then}
"""


@pytest.fixture(scope="module")
def pair() -> Iterator[LocalWorkers]:
    with LocalWorkers(2) as started:
        yield started


def test_results_and_errors_come_back(pair):
    futures = [pair.submit(doing.double, number) for number in range(7)]
    assert [future.result(WAIT_S) for future in futures] == [0, 2, 4, 6, 8, 10, 12]
    with pytest.raises(ValueError, match="on purpose"):
        pair.submit(doing.raises, "on purpose").result(WAIT_S)


def test_work_is_spread_over_processes_with_one_thread_of_linear_algebra_each(pair):
    pids = {pair.submit(doing.process_id, 0.3).result for _ in range(2)}
    found = {result(WAIT_S) for result in pids}
    assert found == set(pair.pids)
    assert len(found) == pair.slots == 2
    assert pair.submit(doing.threads_of_linear_algebra).result(WAIT_S) == ["1", "1", "1"]


def test_a_job_that_kills_its_process_once_is_done_by_the_next(pair, tmp_path):
    assert pair.submit(doing.kill_myself_the_first_time, tmp_path / "flag").result(WAIT_S) == "survived"


def test_a_job_that_kills_its_process_twice_is_given_up_and_takes_no_other_with_it(pair):
    others = [pair.submit(doing.process_id, 0.2) for _ in range(3)]
    with pytest.raises(Died, match="2 times"):
        pair.submit(doing.kill_myself).result(WAIT_S)
    assert all(other.result(WAIT_S) for other in others)
    assert pair.submit(doing.double, 2).result(WAIT_S) == 4


def test_a_process_that_is_killed_while_idle_is_replaced_at_no_jobs_cost(pair):
    pair.submit(doing.double, 1).result(WAIT_S)
    before = pair.pids
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert gone(before)
    assert [pair.submit(doing.double, n).result(WAIT_S) for n in range(4)] == [0, 2, 4, 6]
    assert not set(pair.pids) & set(before)


def test_ctrl_c_in_the_terminal_leaves_the_processes_alone(pair):
    running = pair.submit(doing.process_id, 0.5)
    time.sleep(0.2)
    for pid in pair.pids:
        os.kill(pid, signal.SIGINT)
    assert running.result(WAIT_S) in pair.pids


def test_leaving_the_context_ends_what_runs_at_once():
    with LocalWorkers(1) as short:
        pid = short.submit(doing.process_id).result(WAIT_S)
        running, waiting = short.submit(doing.process_id, 300), short.submit(doing.double, 1)
        time.sleep(0.2)
    assert gone([pid])
    assert isinstance(running.exception(WAIT_S), RuntimeError)
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match="have ended"):
        short.submit(doing.double, 1)


def test_shutting_down_waits_for_every_job():
    ending = LocalWorkers(1)
    futures = [ending.submit(doing.process_id, 0.1) for _ in range(3)]
    ending.shutdown()
    assert all(future.done() and not future.cancelled() for future in futures)
    assert gone({future.result() for future in futures})


def test_what_fails_before_the_first_job_is_the_answer_to_every_job():
    with LocalWorkers(2, first=doing.begin_badly) as hopeless:
        for _ in range(3):
            with pytest.raises(XailabError, match="no sandbox on this machine"):
                hopeless.submit(doing.double, 1).result(WAIT_S)


def test_a_mistake_of_ours_before_the_first_job_is_said_in_a_sentence():
    with LocalWorkers(1, first=partial(doing.raises, "oops")) as hopeless, pytest.raises(NoWorkers, match="oops"):
        hopeless.submit(doing.double, 1).result(WAIT_S)


def test_processes_that_die_at_their_start_are_no_jobs_fault():
    with LocalWorkers(1, first=doing.kill_myself) as hopeless, pytest.raises(NoWorkers, match="as soon as they"):
        hopeless.submit(doing.double, 1).result(WAIT_S)


def test_less_than_one_process_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        LocalWorkers(0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize(
    "then", ["time.sleep(300)", "workers.submit(doing.process_id, 300); time.sleep(300)"], ids=["idle", "busy"]
)
def test_they_end_when_their_parent_is_killed(then, tmp_path):
    program = tmp_path / "parent.py"
    program.write_text(PARENT.format(then=then))
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(set(pids)) == 2
        time.sleep(0.2)
        parent.kill()
    assert gone(pids)
