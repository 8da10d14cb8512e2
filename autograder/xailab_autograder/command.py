"""Grading from the command line: from options to a record, a page and a text.

- ``grade``       one submission
- ``Request``     the options
- ``Graded``      what came of it
- ``course_key``  the secret from which the random cases are drawn
- ``minimum_level``  ``"L2"`` -> ``Level.L2``
"""

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from xailab.errors import XailabError
from xailab.files import writable_folder, write_beside
from xailab_autograder import labs
from xailab_autograder.exercises import Task
from xailab_autograder.judging.grading import Hand, grade_submission
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.judging.seeds import PUBLIC_KEY, SHORTEST_KEY
from xailab_autograder.notebooks import submission
from xailab_autograder.sandbox.doctor import self_test
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.zygote import Zygote

KEY_VARIABLE = "XAILAB_COURSE_KEY"
PUBLIC_KEY_NOTE = "public key: anyone can compute these cases; give --key-file for marks that count"
LONGEST_KEY = 4096
RECORD, PAGE = "record.json", "feedback.html"


@dataclass(frozen=True)
class Request:
    """The options of ``xailab grade``; see there."""

    lab: str
    notebook: Path
    student: str = ""
    out: Path | None = None
    key_file: Path | None = None
    minimum: str = "L1"
    trust_submissions: bool = False


@dataclass(frozen=True)
class Graded:
    """What came of a submission.

    Parameters
    ----------
    record
        The marks.
    notes
        What the instructor should know about this run.
    files
        What was written.
    """

    record: SubmissionRecord
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = field(default=())

    @property
    def faults(self) -> list[str]:
        """The exercises at which the grader itself failed: no mark is final."""
        return [exercise.title for exercise in self.record.exercises if exercise.status == "error"]


def grade(request: Request, *, zygote: Zygote | None = None, progress: Callable[[Task], None] | None = None) -> Graded:
    """Grade one submission; write ``record.json`` and ``feedback.html`` where a folder is given.

    Everything is checked before student code runs: the lab, the file, the key, the folder, and that the sandbox holds.

    Parameters
    ----------
    request
        What, whose, how.
    zygote
        One that is kept for many submissions and has passed ``self_test``; None: one for this submission.
    progress
        Told of each task before it is judged.

    Raises
    ------
    XailabError
        It could not be graded. Nothing was written.
    """
    minimum = Level.L0 if request.trust_submissions else minimum_level(request.minimum)
    key, notes = course_key(request.key_file)
    lab = labs.load(request.lab)
    handed_in = submission.read(request.notebook, lab)
    out = writable_folder(request.out) if request.out is not None else None
    hand = Hand(request.student, key)
    try:
        if zygote is not None:
            record = grade_submission(lab, handed_in, hand, zygote, progress=progress)
        else:
            with Zygote(minimum) as fresh:
                self_test(fresh)
                record = grade_submission(lab, handed_in, hand, fresh, progress=progress)
    except XailabError:
        raise
    except Exception as error:  # our own fault; one sentence that can be reported, not a page of traceback
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}: {error}"
        raise XailabError(f"the grader failed, the submission is not to blame ({what})") from error
    return Graded(record, notes, _write(record, out))


def course_key(file: Path | None) -> tuple[bytes, tuple[str, ...]]:
    """Return the course's key, and what is to be said about it.

    It comes from a file, else from ``$XAILAB_COURSE_KEY``; else it is the public one.

    Raises
    ------
    XailabError
        The file cannot be read, or the key could be guessed.
    """
    if file is not None:
        try:
            with file.open("rb") as opened:
                key = opened.read(LONGEST_KEY + 1).strip()
        except OSError as error:
            raise XailabError(f"cannot read the key file {file}: {error.strerror}") from error
        origin = str(file)
    elif KEY_VARIABLE in os.environ:
        key, origin = os.environ[KEY_VARIABLE].strip().encode(), f"${KEY_VARIABLE}"
    else:
        return PUBLIC_KEY, (PUBLIC_KEY_NOTE,)
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise XailabError(
            f"the key in {origin} has {len(key)} bytes; expected {SHORTEST_KEY} to {LONGEST_KEY}: "
            "python -c 'import secrets; print(secrets.token_hex(32))' makes one"
        )
    return key, ()


def minimum_level(name: str) -> Level:
    """Return a level by its name.

    Raises
    ------
    XailabError
        There is none of that name.
    """
    if name.upper() not in Level.__members__:
        levels = "; ".join(str(level) for level in Level if level > Level.L0)
        raise XailabError(f"no sandbox level {name!r}; there are: {levels}")
    return Level[name.upper()]


def _write(record: SubmissionRecord, out: Path | None) -> tuple[Path, ...]:
    """Write the record and the page, each whole or not at all. The student's id is text, never part of a path."""
    if out is None:
        return ()
    from xailab_autograder.feedback.page import page

    contents = {out / RECORD: record.to_json() + "\n", out / PAGE: page(record)}
    for path, text in contents.items():
        with write_beside(path) as temporary:
            # What is no character (a lone surrogate of a student's string) becomes one in the file.
            temporary.write_bytes(text.encode("utf-8", "replace"))
    return tuple(contents)
