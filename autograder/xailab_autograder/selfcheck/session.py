"""What a notebook talks to: ``from xailab_autograder import lab; lab("03").check(iou_table)``.

- ``lab``      the checks of a lab; the same object each time
- ``Session``  ``check``, ``check_choice``, ``progress``
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from xailab.errors import UnknownName, XailabError
from xailab_autograder.feedback.text import progress_text, verdict_text
from xailab_autograder.feedback.verdict import message_html, progress_html, verdict_html
from xailab_autograder.selfcheck import engine
from xailab_autograder.selfcheck.display import grading, show
from xailab_autograder.selfcheck.gathering import CannotCarry, gather
from xailab_autograder.selfcheck.refusals import CannotCheck, CheckFailed
from xailab_autograder.selfcheck.shadowing import refuse_shadows

if TYPE_CHECKING:
    from xailab_autograder.exercises import Choice, Exercise, Lab
    from xailab_autograder.judging.records import Status

_sessions: dict[str, Session] = {}


def lab(number: str | int) -> Session:
    """Return the checks of a lab, and start what they need in the background.

    Parameters
    ----------
    number
        ``"03"``, as in the folder's name.

    Raises
    ------
    CannotCheck
        There is no such lab, or a file beside the notebook hides a standard module.
    """
    refuse_shadows()
    key = str(number).zfill(2)
    if key not in _sessions:
        engine.warm()
        from xailab_autograder import labs

        try:
            _sessions[key] = Session(labs.load(number))
        except XailabError as error:
            raise CannotCheck(str(error)) from error
    return _sessions[key]


class Session:
    """The checks of one lab, and what came of them in this session.

    Parameters
    ----------
    declared
        The lab.
    """

    def __init__(self, declared: Lab) -> None:
        self._lab = declared
        self._attempts: dict[str, int] = {}
        self._last: dict[str, Status] = {}

    def __repr__(self) -> str:
        return f"Lab {self._lab.number}, {self._lab.title}: check(function), check_choice(id, value), progress()"

    def check(self, function: Any) -> None:
        """Check one of your functions: in a fresh process, by the same engine as the grading.

        Parameters
        ----------
        function
            The function itself, without brackets: ``check(iou_table)``.

        Raises
        ------
        CannotCheck
            Not one of the lab's functions, or this machine cannot check it.
        CheckFailed
            It does not pass, and nbgrader executes the notebook.
        """
        from xailab_autograder.judging.judge import Verdict

        namespace = _namespace(function)
        task = self._task_of(function, namespace)
        try:
            gathered = gather(function, task.function, task.id, namespace)
        except CannotCarry as error:
            self._refuse(task, str(error))
            return
        attempts = self._attempts.get(task.id, 0)
        try:
            verdict: Verdict = engine.judge(self._lab.number, task, gathered.cells, attempts=attempts)
        except XailabError as error:  # the sandbox could not be built here
            raise CannotCheck(str(error)) from error
        weakness = engine.weakness()
        passed = verdict.record.status == "passed"
        # Where it was found need not be said: it is the function that was passed in.
        notes = [note for note in verdict.record.notes if not note.startswith("found in ")]
        notes += () if passed else gathered.remarks
        notes += [remark for remark in (weakness, _elsewhere(task.function, namespace)) if remark]
        record = replace(verdict.record, notes=tuple(notes))
        self._note(task.id, record.status, failed=record.status in ("failed", "partial"))
        if grading() and not passed:
            raise CheckFailed(verdict_text(record).plain.rstrip())
        show(verdict_html(record, _picture(verdict)), verdict_text(record))

    def check_choice(self, id: str, value: object) -> None:
        """Record a prediction; whether it is right shows in the experiment that follows.

        Parameters
        ----------
        id
            Of the question.
        value
            The key of the chosen option.

        Raises
        ------
        CheckFailed
            It is wrong while nbgrader grades, or missing while nbgrader validates or grades.
        """
        task = self._choice(id)
        key = value.strip().lower() if isinstance(value, str) else None
        keys = {option.lower(): option for option in task.options}
        if key not in keys:
            self._ask(task, value)
        elif grading() == "autograde" and keys[key] != task.answer:
            raise CheckFailed(f"{task.variable}: {keys[key]} is not what happens")
        else:
            self._note(task.id, "answered", failed=False)
            text = f"Recorded: {keys[key]}. The next cell shows what comes out."
            show(message_html(text, "answered"), Text(f"● {text}", "bold blue"))

    def progress(self) -> None:
        """Show the last verdict of each task in this session."""
        from xailab_autograder.exercises import Reflection

        rows = [
            (getattr(task, "title", "") or getattr(task, "question", ""), task.points, self._last.get(task.id))
            for task in self._lab.tasks
            if not isinstance(task, Reflection)
        ]
        show(progress_html(rows), progress_text(rows))

    def _note(self, id: str, status: Status, *, failed: bool) -> None:
        """Remember a verdict, and count failed attempts: each earns one more hint."""
        self._last[id] = status
        if failed:
            self._attempts[id] = self._attempts.get(id, 0) + 1

    def _refuse(self, task: Exercise, reason: str) -> None:
        """Say why a function cannot be checked: it could not be graded either."""
        self._note(task.id, "failed", failed=False)
        text = f"{task.function}: not checked, because it could not be graded\n{reason}."
        if grading():
            raise CheckFailed(text)
        show(message_html(text, "failed"), Text(f"✗ {text}", "bold red"))

    def _ask(self, task: Choice, value: object) -> None:
        """Say how to answer."""
        options = ", ".join(f'"{option}"' for option in task.options)
        what = "has no answer yet" if value is None else f"is {str(value)[:60]!r}, which is none of the options"
        text = f"{task.variable} {what}\nWrite one of {options} in the cell above, run it, then run this cell again."
        if grading():
            raise CheckFailed(text)
        self._last[task.id] = "missing"
        show(message_html(text, "missing"), Text(f"○ {text}", "bold yellow"))

    def _choice(self, id: str) -> Choice:
        from xailab_autograder.exercises import Choice

        choices = {task.id: task for task in self._lab.tasks if isinstance(task, Choice)}
        if id not in choices:
            raise CannotCheck(str(UnknownName("prediction", str(id), choices)))
        return choices[id]

    def _task_of(self, function: Any, namespace: Mapping[str, Any]) -> Exercise:
        """Find the exercise: the name under which the notebook knows the function, or the function's own."""
        from xailab_autograder.exercises import Exercise

        tasks = {task.function: task for task in self._lab.tasks if isinstance(task, Exercise)}
        known = [name for name in tasks if namespace.get(name) is function]
        own = getattr(function, "__name__", "")
        if callable(function) and (known or own in tasks):
            return tasks[own if own in tasks and (own in known or not known) else known[0]]
        names = ", ".join(tasks)
        if not callable(function):
            kind = f"a {type(function).__name__}" if function is not None else "None"
            example = next(iter(tasks), "f")
            raise CannotCheck(
                f"check takes the function itself, without brackets or quotes: check({example}); got {kind}. "
                f"The functions of lab {self._lab.number}: {names}"
            )
        raise CannotCheck(f"lab {self._lab.number} has no function {own or '(without a name)'!r}; it has: {names}")


def _namespace(function: Any) -> Mapping[str, Any]:
    """Return the globals in which a function's names are looked up: its own, or the notebook's."""
    found = getattr(function, "__globals__", None)
    home = vars(sys.modules["__main__"])
    main = sys.modules.get(getattr(function, "__module__", "") or "")
    if isinstance(found, dict) and main is not None and found is vars(main):
        from xailab_autograder.selfcheck.sources import is_own

        return found if is_own(main) and main is not sys.modules["__main__"] else home
    return home


def _elsewhere(name: str, namespace: Mapping[str, Any]) -> str:
    """Say that a function is not in the notebook that is handed in."""
    if namespace is vars(sys.modules["__main__"]):
        return ""
    file = f"{namespace.get('__name__')}.py"
    return f"{name} stands in your file {file}: hand in that file, or copy the function into the notebook"


def _picture(verdict: Any) -> str | None:
    """Draw expected beside yours, where there is something to draw."""
    if verdict.evidence is None or grading():
        return None
    from xailab_autograder.feedback.pictures import comparison

    return comparison(verdict.evidence.expected, verdict.evidence.got, verdict.evidence.case)
