"""How long a student waits for ``lab("03").check(...)``: the first time in a session, and later.

Run: ``python benchmarks/bench_selfcheck.py``. Every cold start is a fresh interpreter, as in a notebook whose first
cell has just been run; the imports of the worker run beside whatever the student does between ``lab("03")`` and the
check (here: nothing, which is the worst case, or importing torch and the bench, as the notebook's first cell does).
Waiting depends on what else the machine does: the load average and the processor time of all processes are printed too.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COLD_ROUNDS = 3
STUDENT = '''
import contextlib, io, sys, time
began = time.perf_counter()
from xailab_autograder import lab
checks = lab("03")
{between}
import numpy as np

def thresholds(activations, q=0.005):
    """Right."""
    units = activations.shape[1]
    flat = np.moveaxis(activations, 1, 0).reshape(units, -1)
    return np.array([np.sort(row)[len(row) - 1 - int(np.floor(q * len(row)))] for row in flat])

def upsample(maps, height, width):
    """Nearest cell: wrong, and with a picture."""
    rows = np.arange(height) * maps.shape[-2] // height
    columns = np.arange(width) * maps.shape[-1] // width
    return maps[..., rows[:, None], columns].astype(float)

def timed(function):
    shown, start = io.StringIO(), time.perf_counter()
    with contextlib.redirect_stdout(shown):
        checks.check(function)
    return time.perf_counter() - start, shown.getvalue().splitlines()[0]

asked = time.perf_counter()
first, line = timed(thresholds)
print("first", first, asked + first - began, line, sep="|")
for function in (thresholds, upsample) * 6:
    seconds, line = timed(function)
    print(function.__name__, seconds, 0.0, line, sep="|")
'''
BETWEEN = {
    "check at once": "",
    "after importing torch and the bench": "import torch; from xailab import hooks, data, models, render",
}


FIRST_ONLY = STUDENT[: STUDENT.index("for function in")]


def processor_seconds() -> float:
    """Return what a session with one check costs the processors, the worker's imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "student.py"
        file.write_text(FIRST_ONLY.format(between=""))
        subprocess.run([sys.executable, str(file)], capture_output=True, check=True, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(between: str) -> dict[str, list[tuple[float, float, str]]]:
    """Run one session in a fresh interpreter."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "student.py"
        file.write_text(STUDENT.format(between=between))
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True, cwd=folder)
    for line in done.stdout.splitlines():
        name, seconds, since, verdict = line.split("|")
        found.setdefault(name, []).append((float(seconds), float(since), verdict))
    return found


def main() -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"a session with one check: {processor_seconds():.2f} s of processor time in all processes")
    for name, between in BETWEEN.items():
        sessions = [measured(between) for _ in range(COLD_ROUNDS)]
        asked, since = zip(*((s["first"][0][0], s["first"][0][1]) for s in sessions), strict=True)
        print(f"{name}: the first verdict comes {statistics.median(asked):.2f} s after it is asked for,")
        print(f"  {statistics.median(since):.2f} s after the import of lab (worst {max(since):.2f} s)")
        for function in ("thresholds", "upsample"):
            later = [row[0] for session in sessions for row in session[function]]
            verdict = sessions[0][function][0][2]
            print(f"  later, {function}: median {statistics.median(later):.3f} s, worst {max(later):.3f} s | {verdict}")


if __name__ == "__main__":
    main()
