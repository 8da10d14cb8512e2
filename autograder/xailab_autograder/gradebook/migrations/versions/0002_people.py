"""Marks by people, what became of marks, the terms of a lab, the roster."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two tables and two columns; what is there stays."""
    op.add_column("labs", sa.Column("terms", sa.Text()))
    op.add_column("enrolled", sa.Column("known", sa.Boolean()))
    op.create_table(
        "hand_marks",
        sa.Column("lab", sa.Text(), primary_key=True),
        sa.Column("student", sa.Text(), primary_key=True),
        sa.Column("task", sa.Text(), primary_key=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("marked", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lab", "student"], ["enrolled.lab", "enrolled.student"]),
    )
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("lab", sa.Text(), nullable=False),
        sa.Column("student", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("before", sa.Double()),
        sa.Column("after", sa.Double()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made", sa.Text(), nullable=False),
    )
    op.create_index("ix_changes_lab", "changes", ["lab"])
