"""Grading a class: submissions per minute, peak memory, marks beside the true ones; and nbgrader beside it.

Run: ``python benchmarks/bench_class.py [--students 200] [--jobs 2] [--nbgrader ENVIRONMENT]``

A synthetic class of Lab 3 (``xailab rehearse``) is graded by the command that instructors use, from the first import
to the last page. How the cost grows is shown for smaller classes. With an environment that has nbgrader (notebooks run
on a kernel of this Python), the same right notebooks are graded by ``nbgrader autograde`` and by us in this one run.
Memory is that of all processes together (proportional set size).
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

LAB = "03"
RIGHT = 5
"""Right notebooks that nbgrader grades; it does one after the other."""

COPIES = 20
"""So often each of them is handed in to us, by students with cases of their own."""


class Memory:
    """Samples the memory of a process and everything that descends from it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.peak, self._process = 0, process
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while self._process.poll() is None:
            self.peak = max(self.peak, sum(map(_pss, _tree(self._process.pid))))
            time.sleep(0.5)


def _tree(root: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


def _pss(pid: int) -> int:
    """Return a process's proportional set size in bytes; 0 if it is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def run(arguments: list[str | Path], **options: object) -> tuple[float, int, str]:
    """Run a program; return its seconds, its peak memory and what it said."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    memory = Memory(process)
    said, _ = process.communicate()
    seconds = time.perf_counter() - began
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {process.returncode}:\n{said[-4000:]}")
    return seconds, memory.peak, said


def xailab(*arguments: str | Path) -> tuple[float, int, str]:
    """Run a command of xailab as a user does."""
    return run([Path(sys.executable).with_name("xailab"), *arguments])


def grade(folder: Path, results: Path, jobs: int, *more: str | Path) -> tuple[float, int]:
    """Grade a folder of hand-ins from nothing."""
    seconds, peak, _ = xailab("grade", LAB, folder, "--out", results, "--jobs", str(jobs), *more)
    return seconds, peak


def differences(made: Path, results: Path) -> int:
    """Compare all marks with the true ones; print what differs."""
    from xailab_autograder import labs
    from xailab_autograder.gradebook.opening import open_gradebook
    from xailab_autograder.gradebook.reading import class_book
    from xailab_autograder.rehearsal.comparing import compare
    from xailab_autograder.rehearsal.truth import read

    truths, _ = read(made / "truth.json")
    with open_gradebook(results / "gradebook.db") as book:
        found = compare(class_book(book, labs.load(LAB)), truths)
    for one in found:
        print("  differs:", one)
    return len(found)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--nbgrader", type=Path, help="an environment that has nbgrader")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sizes = [size for size in (25, 50, 100) if size < chosen.students] + [chosen.students]
        print(f"{'students':>8} {'minutes':>8} {'per minute':>10} {'peak MB':>8} {'marks that differ':>18}")
        for size in sizes:
            made, results = folder / f"class{size}", folder / f"results{size}"
            xailab("rehearse", LAB, "--students", str(size), "--seed", "1", "--out", made)
            more = ("--course", made / "course.toml")
            seconds, peak = grade(made / "submissions", results, chosen.jobs, *more)
            wrong = differences(made, results)
            print(
                f"{size:8d} {seconds / 60:8.2f} {60 * size / seconds:10.0f} {peak / 1e6:8.0f} {wrong:18d}", flush=True
            )
        again, _ = grade(made / "submissions", results, chosen.jobs, *more)
        print(f"the same again, nothing new: {again:.1f} s")
        if chosen.nbgrader is not None:
            beside_nbgrader(folder, chosen.nbgrader, chosen.jobs)


def beside_nbgrader(folder: Path, environment: Path, jobs: int) -> None:
    """Grade the same right notebooks with both."""
    right = write_right_notebooks(folder / "notebooks")
    course, name = nbgrader_course(folder / "course")
    settings = nbgrader_settings(folder, environment)
    for number, notebook in enumerate(right):
        place = course / "submitted" / f"student{number}" / name
        place.mkdir(parents=True)
        shutil.copy(notebook, place / f"{name}.ipynb")
    nbgrader = environment / "bin" / "nbgrader"
    run([nbgrader, "generate_assignment", name], cwd=course, env=settings)  # not counted: once for a class
    theirs, peak, _ = run([nbgrader, "autograde", name], cwd=course, env=settings)
    run([nbgrader, "export", "--to", "grades.csv"], cwd=course, env=settings)
    with (course / "grades.csv").open(newline="") as file:
        scores = [float(row["score"]) for row in csv.DictReader(file)]
    submissions = folder / "right"
    submissions.mkdir()
    for copy in range(COPIES):  # enough of them that our start does not dominate
        for number, notebook in enumerate(right):
            shutil.copy(notebook, submissions / f"student{copy}-{number}.ipynb")
    number = len(list(submissions.iterdir()))
    ours, our_peak = grade(submissions, folder / "results-right", jobs, "--no-similar")
    rates = 60 * len(right) / theirs, 60 * number / ours
    print(f"nbgrader autograde: {rates[0]:.1f} right notebooks per minute ({len(right)}), {peak / 1e6:.0f} MB")
    print(f"xailab grade:       {rates[1]:.1f} right notebooks per minute ({number}), {our_peak / 1e6:.0f} MB")
    print(f"ratio: {rates[1] / rates[0]:.0f}")
    print(f"marks by nbgrader (of 20, 2 for the text): {scores}, by us: {marks_of(folder)}")


def marks_of(folder: Path) -> list[float]:
    """Return the different marks that we gave to right notebooks."""
    with (folder / "results-right" / LAB / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        return sorted({float(row["score"]) for row in csv.DictReader(file)})


def write_right_notebooks(folder: Path) -> list[Path]:
    """Write right notebooks as students hand them in.

    They are written as the lab teaches it: other right answers, with loops, take minutes for the lab's own pictures
    when whole notebooks are run.
    """
    import random

    from xailab_autograder import labs
    from xailab_autograder.notebooks import generate
    from xailab_autograder.rehearsal import filling, works
    from xailab_autograder.rehearsal.solutions import collect

    lab, place = labs.load(LAB), labs.find(LAB)
    room = works.Room(lab, collect(lab), generate.to_text(generate.student(place)), f"{place.name}.ipynb")
    folder.mkdir()
    paths = []
    for number in range(RIGHT):
        work = works.right(room, random.Random(number), style="as taught")
        paths.append(folder / f"{number}.ipynb")
        paths[-1].write_bytes(filling.file(room, work).content)
    return paths


def nbgrader_course(course: Path) -> tuple[Path, str]:
    """Make a course folder with the lab's source; return it and the lab's name there."""
    from xailab_autograder import labs
    from xailab_autograder.notebooks import generate

    place = labs.find(LAB)
    name = place.name
    (course / "source" / name).mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'class'\nc.ExecutePreprocessor.timeout = 600\n"
    )
    (course / "source" / name / f"{name}.ipynb").write_text(generate.to_text(generate.nbgrader_source(place)))
    return course, name


def nbgrader_settings(folder: Path, environment: Path) -> dict[str, str]:
    """Return the environment in which nbgrader runs notebooks on a kernel of this Python."""
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "this one", "language": "python"}))
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by its name
    return os.environ | {"JUPYTER_PATH": str(folder / "jupyter"), "PATH": path}


if __name__ == "__main__":
    main()
