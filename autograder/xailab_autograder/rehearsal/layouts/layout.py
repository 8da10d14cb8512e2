"""What a layout is.

- ``Layout``    a name, whether it tells times, and how a delivery is written
- ``Delivery``  what is to be written
- ``Parcel``    one student's file
- ``zipped``    files as an archive, the same bytes every time
"""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab
from xailab_autograder.rehearsal.filling import File


@dataclass(frozen=True)
class Parcel:
    """One student's file, and when it was handed in (with a zone)."""

    student: Student
    file: File
    submitted: datetime
    late: bool = False


@dataclass(frozen=True)
class Delivery:
    """What is to be written.

    Parameters
    ----------
    folder
        Where to.
    lab
        Which.
    expected
        The file name of the notebook as it was given out.
    students
        Everybody, also who handed in nothing.
    parcels
        What was handed in, in the students' order.
    """

    folder: Path
    lab: Lab
    expected: str
    students: tuple[Student, ...]
    parcels: tuple[Parcel, ...]


Written = tuple[Path, tuple[Path, ...]]
"""What ``xailab grade`` is pointed at, and the platform's other files."""


@dataclass(frozen=True)
class Layout:
    """How a class lies in what an instructor downloads.

    Parameters
    ----------
    name
        Of the platform.
    tells_times
        Whether it says when something was handed in. Where it does not, nobody is late.
    write
        Writes it down.
    """

    name: str
    tells_times: bool
    write: Callable[[Delivery], Written]


def zipped(path: Path, contents: Mapping[str, bytes]) -> Path:
    """Write an archive.

    Parameters
    ----------
    path
        Where.
    contents
        Name in the archive -> bytes.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            member = zipfile.ZipInfo(name, (2026, 5, 16, 8, 0, 0))
            archive.writestr(member, content, zipfile.ZIP_DEFLATED, 1)
    return path
