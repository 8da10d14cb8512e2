"""Functions that the tests of executors have called in other processes; found there by name."""

import os
import signal
import time
import warnings
from pathlib import Path

from xailab_autograder import labs
from xailab_autograder.batch.jobs import Judged
from xailab_autograder.judging.grading import Hand, grade
from xailab_autograder.judging.judge import tasks_wanted
from xailab_autograder.judging.local import LocalStudent

from xailab.errors import XailabError


def double(x):
    return 2 * x


def process_id(seconds=0.0):
    time.sleep(seconds)
    return os.getpid()


def threads_of_linear_algebra():
    return [os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")]


def raises(message):
    raise ValueError(message)


def kill_myself(*ignored):
    os.kill(os.getpid(), signal.SIGKILL)


def kill_myself_the_first_time(flag):
    if not Path(flag).exists():
        Path(flag).touch()
        kill_myself()
    return "survived"


def begin_badly():
    raise XailabError("no sandbox on this machine")


def judge_trusted(job):
    """Judge the toy class without a sandbox: its sources are ours. Starts at once, unlike a zygote."""
    time.sleep(0.05)
    lab, names = labs.load(job.setting.lab), {}
    warnings.simplefilter("ignore")  # the class divides by zero
    try:
        exec(job.submission.cells[0].source, names)
    except SyntaxError:
        names = {}
    wanted = {name: names[name] for _, name in tasks_wanted(lab) if name in names}
    hand = Hand(job.student, job.key)
    return Judged(grade(lab, job.submission, hand, LocalStudent(wanted), level="trusted"))
