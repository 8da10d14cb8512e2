"""How fast a class is graded: submissions per minute, seconds until the first result, memory.

Run: ``python benchmarks/bench_class.py [STUDENTS [PROCESSES]]``. Right submissions of Lab 3, each with its own
cases, go from a fresh SQLite gradebook through sandboxed workers and back. Memory is that of all processes together,
each shared page counted once (proportional set size), looked at every two seconds.
"""

import hashlib
import os
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from xailab_autograder import labs
from xailab_autograder.batch import machine, worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.jobs import Setting
from xailab_autograder.batch.local import LocalWorkers
from xailab_autograder.batch.run import Progress, grade_class
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.writing import register
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell

KEY = b"the key of the benchmark"
LOOK_EVERY_S = 2.0


def hand_ins(lab: Lab, students: int) -> list[HandedIn]:
    """Return so many submissions that hold the references; each file differs by one line."""
    source = (labs.find(lab.number) / "reference.py").read_text()
    found = []
    for number in range(students):
        own = f"# student {number}\n{source}"
        digest = hashlib.sha256(own.encode()).hexdigest()
        submission = Submission("lab.ipynb", (Cell("cell 1", own),), {}, digest)
        found.append(HandedIn(lab.number, f"s{number:03}", digest, submission.name, submission=submission))
    return found


def family_mib() -> float:
    """Return the memory of this process and all below it."""
    below: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            below.setdefault(parent, []).append(int(folder.name))
        except OSError:
            continue
    waiting, total = [os.getpid()], 0
    while waiting:
        pid = waiting.pop()
        waiting += below.get(pid, [])
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def main(students: int = 200, processes: int = 0) -> None:
    """Grade a class and print what it took."""
    lab, expected = labs.load("03"), fingerprint("03", KEY)
    processes = processes or machine.fitting()
    print(f"{students} submissions, {processes} processes, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    moments: list[float] = []
    peak, ended = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(LOOK_EVERY_S):
            peak = max(peak, family_mib())

    def tell(told: Progress) -> None:
        if told.student:
            moments.append(time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder, open_gradebook(Path(folder) / "gradebook.db") as book:
        register(book, lab, (), hand_ins(lab, students))
        threading.Thread(target=watch, daemon=True).start()
        began = time.perf_counter()
        with LocalWorkers(processes, first=partial(worker.prepare, Setting("03", expected))) as workers:
            outcome = grade_class(book, lab, expected, KEY, executor=workers, progress=tell)
        again = time.perf_counter()
        with LocalWorkers(1) as workers:
            unchanged = grade_class(book, lab, expected, KEY, executor=workers).unchanged
        again = time.perf_counter() - again
    ended.set()
    assert (outcome.graded, unchanged, outcome.problems) == (students, students, ())
    pace = (students - 1) / (moments[-1] - moments[0]) * 60
    whole = students / moments[-1] * 60
    print(f"first result after {moments[0]:.1f} s, all after {moments[-1]:.1f} s: {whole:.0f} a minute")
    print(f"once started: {pace:.0f} a minute; a second run, which changes nothing: {again:.2f} s; peak {peak:.0f} MiB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
