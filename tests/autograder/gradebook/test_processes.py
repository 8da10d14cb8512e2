"""Who lives: this process does, an ended one does not, one of another machine nobody knows."""

import subprocess
import sys
from dataclasses import replace

from xailab_autograder.gradebook import processes
from xailab_autograder.gradebook.processes import here, lives


def test_this_process_lives():
    assert lives(here()) is True


def test_an_ended_process_does_not_live_even_if_nobody_asked_how_it_ended():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    running = replace(here(), pid=child.pid, started=processes._started(child.pid))
    assert lives(running) is True
    child.kill()
    while processes._started(child.pid) is not None:
        pass  # it is a zombie from some moment on
    assert lives(running) is False
    child.communicate()
    assert lives(running) is False


def test_a_later_process_of_the_same_number_is_another():
    assert lives(replace(here(), started="an earlier start")) is False


def test_a_process_of_another_machine_may_live():
    assert lives(replace(here(), host="elsewhere")) is None


def test_without_proc_ps_is_asked(monkeypatch):
    monkeypatch.setattr(processes, "_started", processes._asked)
    assert here().started.count(":") == 2
    assert lives(here()) is True
    assert lives(replace(here(), started="Thu Jan  1 00:00:00 1970")) is False
