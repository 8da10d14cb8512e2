"""Claims: nobody else gets what is claimed, what the dead have claimed is free, what is done is not given out."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.claims import Counts, beat, claim, counts, release
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.processes import here
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.gradebook.retrying import read, write
from xailab_autograder.gradebook.writing import register, write_problem, write_result

from tests.autograder.gradebook.classes import FIRST, LAB, NEWER_GRADER, hand_in, record, without_file

ROOT = Path(__file__).parents[3]
CLASS = [hand_in(f"student-{number:02d}") for number in range(6)]


@pytest.fixture
def class_of_six(book):
    register(book, LAB, [], CLASS)
    return book


def students(found):
    return [each.student for each in found]


def take(book, grader, most=99, **options):
    return students(claim(book, "90", FIRST, grader, most=most, **options))


def set_claims(book, **values):
    write(book, lambda connection: connection.execute(schema.claims.update().values(**values)))


def test_each_hand_in_is_given_out_once_in_order(class_of_six):
    assert claim(class_of_six, "90", FIRST, "one", most=2) == tuple(CLASS[:2])
    assert take(class_of_six, "two", 3) == students(CLASS[2:5])
    assert take(class_of_six, "one") == students(CLASS[5:])
    assert take(class_of_six, "one") == take(class_of_six, "two") == []


def test_none_are_given_out_when_none_are_wanted(class_of_six):
    assert take(class_of_six, "one", 0) == []


def test_what_is_done_or_cannot_be_graded_is_not_given_out(book):
    ada, bob, cyd = (hand_in(name) for name in ("ada", "bob", "cyd"))
    register(book, LAB, [], [ada, bob, cyd, without_file("dan"), hand_in("eve", problem="a bomb")])
    write_result(book, ada, record(ada), FIRST)
    write_problem(book, bob, "died", FIRST)
    assert take(book, "one") == ["cyd"]
    assert counts(book, "90", FIRST) == Counts(total=3, done=2, waiting=0, elsewhere=1)
    assert counts(book, "90", FIRST, grader="one") == Counts(total=3, done=2, waiting=1, elsewhere=0)


def test_another_fingerprint_or_another_file_is_to_be_graded(book):
    ada, bob = hand_in("ada"), hand_in("bob")
    register(book, LAB, [], [ada, bob])
    for this in (ada, bob):
        write_result(book, this, record(this), FIRST)
    assert take(book, "one") == []
    assert counts(book, "90", NEWER_GRADER).waiting == 2
    register(book, LAB, [], [hand_in("bob", 1)])
    assert take(book, "one") == ["bob"]
    release(book, "one")
    assert students(claim(book, "90", NEWER_GRADER, "one", most=9)) == ["ada", "bob"]


def test_results_of_another_fingerprint_than_the_last_claim_are_outdated(book):
    register(book, LAB, [], [hand_in("ada"), hand_in("bob")])
    write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    write_problem(book, hand_in("bob"), "died", FIRST)

    def outdated():
        return [(each.outdated, each.problem) for each in class_book(book, LAB).standings]

    assert outdated() == [(False, ""), (False, "died")]
    claim(book, "90", NEWER_GRADER, "one", most=1)
    assert outdated() == [(True, ""), (False, "")]
    claim(book, "90", FIRST, "one", most=0)
    assert outdated() == [(False, ""), (False, "died")]


def test_anew_gives_out_exactly_those_whatever_their_result(book):
    ada, bob, cyd = (hand_in(name) for name in ("ada", "bob", "cyd"))
    register(book, LAB, [], [ada, bob, cyd, without_file("dan")])
    write_result(book, ada, record(ada), FIRST)
    write_problem(book, bob, "died", FIRST)
    assert take(book, "one", anew={"ada", "bob", "dan", "nobody"}) == ["ada", "bob"]
    assert take(book, "two", anew=["ada", "cyd"]) == ["cyd"]
    assert take(book, "two", anew=()) == []


def test_what_is_released_is_given_out_again(class_of_six):
    take(class_of_six, "one", 3)
    take(class_of_six, "two", 2)
    release(class_of_six, "one")
    assert take(class_of_six, "two") == students([*CLASS[:3], CLASS[5]])


def test_what_a_dead_process_of_this_machine_claimed_is_free_at_once(class_of_six):
    take(class_of_six, "one")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    set_claims(class_of_six, pid=dead.pid)
    assert counts(class_of_six, "90", FIRST).waiting == 6
    assert take(class_of_six, "two") == students(CLASS)


def test_a_number_that_another_process_has_now_keeps_nothing(class_of_six):
    take(class_of_six, "one")
    set_claims(class_of_six, started="before")
    assert take(class_of_six, "two") == students(CLASS)


@pytest.mark.parametrize("host", [None, "elsewhere"])
@pytest.mark.parametrize(("ago", "free"), [(0, False), (80, False), (100, True), (-80, False), (-5000, True)])
def test_a_living_grader_keeps_its_claims_while_it_gives_signs_of_life(class_of_six, host, ago, free):
    take(class_of_six, "one")
    # Negative: the clock was set back.
    set_claims(class_of_six, host=host or here().host, seen=schema.claims.c.seen - ago)
    assert take(class_of_six, "near") == (students(CLASS) if free else [])


def test_a_beat_is_a_sign_of_life_of_one_grader(class_of_six):
    take(class_of_six, "one", 3)
    take(class_of_six, "two")
    set_claims(class_of_six, host="elsewhere", seen=0.0)
    beat(class_of_six, "two")
    assert take(class_of_six, "near") == students(CLASS[:3])


def test_claims_say_whose_they_are(class_of_six):
    take(class_of_six, "one", 1)
    (row,) = read(class_of_six, lambda connection: list(connection.execute(select(schema.claims))))
    assert (row.grader, row.host, row.pid, row.started) == ("one", here().host, os.getpid(), here().started)


GRADERS = """
import json, os, sys
from tests.autograder.gradebook.classes import FIRST, record
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.claims import claim
from xailab_autograder.gradebook.writing import write_result
for name in ("one", "two", "three", "four"):  # forked: one import for all
    if os.fork() == 0:
        mine = []
        with open_gradebook(sys.argv[1]) as book:
            while found := claim(book, "90", FIRST, name, most=2):
                mine += [each.student for each in found]
                for each in found:
                    write_result(book, each, record(each), FIRST)
        os.write(1, (json.dumps(mine) + "\\n").encode())
        os._exit(0)
sys.exit(any(os.wait()[1] for _ in range(4)))
"""


def test_four_graders_at_once_grade_each_hand_in_exactly_once(filled_address):
    class_of_fifty = [hand_in(f"student-{number:02d}") for number in range(50)]
    with open_gradebook(filled_address) as book:
        register(book, LAB, [], class_of_fifty)
        graders = [sys.executable, "-c", GRADERS, filled_address]
        done = subprocess.run(graders, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        shares = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(shares) == 4
        assert Counter(student for share in shares for student in share) == Counter(students(class_of_fifty))
        assert counts(book, "90", FIRST) == Counts(50, 50, 0, 0)
        assert [each.record for each in class_book(book, LAB).standings] == [record(each) for each in class_of_fifty]
