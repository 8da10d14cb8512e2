"""What is written in a platform's layout is collected again: everybody, with times where the platform tells them."""

import csv
from datetime import datetime

import pytest
from xailab_autograder.course import config, roster
from xailab_autograder.handins.collect import collect
from xailab_autograder.rehearsal.layouts.canvas import CANVAS
from xailab_autograder.rehearsal.layouts.gradescope import GRADESCOPE
from xailab_autograder.rehearsal.layouts.moodle import MOODLE
from xailab_autograder.rehearsal.layouts.nbgrader import NBGRADER
from xailab_autograder.rehearsal.layouts.plain import PLAIN
from xailab_autograder.rehearsal.making import rehearse


@pytest.mark.parametrize("layout", [PLAIN, NBGRADER, CANVAS, MOODLE, GRADESCOPE], ids=lambda layout: layout.name)
def test_everybody_is_collected_again(layout, toy, tmp_path):
    made = rehearse(toy, students=60, seed=3, out=tmp_path / "class", layout=layout)
    (tmp_path / "scratch").mkdir()
    known = roster.read(config.read(tmp_path / "class" / "course.toml").roster)
    collected = collect(made.submissions, toy, tmp_path / "scratch", roster=known)
    assert collected.layout.lower() == layout.name
    came = {hand_in.student: hand_in for hand_in in collected.hand_ins}
    assert set(came) == {told.student for told in made.truth if told.status != "absent"}
    for told in made.truth:
        hand_in = came.get(told.student)
        if hand_in is not None:
            assert bool(hand_in.problem) is (told.status == "problem"), (told, hand_in.problem)
            expected = datetime.fromisoformat(told.submitted) if told.submitted else None
            assert (hand_in.submitted is None) is (expected is None)
            if hand_in.submitted is not None and expected is not None:
                assert abs((hand_in.submitted - expected).total_seconds()) < 0.001
    assert any(told.share for told in made.truth) is layout.tells_times


@pytest.mark.parametrize(("layout", "name", "column"), [
    (CANVAS, "canvas-gradebook.csv", "SIS User ID"), (MOODLE, "moodle-worksheet.csv", "ID number")
])  # fmt: skip
def test_the_platform_s_sheet_names_everybody(layout, name, column, toy, tmp_path):
    made = rehearse(toy, students=40, seed=3, out=tmp_path / "class", layout=layout)
    assert tmp_path / "class" / name in made.files
    with (tmp_path / "class" / name).open(newline="", encoding="utf-8") as file:
        found = [row[column] for row in csv.DictReader(file) if row[column]]
    assert found == [told.student for told in made.truth]
