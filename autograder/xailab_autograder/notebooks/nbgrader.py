"""nbgrader's cell metadata, version 3: what a real nbgrader installation reads.

- ``answer``    a hole that is marked by the check below it
- ``check``     a check that is worth points
- ``manual``    a text that a person marks
- ``read_only``  text and demonstrations
- ``release``   what ``generate_assignment`` adds for students: checksum, cell type, locks
- ``checksum``  nbgrader's own rule
"""

import hashlib
from typing import Any

Metadata = dict[str, Any]


def answer(grade_id: str) -> Metadata:
    """Describe a code cell that students fill."""
    return _metadata(grade_id, grade=False, solution=True, locked=False)


def check(grade_id: str, points: float) -> Metadata:
    """Describe a code cell that marks the hole above it."""
    return _metadata(grade_id, grade=True, solution=False, locked=True) | {"points": points}


def manual(grade_id: str, points: float) -> Metadata:
    """Describe a text cell that a person marks."""
    return _metadata(grade_id, grade=True, solution=True, locked=False) | {"points": points}


def read_only(grade_id: str) -> Metadata:
    """Describe a cell that students leave as it is."""
    return _metadata(grade_id, grade=False, solution=False, locked=True)


def _metadata(grade_id: str, *, grade: bool, solution: bool, locked: bool) -> Metadata:
    return {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def release(cell_type: str, source: str, metadata: Metadata) -> Metadata:
    """Return a cell's metadata as students get it: locks and checksum added.

    Parameters
    ----------
    cell_type, source
        Of the cell.
    metadata
        The cell's whole metadata, with nbgrader's part under ``nbgrader``.
    """
    graded = metadata["nbgrader"]
    sealed = graded | {"cell_type": cell_type, "checksum": checksum(cell_type, source, graded)}
    locks = {"deletable": False} | ({} if graded["solution"] else {"editable": False})
    return metadata | locks | {"nbgrader": sealed}


def checksum(cell_type: str, source: str, graded: Metadata) -> str:
    """Return the MD5 by which nbgrader sees that a cell was changed."""
    locked = not graded["solution"] and (graded["grade"] or graded["locked"])
    parts = [source, cell_type, str(graded["grade"]), str(graded["solution"]), str(locked), graded["grade_id"]]
    parts += [str(float(graded["points"]))] if graded["grade"] else []
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()
