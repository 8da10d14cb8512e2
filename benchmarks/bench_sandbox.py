"""What keeping student code apart costs: a worker, a call, a whole submission; beside a plain fork and a Jupyter
kernel.

Run: ``python benchmarks/bench_sandbox.py``. Everything is repeated and given as the median and the fastest: other work
on the machine makes forks slower more than anything else. The plain fork is what the same warm process costs without
any wall and without a conversation; the kernel is what a grader on nbclient starts for every submission.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from xailab_autograder.sandbox.doctor import self_test
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.outcomes import Cell, Returned, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import Zygote

ROUNDS = 15
DEFINITIONS, CALLS = 10, 100
GATHERING_S = 3.0  # in which the idle zygote makes its forks cheap
SIZES = {"1 KB": 128, "1 MB": 1 << 17, "80 MB": 10 << 20}
WALLS = (Layer.NAMESPACES, Layer.LANDLOCK, Layer.SECCOMP)

FORK = """
import os, statistics, sys, time
import numpy, torch, numba, matplotlib.pyplot, xailab.models, xailab.render
times = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    if not os.fork():
        os._exit(0)
    os.wait()
    times.append(time.perf_counter() - start)
print(min(times), statistics.median(times))
"""


def measured(work: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the fastest and the median time in ms, after one round to warm up."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return min(times[1:]), statistics.median(times[1:])


def line(what: str, times: tuple[float, float], remark: str = "") -> None:
    print(f"  {what:<52} {times[0]:>9.2f} {times[1]:>9.2f}  {remark}")


def submission(zygote: Zygote) -> None:
    source = "import numpy as np\n" + "\n".join(
        f"def f{number}(x):\n    return np.maximum(x, {number})" for number in range(DEFINITIONS)
    )
    wanted = [Wanted(f"f{number}", f"f{number}") for number in range(DEFINITIONS)]
    array = np.random.default_rng(0).normal(size=(100, 100))
    with SandboxedStudent(zygote, [Cell("cell 1", source)], wanted) as student:
        for call in range(CALLS):
            outcome = student.call(f"f{call % DEFINITIONS}", [array], limit_s=10)
            assert isinstance(outcome, Returned)


def at_level(zygote: Zygote) -> None:
    line("worker ready and gone", measured(lambda: zygote.start_worker().close()))
    line("self-test before grading", measured(lambda: self_test(zygote), 5))
    found = measured(lambda: submission(zygote))
    line(f"submission: {DEFINITIONS} definitions, {CALLS} calls of 100 x 100", found, f"{1000 / found[1]:.1f} a second")
    source = "def same(x):\n    return x"
    with SandboxedStudent(zygote, [Cell("cell", source)], [Wanted("same", "same")]) as student:
        for name, size in SIZES.items():
            array = np.random.default_rng(0).normal(size=size)
            times = measured(lambda array=array: student.call("same", [array], limit_s=60), 7)  # type: ignore[misc]
            line(f"call with {name} there and back", times, f"{2 * array.nbytes / times[1] / 1e6:.2f} GB/s")


def plain_fork() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FORK, str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    fastest, median = (1000 * float(word) for word in done.stdout.split())
    line("one fork of the same process, no walls", (fastest, median))


def fresh_process() -> None:
    program = "import numpy, torch, numba, matplotlib.pyplot"
    line(
        "fresh interpreter with the same imports",
        measured(lambda: subprocess.run([sys.executable, "-c", program], check=True), 2),
    )


def kernel() -> None:
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError:
        print("  (nbclient is not installed: no Jupyter kernel to compare with)")
        return
    cells = [nbformat.v4.new_code_cell("import numpy, torch, numba, matplotlib.pyplot")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    line("Jupyter kernel by nbclient, with the same imports", measured(lambda: NotebookClient(notebook).execute(), 2))


def main() -> None:
    print(f"{'':54} {'fastest':>9} {'median':>9}  (ms; {Path(sys.executable).name}, {os.cpu_count()} cores)")
    for without in (frozenset(), frozenset(WALLS[:1]), frozenset(WALLS)):
        start = time.perf_counter()
        with Zygote(without=without) as zygote:
            assert zygote.layers
            print(f"\n{zygote.level} (zygote ready after {time.perf_counter() - start:.2f} s)")
            time.sleep(GATHERING_S)
            at_level(zygote)
    print("\nbeside")
    plain_fork()
    fresh_process()
    kernel()


if __name__ == "__main__":
    main()
