"""The folder of an nbgrader course: ``submitted/<student>/<assignment>/<notebook>.ipynb`` and ``timestamp.txt``."""

from datetime import UTC

from xailab_autograder.rehearsal.layouts.layout import Delivery, Layout, Written


def _write(delivery: Delivery) -> Written:
    """Write a folder for each."""
    top = delivery.folder / "submitted"
    for parcel in delivery.parcels:
        place = top / parcel.student.id / f"{delivery.lab.number}-{delivery.lab.name}"
        place.mkdir(parents=True)
        (place / parcel.file.name).write_bytes(parcel.file.content)
        time = parcel.submitted.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        (place / "timestamp.txt").write_text(f"{time} UTC")
    return top, ()


NBGRADER = Layout("nbgrader", tells_times=True, write=_write)
