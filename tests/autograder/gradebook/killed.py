"""Fills a gradebook and is killed while it does; run as a program, it prints what was found after each kill.

``python killed.py FOLDER TIMES SEED``: an undisturbed gradebook first, then ``TIMES`` more, each by a process that is
killed at a random moment, looked at, and filled to the end by the next one. Processes are forked: one import for all.
"""

import json
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from xailab_autograder.gradebook.claims import claim
from xailab_autograder.gradebook.hand_marks import set_hand_mark
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book, digest
from xailab_autograder.gradebook.writing import register, write_result

from tests.autograder.gradebook.classes import FIRST, LAB, NEWER_GRADER, hand_in, hand_mark, record

CLASS = [hand_in(name) for name in ("ada", "bob", "cyd", "dan")]


def fill(file: Path) -> None:
    """Do all that a course does to a gradebook; can be done again after any part of it."""
    with open_gradebook(file, course="toys", key=FIRST.key) as book:
        register(book, LAB, [], CLASS)
        standings = class_book(book, LAB).standings
        begun = any(each.handed_in and each.record == record(each.handed_in, 1.0) for each in standings)
        rounds = [(0.5, FIRST), (1.0, NEWER_GRADER)]
        for share, fingerprint in rounds[1:] if begun else rounds:
            while found := claim(book, "90", fingerprint, f"grader {os.getpid()}", most=2):
                for each in found:
                    write_result(book, each, record(each, share), fingerprint)
        for each in CLASS:
            set_hand_mark(book, "90", each.student, hand_mark(), replaces=None)


def look(file: Path) -> str:
    """Return what is wrong with a gradebook whose writer was killed; empty: nothing."""
    if not file.exists():
        return ""
    with open_gradebook(file) as book:
        for each in class_book(book, LAB).standings:
            whole = [record(each.handed_in, share) for share in (0.5, 1.0)] if each.handed_in else []
            if each.record not in [None, *whole]:
                return f"{each.student.id}: a record that nobody wrote"
    with closing(sqlite3.connect(file)) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return "damaged"
        halves = connection.execute(
            "SELECT student FROM results r WHERE score != "
            "(SELECT sum(score) FROM task_marks m WHERE m.student = r.student)"
        )
        return f"half a result: {rows}" if (rows := halves.fetchall()) else ""


def forked(file: Path, after: float | None) -> float:
    """Fill a gradebook in a process of its own, killed after some seconds; return how long it lived."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        fill(file)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert after is not None or status == 0
    return time.perf_counter() - began


def main(folder: Path, times: int, seed: int) -> None:
    """Print a list: for each kill the moment, what was wrong, and whether the end was as if undisturbed."""
    undisturbed = folder / "undisturbed.db"
    whole = forked(undisturbed, None)
    with open_gradebook(undisturbed) as book:
        expected = digest(book, "90")
    chance, found = random.Random(seed), []
    for number in range(times):
        file = folder / f"killed-{number}.db"
        after = chance.uniform(0, whole)
        forked(file, after)
        wrong = look(file)
        forked(file, None)
        with open_gradebook(file) as book:
            found.append({"after": after / whole, "wrong": wrong, "same": digest(book, "90") == expected})
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
