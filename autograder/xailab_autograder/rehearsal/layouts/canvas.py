"""Canvas: the zip of all submissions, and the gradebook as exported.

Files are called ``lastfirst[_LATE]_<user>_<submission>_<file>``. That something was late is told, when it came is not.
"""

import csv
import io
import re

from xailab_autograder.rehearsal.layouts.layout import Delivery, Layout, Written, zipped

_ASSIGNMENT = 7301
_SECTION = "Section A"


def _write(delivery: Delivery) -> Written:
    """Write the zip and the gradebook."""
    contents = {}
    for number, parcel in enumerate(delivery.parcels):
        late = "_LATE" if parcel.late else ""
        user = parcel.student.platforms["canvas"]
        name = f"{_squeezed(parcel.student.name)}{late}_{user}_{880_000 + number}_{parcel.file.name}"
        contents[name] = parcel.file.content
    archive = zipped(delivery.folder / "submissions.zip", contents)
    sheet = delivery.folder / "canvas-gradebook.csv"
    sheet.write_text(_gradebook(delivery), encoding="utf-8", newline="")
    return archive, (sheet,)


def _squeezed(name: str) -> str:
    """Return a name as it stands in a file's name: the last name first, letters only."""
    first, _, last = name.rpartition(" ")
    return re.sub(r"[\W_]", "", f"{last}{first}").lower()[:80] or "student"


def _sortable(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else last


def _gradebook(delivery: Delivery) -> str:
    """Return the gradebook: a line of points, then everybody."""
    text = io.StringIO()
    sheet = csv.writer(text)
    title = f"Lab {int(delivery.lab.number)}: {delivery.lab.title} ({_ASSIGNMENT})"
    sheet.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Attendance (7001)", title])
    sheet.writerow(["    Points Possible", "", "", "", "", "10", f"{delivery.lab.points:g}"])
    for place, student in enumerate(delivery.students):
        name = _sortable(student.name)
        escaped = f"'{name}" if name.startswith("=") else name
        sheet.writerow([escaped, student.platforms["canvas"], student.id, student.id, _SECTION, str(place % 11), ""])
    return text.getvalue()


CANVAS = Layout("canvas", tells_times=False, write=_write)
