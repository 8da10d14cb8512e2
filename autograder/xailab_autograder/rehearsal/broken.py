"""Files that cannot be graded: a person has to ask for another one.

- ``BROKEN``   each: what is wrong with it, and how work becomes such a file
"""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from xailab_autograder.exercises import Exercise
from xailab_autograder.rehearsal.filling import File, file
from xailab_autograder.rehearsal.works import Room, Work


@dataclass(frozen=True)
class Broken:
    """A file that cannot be graded: in a few words, and how it is made."""

    about: str
    make: Callable[[Room, Work], File]


def _cut_off(room: Room, work: Work) -> File:
    whole = file(room, work)
    return File(whole.name, whole.content[: len(whole.content) * 2 // 3])


def _empty(room: Room, work: Work) -> File:
    return File(room.file, b"")


def _garbage(room: Room, work: Work) -> File:
    return File(room.file, bytes((i * 7919 + i // 256) % 256 for i in range(4096)))


def _no_notebook(room: Room, work: Work) -> File:
    return File(room.file, json.dumps({"answer": 42, "cells": "none"}).encode())


def _page(room: Room, work: Work) -> File:
    return File(room.file, b"<!DOCTYPE html><html><body>Please log in to download this file.</body></html>\n")


def _latin(room: Room, work: Work) -> File:
    whole = file(room, work)
    return File(whole.name, whole.content.replace(b'"cells"', '"cells", "größe"'.encode("latin-1"), 1))


def _twice(room: Room, work: Work) -> File:
    """Give the notebook two lists of cells: which one would be graded?"""
    whole = file(room, work).content
    end = whole.rindex(b"}")
    return File(room.file, whole[:end].rstrip() + b',\n "cells": []\n}\n')


def _shadows(room: Room, work: Work) -> File:
    text = "\n\n".join(answer.source for answer in work.answers if isinstance(answer.task, Exercise))
    return File("numpy.py", text.encode())


def _bomb(room: Room, work: Work) -> File:
    """Make an archive whose notebook would be 64 MB of nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(room.file, (2026, 5, 1, 12, 0, 0))
        member.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(member, "w", force_zip64=True) as stream:
            for _ in range(64):
                stream.write(bytes(1 << 20))
    return File("handed-in.zip", packed.getvalue())


BROKEN = (
    Broken("the notebook is cut off", _cut_off),
    Broken("an empty file", _empty),
    Broken("a page of the platform that was saved as a notebook", _page),
    Broken("bytes of something else", _garbage),
    Broken("a zip bomb", _bomb),
    Broken("JSON that is no notebook", _no_notebook),
    Broken("a file that is called numpy.py", _shadows),
    Broken("not UTF-8", _latin),
    Broken("a notebook with two lists of cells", _twice),
)
"""Dealt in this order."""
