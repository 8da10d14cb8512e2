"""Moodle: the zip of all submissions in folders, and the offline grading worksheet. Files tell no times."""

import csv
import io
import re

from xailab_autograder.rehearsal.layouts.layout import Delivery, Layout, Written, zipped

_HEAD = (
    "Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments",
)  # fmt: skip


def _write(delivery: Delivery) -> Written:
    """Write the zip and the worksheet."""
    contents = {}
    for parcel in delivery.parcels:
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "", parcel.student.name)
        folder = f"{name}_{parcel.student.platforms['moodle']}_assignsubmission_file_"
        contents[f"{folder}/{parcel.file.name}"] = parcel.file.content
    archive = zipped(delivery.folder / "submissions.zip", contents)
    sheet = delivery.folder / "moodle-worksheet.csv"
    sheet.write_text(_worksheet(delivery), encoding="utf-8", newline="")
    return archive, (sheet,)


def _worksheet(delivery: Delivery) -> str:
    """Return the grading worksheet, with nothing graded yet."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(_HEAD)
    came = {parcel.student.id: parcel for parcel in delivery.parcels}
    for student in delivery.students:
        parcel = came.get(student.id)
        status = "Submitted for grading - " if parcel else "No submission - "
        time = parcel.submitted.strftime("%A, %d %B %Y, %I:%M %p") if parcel else "-"
        who = [f"Participant {student.platforms['moodle']}", student.name, student.id, student.email, status]
        sheet.writerow([*who, "", f"{delivery.lab.points:.2f}", "Yes", time, "-", ""])
    return text.getvalue()


MOODLE = Layout("moodle", tells_times=False, write=_write)
