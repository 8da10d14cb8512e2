"""The tables of a gradebook, as they are in its newest version.

- ``VERSION``  the newest revision of ``migrations/``; a test holds the two together
- ``about``    what the database is: course, key
- ``labs``     terms, and what the lab was last graded with
- ``students``, ``enrolled``  who there is, and in which lab
- ``hand_ins``    what was handed in; never removed, one counts
- ``results``, ``task_marks``, ``failures``  what the judge said of whom, or that it could not
- ``claims``      who is grading what
- ``hand_marks``  marks by people
- ``changes``     marks that became others

A change here needs a new revision: never edit an old one.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from xailab_autograder.gradebook.columns import Moment, Packed, Words

VERSION = "0002"
KIND = "xailab gradebook"

metadata = MetaData()

about = Table("about", metadata, Column("name", Text, primary_key=True), Column("value", Words, nullable=False))

labs = Table(
    "labs",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("lab_sha256", Text),  # what claimed last, and so what a result must have been made with to be up to date
    Column("grader_sha256", Text),
    Column("key_sha256", Text),
    Column("terms", Text),
)

students = Table(
    "students",
    metadata,
    Column("student", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("email", Words, nullable=False),
    Column("platforms", Text, nullable=False),
)

enrolled = Table(
    "enrolled",
    metadata,
    Column("lab", Text, ForeignKey("labs.lab"), primary_key=True),
    Column("student", Words, ForeignKey("students.student"), primary_key=True),
    Column("known", Boolean),  # on the roster; NULL: no roster was given yet
)

hand_ins = Table(
    "hand_ins",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("student", Words, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("counts", Boolean, nullable=False),
    Column("source", Words, nullable=False),
    Column("origin", Words, nullable=False),
    Column("submitted", Moment),
    Column("submission", Packed),
    Column("problem", Words, nullable=False),
    Column("notes", Text, nullable=False),
    Column("registered", Moment, nullable=False),
    ForeignKeyConstraint(["lab", "student"], ["enrolled.lab", "enrolled.student"]),
    Index("one_counts", "lab", "student", unique=True, sqlite_where=text("counts"), postgresql_where=text("counts")),
)

results = Table(
    "results",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("student", Words, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("lab_sha256", Text, nullable=False),
    Column("grader_sha256", Text, nullable=False),
    Column("key_sha256", Text, nullable=False),
    Column("score", Double, nullable=False),
    Column("points", Double, nullable=False),
    Column("record", Text, nullable=False),  # ASCII; see SubmissionRecord.to_json
    Column("written", Moment, nullable=False),
    ForeignKeyConstraint(["lab", "student", "sha256"], ["hand_ins.lab", "hand_ins.student", "hand_ins.sha256"]),
)

task_marks = Table(
    "task_marks",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("student", Words, primary_key=True),
    Column("task", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("score", Double, nullable=False),
    Column("points", Double, nullable=False),
    Column("mistake", Words),
    ForeignKeyConstraint(["lab", "student"], ["results.lab", "results.student"]),
)

failures = Table(
    "failures",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("student", Words, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("lab_sha256", Text, nullable=False),
    Column("grader_sha256", Text, nullable=False),
    Column("key_sha256", Text, nullable=False),
    Column("problem", Words, nullable=False),
    Column("written", Moment, nullable=False),
    ForeignKeyConstraint(["lab", "student", "sha256"], ["hand_ins.lab", "hand_ins.student", "hand_ins.sha256"]),
)

claims = Table(
    "claims",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("student", Words, primary_key=True),
    Column("grader", Words, nullable=False),
    Column("ticket", Text, nullable=False),  # of one call, so that a call that is tried again finds what it has
    Column("host", Words, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started", Text, nullable=False),
    Column("seen", Double, nullable=False),  # seconds of the database's clock
    ForeignKeyConstraint(["lab", "student"], ["enrolled.lab", "enrolled.student"]),
)

hand_marks = Table(
    "hand_marks",
    metadata,
    Column("lab", Text, primary_key=True),
    Column("student", Words, primary_key=True),
    Column("task", Text, primary_key=True),
    Column("score", Double, nullable=False),
    Column("comment", Words, nullable=False),
    Column("marker", Words, nullable=False),
    Column("marked", Moment, nullable=False),
    Column("text_sha256", Text, nullable=False),
    ForeignKeyConstraint(["lab", "student"], ["enrolled.lab", "enrolled.student"]),
)

changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("lab", Text, nullable=False, index=True),
    Column("student", Words, nullable=False),
    Column("task", Text, nullable=False),
    Column("before", Double),
    Column("after", Double),
    Column("why", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("made", Moment, nullable=False),
)
