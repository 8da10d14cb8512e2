"""Tables of students are understood as they are given out, and nobody is mistaken for somebody else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_autograder.course.roster import MOST_BYTES, Roster, read
from xailab_autograder.course.students import Student

from xailab.errors import XailabError

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (991),"Total; (read only)"
    Points Possible,,,,,10,(read only)
,,,,,Manual Posting,
"Doe, Jane",1234,A-1,jane@uni.edu,"S1, S2",,
"=Lee, Ömer",99,A-2,omer,S1,3,
"Student, Test",5,,,S1,,
"""
MOODLE = """\
\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade"
"Participant 123","Jane Doe",jane@uni.edu,Submitted,,10
"Participant 124","عمر 🦊",omar@uni.edu,Submitted,,10
"""
GRADESCOPE = (
    "First Name,Last Name,SID,Email,Role\nJane,Doe,0012,jane@uni.edu,Student\nIda,Boss,7,ida@uni.edu,Instructor\n"
)


@pytest.fixture
def roster(tmp_path):
    """Return a function that writes a table and reads it."""

    def made(text: str | bytes) -> Roster:
        path = tmp_path / "students.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)

    return made


def test_our_own_table_gives_ids_names_addresses_and_platforms(roster):
    found = roster('id,name,group,canvas,email\n ada ,"Lovelace, ""Ada""",G1,12,ada@uni.edu\n\n=1+1,🦊,,,\n')
    assert found.students == (
        Student("ada", 'Lovelace, "Ada"', "ada@uni.edu", {"canvas": "12"}),
        Student("=1+1", "🦊"),
    )
    assert found.ids == {"ada", "=1+1"}


def test_a_canvas_gradebook_is_a_roster(roster):
    assert roster(CANVAS).students == (
        Student("A-1", "Doe, Jane", "jane@uni.edu", {"canvas": "1234"}),
        Student("A-2", "=Lee, Ömer", "", {"canvas": "99"}),
    )


def test_an_id_column_with_gaps_is_passed_over(roster):
    assert [student.id for student in roster(CANVAS.replace("A-2", "")).students] == ["jane@uni.edu", "omer"]


def test_a_moodle_worksheet_is_a_roster(roster):
    assert roster(MOODLE).students == (
        Student("jane@uni.edu", "Jane Doe", "jane@uni.edu", {"moodle": "123"}),
        Student("omar@uni.edu", "عمر 🦊", "omar@uni.edu", {"moodle": "124"}),
    )
    anonymous = 'Identifier,"Full name",Status\n"Participant 7",Participant,x\n'
    assert roster(anonymous).students == (Student("7", "Participant", "", {"moodle": "7"}),)


def test_moodles_participants_are_a_roster(roster):
    text = "First name;Last name;Email address;ID number\nJane;Doe;jane@uni.edu;77\n"
    assert roster(text).students == (Student("77", "Jane Doe", "jane@uni.edu"),)


def test_a_gradescope_roster_lists_the_students_not_the_staff(roster):
    assert roster(GRADESCOPE).students == (Student("0012", "Jane Doe", "jane@uni.edu"),)


@pytest.mark.parametrize(
    "raw",
    [
        "id;name\n1;Ömer\n".encode("cp1252"),
        "id\tname\n1\tÖmer\n".encode("utf-16"),
        "\ufeffid,name\r\n1,Ömer\r\n".encode(),
        "ID , Name\n1,Ömer".encode(),
    ],
)
def test_tables_are_read_however_spreadsheets_write_them(roster, raw):
    assert roster(raw).students == (Student("1", "Ömer"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected a table of students.*got an empty file"),
        ("who,what\n1,2\n", "got 'who', 'what'"),
        ("id,name\n", "this roster lists no students"),
        ("id,name\nada,A\n\nada,B\n", "lines 2 and 4: both have the id 'ada'"),
        ("id,canvas\na,1\nb,1\n", "lines 2 and 3: both have the canvas '1'"),
        ("id,name\n1,Doe, Jane\n", "line 2: 3 cells under 2 headings"),
        ("id,name\n,Jane\n", "line 2: the column 'id' is empty"),
        ('id,name\n1,"Jane\n2,Bob\n', "line 2: .*is a quote not closed"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(roster, text, says):
    with pytest.raises(XailabError, match=rf"students\.csv: .*{says}"):
        roster(text)


def test_a_file_that_is_missing_or_too_large_is_an_error(tmp_path):
    with pytest.raises(XailabError, match="cannot read the roster"):
        read(tmp_path / "nothing.csv")
    with (tmp_path / "large.csv").open("wb") as sparse:
        sparse.truncate(MOST_BYTES + 1)
    with pytest.raises(XailabError, match="got more than 16 MiB"):
        read(tmp_path / "large.csv")


@settings(max_examples=100)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=60).map(lambda text: f"id,name\n{text}".encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_a_roster_or_one_error(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(raw)
    try:
        found = read(path)
    except XailabError as error:
        message = str(error)
    else:
        message = f"{path}: {found.students[0].id}"
    assert message.startswith(f"{path}: ")


def test_a_platforms_number_goes_before_the_id_the_id_before_the_address_and_the_name():
    roster = Roster(
        (
            Student("1", "Jane Doe", "jane@uni.edu", {"canvas": "2"}),
            Student("2", "Bob Ray", "bob@uni.edu", {"canvas": "1"}),
        )
    )
    assert roster.match(platform="canvas", key="2", id="2", email="bob@uni.edu").student.id == "1"
    assert roster.match(platform="canvas", key="9", id="2", email="jane@uni.edu").by == "id"
    assert roster.find(id="9", email=" JANE@uni.edu ", name="Bob Ray").id == "1"
    assert roster.match(name="ray, bob").by == "name"
    assert roster.find(name="Bob") is None
    assert roster.find() is None


def test_what_could_be_two_students_is_nobody():
    roster = Roster((Student("1", "Jane Doe", "j@uni.edu"), Student("2", "Doe, Jane", "j@uni.edu"), Student("x")))
    assert roster.find(name="Jane Doe") is None
    assert roster.find(email="j@uni.edu") is None
    both = Roster((Student("ada"), Student("ADA")))
    assert both.find(id="ADA").id == "ADA"
    assert both.find(id="Ada") is None
    assert roster.find(id="X").id == "x"
