"""The gradebook behind the pages: read a moment ago, written one mark at a time, with a way back.

- ``Desk``        looks into the gradebook and writes marks
- ``Look``        the class as it was read, and whether the gradebook answers now
- ``Step``        one thing that was done, to be undone
- ``Overtaken``   somebody else marked it meanwhile
- ``OtherText``   the student handed in another text meanwhile
- ``Away``        the gradebook does not answer

Nobody's mark is overwritten unseen: who writes says which mark the page showed, and the gradebook compares. A class is
read again when the last reading is older than a moment, so that marks of others appear; that a page may be a moment
old does no harm, because of that comparison.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from xailab.errors import XailabError
from xailab_autograder.exercises import Lab, Task
from xailab_autograder.gradebook.contents import ClassBook, HandMark, Standing, TaskMark
from xailab_autograder.gradebook.hand_marks import Conflict, remove_hand_mark, set_hand_mark, text_sha256
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.marking.forms import stamp

FRESH_S, FRESH_TIMES = 2.0, 10.0
"""A reading is used again for this long, or so many times as long as reading took."""

PATIENCE_S = 4.0
"""A person waits in front of the page: it says soon that the gradebook is away, and keeps what was typed."""

MOST_STEPS = 200


class Overtaken(XailabError):
    """The stored mark is not the one that the page showed."""


class OtherText(XailabError):
    """The text that is handed in is not the one that the page showed."""


class Away(XailabError):
    """The gradebook does not answer; nothing is lost."""


@dataclass(frozen=True)
class Look:
    """The class as it was read.

    Parameters
    ----------
    book
        The class.
    away
        Why it could not be read again just now; empty if it could.
    """

    book: ClassBook
    away: str = ""


@dataclass(frozen=True)
class Step:
    """A mark that was written or taken back: ``before`` became ``after`` (None: no mark)."""

    student: str
    task: str
    before: HandMark | None
    after: HandMark | None


class Desk:
    """Looks into the gradebook and writes marks; for several threads.

    Parameters
    ----------
    book
        The open gradebook.
    lab
        What is marked.
    marker
        Who marks.
    """

    def __init__(self, book: Gradebook, lab: Lab, marker: str) -> None:
        self.lab, self.marker = lab, marker
        self._book = replace(book, patience_s=PATIENCE_S)
        self._lock = threading.RLock()
        self._class: ClassBook | None = None
        self._until = 0.0
        self._away = ""
        self._steps: deque[Step] = deque(maxlen=MOST_STEPS)

    def look(self, *, anew: bool = False) -> Look:
        """Return the class.

        Parameters
        ----------
        anew
            Read it now, however fresh the last reading is.

        Raises
        ------
        Away
            It has never been read, and cannot be.
        """
        with self._lock:
            if self._class is not None and not anew and time.monotonic() < self._until:
                return Look(self._class, self._away)
            began = time.monotonic()
            try:
                self._class = class_book(self._book, self.lab)
            except XailabError as error:
                self._is_away(error)
                if self._class is None:
                    raise Away(self._away) from error
                return Look(self._class, self._away)
            now = time.monotonic()
            self._away, self._until = "", now + max(FRESH_S, FRESH_TIMES * (now - began))
            return Look(self._class)

    def save(self, student: str, task: Task, score: float, comment: str, *, shown: str, text: str) -> HandMark:
        """Write a mark.

        Parameters
        ----------
        student, task
            Whose, of what.
        score, comment
            The mark.
        shown
            The stamp of the mark that the page showed.
        text
            The hash of the text that the page showed; see ``text_sha256`` of the gradebook.

        Raises
        ------
        Overtaken, OtherText, Away
            Nothing was written.
        """
        with self._lock:
            standing, before = self._stored(student, task, shown, text)
            if stamp(before) != shown:
                if before is not None and self._same(before, score, comment, text):
                    return before  # written by an attempt whose answer did not arrive
                raise Overtaken(f"{before.marker if before else 'somebody'} changed this mark meanwhile")
            if text != text_sha256(standing.handed_in, task):
                raise OtherText("the student handed in another text meanwhile")
            now = datetime.now(UTC).replace(microsecond=0)
            after = HandMark(task.id, score, comment, self.marker, now, text)
            self._write(Step(student, task.id, before, after))
            return after

    def remove(self, student: str, task: Task, *, shown: str) -> None:
        """Take a mark back: what the judge said holds again.

        Raises
        ------
        Overtaken, Away
            Nothing was written.
        """
        with self._lock:
            _, before = self._stored(student, task, shown)
            if stamp(before) != shown:
                raise Overtaken("this mark was changed meanwhile")
            if before is not None:
                self._write(Step(student, task.id, before, None))

    @property
    def last(self) -> Step | None:
        """What ``undo`` would undo."""
        with self._lock:
            return self._steps[-1] if self._steps else None

    def undo(self) -> Step | None:
        """Undo the last step and return it; None: there is none.

        Raises
        ------
        Overtaken
            Somebody changed the mark since; the step is forgotten.
        Away
            It can be tried again.
        """
        with self._lock:
            step = self.last
            if step is None:
                return None
            try:
                self._write(Step(step.student, step.task, step.after, step.before), remember=False)
            except Overtaken:
                self._steps.pop()
                raise
            self._steps.pop()
            return step

    def _stored(
        self, student: str, task: Task, shown: str, text: str | None = None
    ) -> tuple[Standing, HandMark | None]:
        """Return a student and his or her mark; read again if they are not what the page showed."""
        for anew in (False, True):
            look = self.look(anew=anew)
            standing = next((each for each in look.book.standings if each.student.id == student), None)
            if standing is None:
                continue
            stored = next(mark.by_hand for mark in standing.marks if mark.task.id == task.id)
            if anew or (stamp(stored) == shown and text in (None, text_sha256(standing.handed_in, task))):
                break
        if look.away and anew:
            raise Away(look.away)
        if standing is None:
            raise Overtaken("this student is not in the gradebook any more")
        return standing, stored

    def _same(self, stored: HandMark, score: float, comment: str, text: str) -> bool:
        """Whether a mark is stored already."""
        wanted = (score, comment, self.marker, text)
        return (stored.score, stored.comment, stored.marker, stored.text_sha256) == wanted

    def _write(self, step: Step, *, remember: bool = True) -> None:
        """Write one step to the gradebook, and into the class that was read."""
        lab, before, after = self.lab.number, step.before, step.after
        try:
            if after is not None:
                set_hand_mark(self._book, lab, step.student, after, replaces=before)
            elif before is not None:
                remove_hand_mark(self._book, lab, step.student, replaces=before)
        except Conflict as conflict:
            self._until = 0.0
            raise Overtaken(str(conflict)) from conflict
        except XailabError as error:
            self._is_away(error)
            raise Away(self._away) from error
        self._away = ""
        if remember:
            self._steps.append(step)
        self._note(step)

    def _is_away(self, error: XailabError) -> None:
        """Remember for a moment that the gradebook is away: pages must not wait for it one after another."""
        self._away, self._until = _brief(error), time.monotonic() + FRESH_S

    def _note(self, step: Step) -> None:
        """Put a written mark into the class that was read, so that the next page need not read it again."""
        if self._class is None:
            return
        standings = list(self._class.standings)
        for at, standing in enumerate(standings):
            if standing.student.id == step.student:
                marks = tuple(_with(standing, mark, step) if mark.task.id == step.task else mark
                              for mark in standing.marks)  # fmt: skip
                standings[at] = replace(standing, marks=marks)
        self._class = replace(self._class, standings=tuple(standings))


def _with(standing: Standing, mark: TaskMark, step: Step) -> TaskMark:
    """Return a task's mark after a step."""
    after = step.after
    outdated = after is not None and after.text_sha256 not in ("", text_sha256(standing.handed_in, mark.task))
    return replace(mark, by_hand=after, outdated=outdated)


def _brief(error: XailabError) -> str:
    """Return what happened, without the advice to somebody at a terminal."""
    return str(error).split(". ")[0]
