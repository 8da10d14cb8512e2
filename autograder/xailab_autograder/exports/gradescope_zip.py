"""A ready ``autograder.zip`` for Gradescope: upload it as it is.

- ``autograder_zip``  a lab and the course key -> the zip

It holds the sources of xailab, the lab without its notebook and solutions, the course key, and what sets a container
up. The same lab, key and sources give the same bytes. Whoever has the zip has the key: keep it as you keep the key.
"""

import importlib.metadata
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from string import Template

import xailab
from xailab.errors import XailabError
from xailab_autograder import labs
from xailab_autograder.course.students import Student
from xailab_autograder.exports.gradescope import Visibility
from xailab_autograder.judging.seeds import SHORTEST_KEY
from xailab_autograder.sandbox.levels import Level

PACKAGES = ("xailab", "xailab_kernels", "xailab_autograder")
NEEDED = (
    *("numpy", "numba", "torch", "torchvision", "jaxtyping", "safetensors", "pillow", "matplotlib", "scipy"),
    *("scikit-learn", "threadpoolctl", "platformdirs", "rich", "tqdm"),
)
"""Of what xailab depends on: what grading imports, and what students may import."""

_FILES = Path(__file__).with_name("gradescope_files")
_NOT_NEEDED = ("lab.py", "variants.py")
"""Of a lab: the notebook's text with its solutions, and solutions that only tests of the grader use."""

_TIME = (2020, 1, 1, 0, 0, 0)
_PLAIN, _PROGRAM, _SECRET = 0o100644, 0o100755, 0o100600
_PROGRAMS = ("setup.sh", "run_autograder")


def autograder_zip(
    lab_number: str | int,
    *,
    key: bytes,
    minimum: Level = Level.L2,
    visibility: Visibility = "visible",
    students: Iterable[Student] = (),
) -> bytes:
    """Return the zip.

    Parameters
    ----------
    lab_number
        Of the lab.
    key
        The course's secret, from which each student's random cases are drawn.
    minimum
        Below this level of the sandbox nothing is graded; see ``docs/judging.md``. At ``L1`` student code could read
        the key and the lab's references in the container.
    visibility
        When students see the tests.
    students
        Whose ids are not their email addresses: the random cases depend on the id, so that a batch run draws the same
        ones. Those without an email address are left out.

    Raises
    ------
    XailabError
        No such lab; or a key that could be guessed.
    """
    if len(key) < SHORTEST_KEY:
        raise XailabError(f"the course key has {len(key)} bytes and could be guessed; expected at least {SHORTEST_KEY}")
    lab, folder = labs.load(lab_number), labs.find(lab_number)
    words = {
        "lab": f"{lab.number}, {lab.title}",
        "version": xailab.__version__,
        "minimum": str(minimum),
        "dependencies": ", ".join(json.dumps(requirement) for requirement in _requirements()),
        "constraints": "\n".join(_constraints()),
    }
    config: dict[str, object] = {"format": 1, "lab": lab.number, "minimum": minimum.name, "visibility": visibility}
    config |= {"students": {one.email.strip().casefold(): one.id for one in students if one.email.strip()}}
    held: dict[str, bytes] = {"config.json": (json.dumps(config, indent=1) + "\n").encode(), "course.key": key}
    for path in sorted(_FILES.iterdir()):
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        held[path.name.removesuffix(".in")] = (
            Template(text).substitute(words) if path.suffix == ".in" else text
        ).encode()
    for package in PACKAGES:
        held |= _package(package)
    held |= {
        f"xailab_labs/{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in _sources(folder)
        if path.name not in _NOT_NEEDED
    }
    return _packed(held)


def _package(name: str) -> dict[str, bytes]:
    """Return the files of an installed package."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise XailabError(f"{name} is not installed as a folder; install xailab with pip")
    folder = Path(spec.origin).parent
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in _sources(folder)}


def _sources(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, without what Python and editors leave behind."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path


def _requirements() -> list[str]:
    """Return what grading depends on, as xailab declares it."""
    declared = importlib.metadata.requires("xailab") or []
    names = {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower(): text for text in declared if ";" not in text}
    return [names[name] for name in NEEDED if name in names]


def _constraints() -> Iterator[str]:
    """Yield the versions that are installed here: those with which the course's marks were made."""
    for name in NEEDED:
        version = importlib.metadata.version(name)
        yield f"{name}=={version.partition('+')[0]}"  # "+cpu" and the like: builds, not versions


def _packed(held: dict[str, bytes]) -> bytes:
    """Return a zip with these files at its root, each with the rights that it needs."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in held.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix: the rights below are read
            rights = _PROGRAM if name in _PROGRAMS else _SECRET if name == "course.key" else _PLAIN
            entry.external_attr = rights << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, contents)
    return written.getvalue()
