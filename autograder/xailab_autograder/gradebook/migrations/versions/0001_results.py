"""Who handed in what, and what the judge said."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "about", sa.Column("name", sa.Text(), primary_key=True), sa.Column("value", sa.Text(), nullable=False)
    )
    op.create_table(
        "labs",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("lab_sha256", sa.Text()),
        sa.Column("grader_sha256", sa.Text()),
        sa.Column("key_sha256", sa.Text()),
    )
    _people()
    _judged()
    _claimed()


def _people() -> None:
    """Make the tables of students and of what they handed in."""
    op.create_table(
        "students",
        sa.Column("student", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("platforms", sa.Text(), nullable=False),
    )
    op.create_table(
        "enrolled",
        sa.Column("lab", sa.Text(), sa.ForeignKey("labs.lab"), primary_key=True),
        sa.Column("student", sa.Text(), sa.ForeignKey("students.student"), primary_key=True),
    )
    op.create_table(
        "hand_ins",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("student", sa.Text(), primary_key=True),
        sa.Column("sha256", sa.Text(), primary_key=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("submitted", sa.Text()),
        sa.Column("submission", sa.LargeBinary()),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("registered", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lab", "student"], ["enrolled.lab", "enrolled.student"]),
    )
    op.create_index(
        "one_counts",
        "hand_ins",
        ["lab", "student"],
        unique=True,
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )


def _judged() -> None:
    """Make the tables of what the judge said."""
    fingerprint = ("sha256", "lab_sha256", "grader_sha256", "key_sha256")
    handed_in = (["lab", "student", "sha256"], ["hand_ins.lab", "hand_ins.student", "hand_ins.sha256"])
    op.create_table(
        "results",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("student", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in fingerprint),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(*handed_in),
    )
    op.create_table(
        "task_marks",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("student", sa.Text(), primary_key=True),
        sa.Column("task", sa.Text(), primary_key=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("mistake", sa.Text()),
        sa.ForeignKeyConstraint(["lab", "student"], ["results.lab", "results.student"]),
    )
    op.create_table(
        "failures",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("student", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in fingerprint),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(*handed_in),
    )


def _claimed() -> None:
    """Make the table of who is judging."""
    op.create_table(
        "claims",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("student", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("grader", "ticket", "host")),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.Text(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["lab", "student"], ["enrolled.lab", "enrolled.student"]),
    )
