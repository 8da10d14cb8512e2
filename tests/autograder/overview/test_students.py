"""Everybody has a page, it says what is the case, and it is written only when it changes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from xailab_autograder.course.policy import Lateness
from xailab_autograder.gradebook.contents import HandedIn, HandMark
from xailab_autograder.labs import load
from xailab_autograder.overview.students import student_page, write_pages

from tests.autograder.feedback.parsing import Parsed
from tests.autograder.overview.classes import NOW, book, exercise_record, large, standing_of
from xailab.errors import XailabError

LAB = load("03")
RECORDS = [exercise_record(task, "passed") for task in LAB.tasks[:-1]]
RECORDS.append(exercise_record(LAB.tasks[-1], "manual", text="Boats."))


def test_everybody_has_a_page_of_his_or_her_own(tmp_path: Path) -> None:
    made, seen = large(LAB, 80), []
    names = write_pages(made, tmp_path / "pages", progress=lambda done, of: seen.append((done, of)))
    assert list(names) == [standing.student.id for standing in made.standings]
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == sorted(names.values())
    assert seen[-1] == (80, 80)
    for standing in made.standings:
        assert (tmp_path / "pages" / names[standing.student.id]).read_text("utf-8") == student_page(LAB, standing)


def test_only_what_changed_is_written_again(tmp_path: Path) -> None:
    first, second = standing_of(LAB, "a", RECORDS), standing_of(LAB, "b", RECORDS)
    names = write_pages(book(LAB, first, second), tmp_path)
    before = {name: (tmp_path / name).stat().st_ino for name in names.values()}
    mark = HandMark("reflect", 2, "Well argued.", "M. Curie", NOW)
    marked = standing_of(LAB, "b", RECORDS, by_hand={"reflect": mark})
    (tmp_path / "kept.txt").write_text("somebody's")
    assert write_pages(book(LAB, first, marked), tmp_path) == names
    assert (tmp_path / names["a"]).stat().st_ino == before[names["a"]]
    assert "Well argued." in (tmp_path / names["b"]).read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html", "kept.txt"]


def test_a_page_is_never_written_through_a_link(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside.html", tmp_path / "pages"
    folder.mkdir()
    outside.write_text("mine")
    (folder / "a.html").symlink_to(outside)
    write_pages(book(LAB, standing_of(LAB, "a", RECORDS)), folder)
    assert outside.read_text() == "mine"
    assert not (folder / "a.html").is_symlink()


def test_a_folder_in_the_place_of_a_page_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.html").mkdir()
    with pytest.raises(XailabError, match=r"a\.html: a folder has this name"):
        write_pages(book(LAB, standing_of(LAB, "a", RECORDS)), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(XailabError, match="cannot write to the folder"):
        write_pages(book(LAB), tmp_path / "file")


def test_a_result_comes_with_marks_comments_and_what_lateness_costs() -> None:
    mark = HandMark("reflect", 1.5, "What of <b>moons</b>?", "M. Curie", NOW)
    late = Lateness(timedelta(hours=26), 0.2, "handed in 1 d 2 h after the deadline (2 started days): 20% off")
    text = Parsed(student_page(LAB, standing_of(LAB, "a", RECORDS, by_hand={"reflect": mark}, lateness=late))).text
    assert "15.6 of 20 points (19.5 earned, 3.9 off)" in text
    assert "Handed in 1 d 2 h after the deadline (2 started days): 20% off." in text
    assert "Comment by M. Curie" in text
    assert "What of <b>moons</b>?" in text


def test_a_mark_of_another_text_and_an_old_result_are_said() -> None:
    mark = HandMark("reflect", 2, "", "M. Curie", NOW)
    standing = standing_of(LAB, "a", RECORDS, by_hand={"reflect": mark}, remarked=["reflect"])
    assert "A person marked an earlier text of yours" in Parsed(student_page(LAB, standing)).text
    assert "it will be graded again" in Parsed(student_page(LAB, replace(standing, outdated=True))).text


def test_a_later_file_that_cannot_be_graded_is_said_beside_the_earlier_result() -> None:
    standing = replace(standing_of(LAB, "a", RECORDS), problem="the notebook is cut off", outdated=True)
    text = Parsed(student_page(LAB, standing)).text
    assert "What you handed in last could not be graded: the notebook is cut off" in text
    assert "This result is of what you handed in before." in text
    assert "18 of 20 points so far" in text


def test_without_a_result_the_page_says_why() -> None:
    file = HandedIn("03", "a", "", "lab.ipynb", problem="this is a <zip>, hand in the notebook")
    pages = {
        "Nothing was handed in.": standing_of(LAB, "a", None),
        "You need not hand in this lab.": standing_of(LAB, "a", None, lateness=Lateness(excused=True)),
        "this is a <zip>, hand in the notebook": standing_of(LAB, "a", None, handed_in=file, problem=file.problem),
        "Your instructor sees this too. the process died": standing_of(
            LAB, "a", None, handed_in=replace(file, problem=""), problem="the process died"
        ),
        "it has not been graded yet": standing_of(LAB, "a", None, handed_in=replace(file, problem="")),
    }
    for words, standing in pages.items():
        assert words in Parsed(student_page(LAB, standing)).text
