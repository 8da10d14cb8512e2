"""A folder with a file, a folder or a zip for each student, named by the id. Tells no times."""

from xailab_autograder.rehearsal.layouts.layout import Delivery, Layout, Written


def _write(delivery: Delivery) -> Written:
    """Write a file for each; a folder where the file has another name than it was given, a zip where it is one."""
    top = delivery.folder / "submissions"
    top.mkdir()
    for parcel in delivery.parcels:
        file, student = parcel.file, parcel.student.id
        if file.name == delivery.expected:
            (top / f"{student}.ipynb").write_bytes(file.content)
        elif file.name.endswith(".zip"):
            (top / f"{student}.zip").write_bytes(file.content)
        else:
            (top / student).mkdir()
            (top / student / file.name).write_bytes(file.content)
    return top, ()


PLAIN = Layout("plain", tells_times=False, write=_write)
