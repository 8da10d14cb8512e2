"""Who is in a course.

- ``Student``  a person, and what platforms call him or her
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Student:
    """A student.

    Parameters
    ----------
    id
        What the course calls him or her; the random cases depend on it.
    name, email
        For people to read.
    platforms
        Platform -> what it calls this student: ``{"canvas": "1234", "moodle": "567", "gradescope": "89"}``. Exports
        match by these first, then by id and email.
    """

    id: str
    name: str = ""
    email: str = ""
    platforms: Mapping[str, str] = field(default_factory=dict)
