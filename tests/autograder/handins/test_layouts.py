"""What platforms give out is read from a folder and from an archive: whose it is, when it came."""

from datetime import UTC, datetime

import pytest
from xailab_autograder.course.roster import Roster
from xailab_autograder.course.students import Student
from xailab_autograder.handins.layouts.plain_yaml import parse as parse_yaml
from xailab_autograder.handins.layouts.times import parse as parse_time

from xailab.errors import XailabError

GRADESCOPE = """\
submission_11:
  :submitters:
  - :name: "O'Hara, Ada"
    :sid: '0012'
    :email: ada@uni.edu
  :created_at: 2026-11-19 21:30:00.123456000 Z
  :score: 1.0
  :results: {tests: [{name: a, score: 1}]}
submission_12:
  :submitters:
  - :name: Bob
    :sid: 0013
    :email: bob@uni.edu
  - :name: 🦊 عمر
    :sid:
    :email: omar@uni.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: &1 2026-11-20 08:00:00.000000000 Z
    zone: &2 !ruby/object:ActiveSupport::TimeZone
      name: America/Los_Angeles
    time: *1
  :history:
  - :created_at: 2026-11-18 21:30:00 Z
submission_13:
  :submitters:
  - :name: Cy
    :sid: '0014'
"""


def test_gradescope_groups_get_one_hand_in_each_with_the_platforms_time(download, by_student, notebook):
    path = download(
        {
            "submission_metadata.yml": GRADESCOPE.encode(),
            "submission_11/work/lab.ipynb": notebook(mark="ada"),
            "submission_12/lab.ipynb": notebook(mark="bob"),
        }
    )
    found = by_student(path)
    assert set(found) == {"0012", "0013", "omar@uni.edu", "0014"}
    assert found["0012"].submitted == datetime(2026, 11, 19, 21, 30, 0, 123456, UTC)
    assert found["0012"].origin == "submission_11/work/lab.ipynb"
    assert found["0013"].submitted == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert found["0013"].sha256 == found["omar@uni.edu"].sha256 != found["0012"].sha256
    assert found["0013"].notes == ("handed in together with 🦊 عمر",)
    assert found["0014"].problem == "nothing that could be graded: no file was handed in"


def test_gradescope_is_found_inside_the_folder_that_its_archive_holds(download, collected, notebook):
    files = {
        "assignment_7_export/submission_metadata.yml": GRADESCOPE.encode(),
        "assignment_7_export/submission_11/lab.ipynb": notebook(),
        "assignment_7_export/submission_99/lab.ipynb": notebook(),
    }
    found = collected(download(files))
    assert found.layout == "Gradescope"
    names = {student.id: (student.name, student.email) for student in found.students}
    assert names["0012"] == ("O'Hara, Ada", "ada@uni.edu")
    assert any("'submission_99' is not listed" in note for note in found.notes)
    assert "submission_99" in names


def test_a_metadata_file_in_a_students_folder_decides_nothing(download, collected, notebook):
    files = {"ada/submission_metadata.yml": GRADESCOPE.encode(), "ada/lab.ipynb": notebook(), "bob.py": b"x = 1"}
    found = collected(download(files))
    assert found.layout == "plain"
    assert [hand_in.student for hand_in in found.hand_ins] == ["ada", "bob"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("[1, 2", "no YAML, line"), ("just a text", "expected one entry"), ("[" * 100 + "]" * 100, "nested more than")],
)
def test_metadata_that_cannot_be_read_is_an_error_for_all(download, collected, notebook, text, says):
    path = download({"submission_metadata.yml": text.encode(), "submission_1/lab.ipynb": notebook()})
    with pytest.raises(XailabError, match=f"submission_metadata.yml: {says}"):
        collected(path)


