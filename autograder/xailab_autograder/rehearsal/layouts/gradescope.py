"""Gradescope: the export of an assignment, a folder for each submission and ``submission_metadata.yml`` beside them."""

import json
from datetime import UTC

from xailab_autograder.rehearsal.layouts.layout import Delivery, Layout, Parcel, Written, zipped

_EXPORT = "assignment_5150_export"


def _write(delivery: Delivery) -> Written:
    """Write the zip."""
    contents: dict[str, bytes] = {}
    told = ["---\n"]
    for parcel in delivery.parcels:
        folder = f"submission_{parcel.student.platforms['gradescope']}"
        contents[f"{_EXPORT}/{folder}/{parcel.file.name}"] = parcel.file.content
        told.append(_about(folder, parcel))
    contents[f"{_EXPORT}/submission_metadata.yml"] = "".join(told).encode()
    return zipped(delivery.folder / f"{_EXPORT}.zip", contents), ()


def _about(folder: str, parcel: Parcel) -> str:
    """Return a submission's entry; texts are quoted as JSON quotes them, which is YAML too."""
    name, own, email = (
        json.dumps(text, ensure_ascii=False) for text in (parcel.student.name, parcel.student.id, parcel.student.email)
    )
    time = parcel.submitted.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f000 Z")
    return (
        f"{folder}:\n  :submitters:\n  - :name: {name}\n    :sid: {own}\n    :email: {email}\n"
        f"  :created_at: {time}\n  :score: \n  :status: unprocessed\n  :results: \n  :history: []\n"
    )


GRADESCOPE = Layout("gradescope", tells_times=True, write=_write)
