"""The toy lab, notebooks of it, and ways to lay them out."""

import io
import json
import unicodedata
import zipfile
from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.handins.collect import collect

TOYS = Path(__file__).parents[1] / "toylabs"
HEAD = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
DONE = {
    "mean-square": "def mean_square(x):\n    return (x * x).mean()",
    "normalize": "def normalize(x):\n    return x",
    "pairs": "def pairs(labels):\n    return []",
    "predict-scale": 'prediction_scale = "c"',
}


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))


@pytest.fixture
def lab(toys):
    return labs.load(90)


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def notebook():
    """Return a function that writes a notebook of the toy lab with some tasks done; ``mark`` makes it unlike others."""

    def written(done: int = 4, mark: str = "") -> bytes:
        cells = [
            {
                "cell_type": "code",
                "source": source if number < done else f"raise NotImplementedError({task!r})",
                "metadata": {"nbgrader": {"grade_id": task}},
                "outputs": [],
                "execution_count": None,
            }
            for number, (task, source) in enumerate(DONE.items())
        ]
        cells.append({"cell_type": "markdown", "source": f"mark: {mark}", "metadata": {}})
        return json.dumps({**HEAD, "cells": cells}).encode()

    return written


@pytest.fixture
def zipped():
    """Return a function that packs names and contents."""

    def packed(files: dict[str, bytes]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return out.getvalue()

    return packed


@pytest.fixture(params=["folder", "zip"])
def download(request, tmp_path, zipped):
    """Return a function that lays files out as a folder, and as an archive."""

    def laid(files: dict[str, bytes]) -> Path:
        if request.param == "zip":
            path = tmp_path / "download.zip"
            path.write_bytes(zipped(files))
            return path
        folder = tmp_path / "download"
        folder.mkdir()
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    return laid


def texts_of(found):
    """Yield every text that came from names: none may hold what a terminal obeys or a database refuses."""
    yield from found.notes
    for student in found.students:
        yield from (student.id, student.name, student.email, *student.platforms.values())
    for hand_in in found.hand_ins:
        yield from (hand_in.student, hand_in.source, hand_in.origin, hand_in.problem, *hand_in.notes)


@pytest.fixture
def collected(lab, scratch):
    """Return a function that collects, and checks what holds for everything that is collected."""

    def run(path, **options):
        found = collect(path, lab, scratch, **options)
        assert list(scratch.iterdir()) == []
        ids = [hand_in.student for hand_in in found.hand_ins]
        assert ids == sorted(set(ids))
        assert set(ids) <= {student.id for student in found.students}
        for hand_in in found.hand_ins:
            assert (hand_in.submission is None) == bool(hand_in.problem)
            assert hand_in.lab == "90"
        for text in texts_of(found):
            assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)
        return found

    return run


@pytest.fixture
def by_student(collected):
    """Return a function that collects and returns id -> hand-in."""

    def run(path, **options):
        return {hand_in.student: hand_in for hand_in in collected(path, **options).hand_ins}

    return run