def test_yaml_makes_texts_only_and_aliases_do_not_grow():
    bomb = "a: &a [x, x]\n" + "\n".join(f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    tree = parse_yaml(bomb)
    assert tree["i"][0] is tree["i"][1]
    assert parse_yaml("a: 0012\nb: !!python/object/apply:os.system [ls]\nc: yes") == {
        "a": "0012",
        "b": ["ls"],
        "c": "yes",
    }
    assert parse_yaml("x: &x\n  k: 1\ny:\n  <<: *x") == {"x": {"k": "1"}, "y": {"<<": {"k": "1"}}}
    assert parse_yaml("") == ""
    assert parse_yaml("? [a, b]\n: 1") == {"?": "1"}


def test_canvas_files_are_sorted_by_user_and_the_last_attempt_counts(download, collected, notebook):
    files = {
        "doejane_1234_777_lab.ipynb": notebook(mark="first"),
        "doejane_1234_801_lab-2.ipynb": notebook(2, mark="third"),
        "doejane_1234_790_lab-1.ipynb": notebook(mark="second"),
        "leeömer_LATE_99_778_my_12_13_work.ipynb": notebook(mark="omer"),
        "royann_5_779_report.pdf": b"%PDF",
        "royann_5_text.html": b"<p>see file</p>",
        "typist_LATE_6_text.html": b"<p>my answer</p>",
        "anon_Ab12c_780_lab.py": b"def mean_square(x): return 1",
    }
    found = collected(download(files))
    assert found.layout == "Canvas"
    hand_ins = {hand_in.student: hand_in for hand_in in found.hand_ins}
    assert set(hand_ins) == {"1234", "99", "5", "6", "Ab12c"}
    assert hand_ins["1234"].source == "lab-2.ipynb"
    assert hand_ins["1234"].origin == "doejane_1234_801_lab-2.ipynb"
    assert hand_ins["1234"].notes == ("an earlier attempt does not count: lab.ipynb, lab-1.ipynb",)
    assert hand_ins["99"].source == "my_12_13_work.ipynb"
    assert hand_ins["99"].submitted is None
    assert any("marks it as late" in note for note in hand_ins["99"].notes)
    assert hand_ins["5"].problem == "no notebook (.ipynb) was handed in, but: report.pdf"
    assert hand_ins["Ab12c"].submission.name == "lab.py"
    students = {student.id: student for student in found.students}
    assert students["99"].name == "leeömer"
    assert students["99"].platforms == {"canvas": "99"}
    assert hand_ins["5"].notes == ("a text typed into Canvas was not looked at",)
    assert hand_ins["6"].problem == "nothing that could be graded: no file was handed in"
    assert found.notes == ()


def test_canvas_users_are_matched_with_the_roster_by_number_then_by_the_squeezed_name(download, collected, notebook):
    roster = Roster(
        (
            Student("s1", "Doe, Jane", platforms={"canvas": "1234"}),
            Student("s2", "Ömer Lee"),
            Student("77", "Nobody"),
            Student("s4", "Never There"),
        )
    )
    files = {
        "other_1234_1_lab.ipynb": notebook(),
        "leeömer_99_2_lab.ipynb": notebook(),
        "new_77_3_lab.ipynb": notebook(),
    }
    found = collected(download(files), roster=roster)
    assert [hand_in.student for hand_in in found.hand_ins] == ["canvas:77", "s1", "s2"]
    assert [student.id for student in found.students] == ["77", "canvas:77", "s1", "s2", "s4"]
    assert any("by the name alone: leeömer_99 -> s2" in note for note in found.notes)
    assert any("1 not on the roster, kept as they are: canvas:77" in note for note in found.notes)


@pytest.mark.parametrize("slash", ["_/", "/", "/deep/", "_"])
def test_moodle_folders_and_flat_names_are_read(download, collected, notebook, slash):
    files = {
        f"Ada O'Hara, M.Sc. =1+1_123_assignsubmission_file{slash}lab.ipynb": notebook(mark="a"),
        f"عمر 🦊_124_assignsubmission_file{slash}lab_9_assignsubmission_file_x.ipynb": notebook(mark="b"),
        f"Cy_125_assignsubmission_onlinetext{slash}onlinetext.html": b"<p>hi</p>",
        f"Default group_assignsubmission_file{slash}lab.ipynb": notebook(mark="c"),
    }
    found = collected(download(files))
    assert found.layout == "Moodle"
    hand_ins = {hand_in.student: hand_in for hand_in in found.hand_ins}
    assert set(hand_ins) == {"123", "124", "125", "Default group"}
    assert hand_ins["124"].source == "lab_9_assignsubmission_file_x.ipynb"
    assert hand_ins["123"].source == "lab.ipynb"
    assert hand_ins["125"].problem
    assert hand_ins["125"].notes == ("a text typed into Moodle was not looked at",)
    students = {student.id: student for student in found.students}
    assert students["123"].name == "Ada O'Hara, M.Sc. =1+1"
    assert students["124"].name == "عمر 🦊"
    assert students["124"].platforms == {"moodle": "124"}


@pytest.mark.parametrize("around", ["course/submitted/", "submitted/", ""])
def test_nbgrader_folders_give_students_and_times(download, collected, notebook, around):
    files = {
        f"{around}ada/90-toy/toy.ipynb": notebook(mark="ada"),
        f"{around}ada/90-toy/timestamp.txt": b"2026-11-19 23:30:00.500000 Europe/Berlin",
        f"{around}ada/91-other/toy.ipynb": notebook(mark="other"),
        f"{around}bob/90-toy/toy.ipynb": notebook(mark="bob"),
        f"{around}bob/90-toy/timestamp.txt": b"2026-11-19 23:30:00 XYZ",
        f"{around}cy/90-toy/toy.ipynb": notebook(mark="cy"),
    }
    if around.startswith("course"):
        files["course/source/90-toy/toy.ipynb"] = notebook(mark="instructor")
    found = collected(download(files))
    assert found.layout == "nbgrader"
    hand_ins = {hand_in.student: hand_in for hand_in in found.hand_ins}
    assert set(hand_ins) == {"ada", "bob", "cy"}
    assert hand_ins["ada"].submitted == datetime(2026, 11, 19, 22, 30, 0, 500000, UTC)
    assert hand_ins["bob"].submitted is None
    assert "no time with a known zone" in hand_ins["bob"].notes[0]
    assert hand_ins["cy"].notes == ()


def test_a_time_stamp_that_cannot_be_read_is_one_students_matter(tmp_path, collected, notebook):
    for name, stamp in (("ada", "x" * 5000), ("bob", ""), ("cy", "2026-11-19 10:00:00 UTC")):
        folder = tmp_path / "submitted" / name / "90-toy"
        folder.mkdir(parents=True)
        (folder / "toy.ipynb").write_bytes(notebook(mark=name))
        (folder / "timestamp.txt").write_text(stamp)
    (tmp_path / "submitted" / "bob" / "90-toy" / "timestamp.txt").unlink()
    (tmp_path / "submitted" / "bob" / "90-toy" / "timestamp.txt").symlink_to("/etc/hostname")
    ada, bob, cy = collected(tmp_path / "submitted").hand_ins
    assert (ada.submitted, bob.submitted, cy.submitted) == (None, None, datetime(2026, 11, 19, 10, tzinfo=UTC))
    assert "5 KiB; at most 4 KiB are read" in ada.notes[0]
    assert "this is a link" in bob.notes[0]
    assert not ada.problem
    assert not bob.problem


def test_nbgrader_assignments_none_of_which_is_the_lab_are_listed(download, collected, notebook):
    files = {f"submitted/ada/{name}/x.ipynb": notebook() for name in ("ps1", "ps2")}
    with pytest.raises(XailabError, match="hold 2 assignments, none of them called 90-toy: ps1, ps2"):
        collected(download(files))


def test_plain_files_folders_and_archives_are_students(download, by_student, notebook, zipped):
    files = {
        "ada.ipynb": notebook(mark="ada"),
        "bob/work/lab.ipynb": notebook(mark="bob"),
        "cy.zip": zipped({"lab/x.ipynb": notebook(mark="cy"), "__MACOSX/lab/._x.ipynb": b"junk"}),
        "dan.py": b"def mean_square(x): return 1",
        "roster.csv": b"id\nada",
        "eve/report.docx": b"words",
    }
    found = by_student(download(files))
    assert set(found) == {"ada", "bob", "cy", "dan", "eve"}
    assert found["cy"].origin == "cy.zip: lab/x.ipynb"
    assert found["eve"].problem == "no notebook (.ipynb) was handed in, but: report.docx"
    assert all(found[name].submitted is None for name in found)


@pytest.mark.parametrize("around", ["submissions", "lab3 final"])
def test_a_folder_around_everything_is_looked_through(download, collected, notebook, around):
    found = collected(download({f"{around}/ada.ipynb": notebook(), f"{around}/bob.ipynb": notebook()}))
    assert [hand_in.student for hand_in in found.hand_ins] == ["ada", "bob"]


def test_the_only_folder_with_one_notebook_in_it_is_a_students(download, collected, notebook):
    found = collected(download({"ada/lab.ipynb": notebook(), "ada/notes.txt": b""}))
    assert [hand_in.student for hand_in in found.hand_ins] == ["ada"]


def test_a_single_notebook_is_a_class_of_one(tmp_path, collected, notebook):
    path = tmp_path / "Ada Lovelace.ipynb"
    path.write_bytes(notebook())
    found = collected(path, roster=Roster((Student("s1", "Lovelace, Ada"),)))
    assert [hand_in.student for hand_in in found.hand_ins] == ["s1"]
    assert found.layout == "a single file"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2017-06-01T14:22:32.365935-07:00", datetime(2017, 6, 1, 21, 22, 32, 365935, UTC)),
        ("2015-02-02 14:58:23.948203 America/Los_Angeles", datetime(2015, 2, 2, 22, 58, 23, 948203, UTC)),
        ("2015-02-02 14:58", datetime(2015, 2, 2, 14, 58, tzinfo=UTC)),
        ("2015-02-02 14:58:00 UTC\n", datetime(2015, 2, 2, 14, 58, tzinfo=UTC)),
        ("2015-02-02 14:58:00 +0530", datetime(2015, 2, 2, 9, 28, tzinfo=UTC)),
        ("2015-02-30 14:58:00 UTC", None),
        ("0001-01-01 00:00:00 +2300", None),
        ("2015-02-02 14:58:00 +9900", None),
        ("2015-02-02 14:58:00 ../../etc/passwd", None),
        ("2015-02-02 14:58:00 /etc/passwd", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_as_platforms_write_them(text, time):
    assert parse_time(text) == time
