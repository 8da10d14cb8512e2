"""What runs in Gradescope's container: ``python -m xailab_autograder.exports.gradescope_run``.

- ``run``     grades what was handed in and writes ``results/results.json``
- ``main``    the command; ``--check`` only says whether the container can grade

The file that says that grading did not finish is written first: a container that is killed for its time or memory
leaves a sentence, not nothing. A submission that cannot be graded has 0 points and is told why; where the grader itself
fails, no score is claimed. Deadlines are left to Gradescope.

Memory, measured with Lab 3: 0.7 GB at most (all processes, shared pages once); a control group was charged 0.45 GB, and
in groups of 768 and 512 MB a right submission was graded too. But one submission may take 2 GB more before its
worker is stopped: choose a container with 3 GB and 1 CPU. In a smaller one a wasteful submission may end the container,
which costs that submission alone.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from xailab.files import write_beside
from xailab_autograder import labs
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.exports.gradescope import Metadata, Visibility, read_metadata, refused, results, unfinished
from xailab_autograder.handins.collect import collect_one
from xailab_autograder.judging.grading import Hand, grade_submission
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.sandbox.doctor import self_test
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.zygote import Zygote

GRADED, NOT_GRADED = 0, 2
ROOT_VARIABLE, ROOT = "AUTOGRADER_ROOT", "/autograder"
CONFIG, KEY = "source/config.json", "source/course.key"

DID_NOT_FINISH = (
    "Grading did not finish: it ran out of time or memory, or was stopped. No mark was given. "
    "Hand in again; if it happens again, please tell your instructor."
)
OUR_FAULT = (
    "The grader itself failed, your submission is not to blame and no mark was given. Please tell your instructor."
)

_LARGEST_METADATA = 8 << 20


def main(arguments: list[str] | None = None) -> int:
    """Grade what lies below ``$AUTOGRADER_ROOT``, or with ``--check`` say whether this container can.

    Parameters
    ----------
    arguments
        Of the command line; None: this process's.

    Returns
    -------
    int
        Exit status: 0 graded, 2 the grader failed.
    """
    root = Path(os.environ.get(ROOT_VARIABLE, ROOT))
    words = sys.argv[1:] if arguments is None else arguments
    return check(root) if words == ["--check"] else run(root)


def run(root: Path) -> int:
    """Grade what was handed in and write the results; see ``main``.

    Parameters
    ----------
    root
        Holds ``source``, ``submission``, ``submission_metadata.json`` and ``results``.
    """
    place = root / "results" / "results.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    _write(place, unfinished(DID_NOT_FINISH))
    try:
        made, status = _graded(root), GRADED
    except Exception:
        traceback.print_exc()  # Gradescope shows it to instructors only: stdout_visibility is hidden
        made, status = unfinished(OUR_FAULT), NOT_GRADED
    _write(place, made)
    return status


def check(root: Path) -> int:
    """Print how well this container keeps student code apart. Run when the container is built.

    Parameters
    ----------
    root
        See ``run``.
    """
    config = _config(root)
    lab = labs.load(config["lab"])
    minimum = Level[config["minimum"]]
    with Zygote() as zygote:
        self_test(zygote)
        level = zygote.level
    sys.stdout.write(f"xailab: ready to grade lab {lab.number}, {lab.title}; student code is kept apart by {level}\n")
    if level < minimum:
        sys.stdout.write(
            f"xailab: WARNING: this autograder asks for {minimum}; where it runs as it was built, nothing will be "
            f"graded. Ask for another minimum when you make the zip, or have the sandbox's features allowed\n"
        )
    return GRADED


def _graded(root: Path) -> dict[str, Any]:
    """Return what goes into ``results.json``."""
    config = _config(root)
    lab = labs.load(config["lab"])
    key = (root / KEY).read_bytes()
    metadata = _metadata(root)
    student = config["students"].get(metadata.student.casefold(), metadata.student)
    with tempfile.TemporaryDirectory(prefix="xailab-") as scratch:  # chosen as for a whole class
        chosen = collect_one(root / "submission", lab, Path(scratch), student=student)
    if chosen.submission is None:
        return refused(f"Your submission could not be graded: {chosen.problem}")
    with Zygote(Level[config["minimum"]]) as zygote:
        self_test(zygote)
        record: SubmissionRecord = grade_submission(lab, chosen.submission, Hand(student, key), zygote)
    visibility: Visibility = config["visibility"]
    return results(
        record,
        visibility=visibility,
        attempt=metadata.attempt,
        fingerprint=fingerprint(lab.number, key),
        notes=chosen.notes,
    )


def _config(root: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((root / CONFIG).read_text(encoding="utf-8"))
    return config


def _metadata(root: Path) -> Metadata:
    path = root / "submission_metadata.json"
    try:
        with path.open("rb") as file:
            return read_metadata(file.read(_LARGEST_METADATA))
    except OSError:
        return Metadata()


def _write(place: Path, made: dict[str, Any]) -> None:
    """Write results whole or not at all."""
    with write_beside(place) as temporary:
        temporary.write_text(json.dumps(made, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
