"""What a made-up student has written, task by task, and what it is worth.

- ``Answer``     what stands in one hole
- ``Work``       all of them
- ``Room``       what everybody's work is made from
- ``right``, ``mistaken``, ``half_done``, ``empty``   kinds of work
- ``with_answer``  the same work with one answer exchanged
- ``copied``     somebody's work in disguise
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task
from xailab_autograder.rehearsal.copies import disguised
from xailab_autograder.rehearsal.solutions import Right, Solutions, Wrong, documented
from xailab_autograder.rehearsal.standalone import Standalone
from xailab_autograder.rehearsal.texts import reflection
from xailab_autograder.rehearsal.truth import TaskTruth

_DOCUMENTED, _PREDICTED_RIGHT, _PREDICTED, _REFLECTED = 0.6, 0.6, 0.92, 0.9  # probabilities


@dataclass(frozen=True)
class Answer:
    """What stands in one hole.

    Parameters
    ----------
    task
        Its declaration.
    truth
        What it is worth.
    source
        Code, or the text of a reflection; empty: the hole is left as it was.
    preparation
        The part of the code that may stand in a cell of its own.
    """

    task: Task
    truth: TaskTruth
    source: str = ""
    preparation: str = ""


@dataclass(frozen=True)
class Work:
    """What a student has written: an answer for each task, and in a few words what was done."""

    answers: tuple[Answer, ...]
    about: str

    @property
    def truth(self) -> tuple[TaskTruth, ...]:
        """What it is worth."""
        return tuple(answer.truth for answer in self.answers)


@dataclass(frozen=True)
class Room:
    """What everybody's work is made from.

    Parameters
    ----------
    lab
        Its declaration.
    solutions
        What can be written.
    blank
        The students' notebook, as the text of its file.
    file
        Its name.
    """

    lab: Lab
    solutions: Solutions
    blank: str
    file: str

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The tasks in which a function is written."""
        return tuple(task for task in self.lab.tasks if isinstance(task, Exercise))


def right(room: Room, rng: random.Random, *, style: str = "") -> Work:
    """Return work in which every function is right.

    Parameters
    ----------
    room, rng
        What it is made from, and where choices come from.
    style
        ``reference`` or ``as taught`` for all functions; empty: one of all styles for each.
    """
    if style == "as taught":
        return Work(tuple(_taught(room, task, rng) for task in room.lab.tasks), "all right, as taught")
    answers = []
    for task in room.lab.tasks:
        if isinstance(task, Exercise):
            styles = room.solutions.right[task.id]
            chosen = styles[0] if style == "reference" else rng.choice(styles)
            answers.append(_right(room, task, chosen, rng))
        else:
            answers.append(_other(task, rng))
    return Work(tuple(answers), f"all right, {style or 'several styles'}")


def mistaken(room: Room, rng: random.Random, wrongs: Sequence[Wrong]) -> Work:
    """Return work with known mistakes, of different exercises; everything else is right."""
    work = right(room, rng)
    for wrong in wrongs:
        task = next(task for task in room.exercises if task.id == wrong.exercise)
        source = _documented(room, task, wrong.source, rng)
        truth = TaskTruth(task.id, wrong.score, wrong.mistake)
        work = with_answer(work, Answer(task, truth, source.text, source.preparation))
    return replace(work, about=", ".join(f"{wrong.exercise}: {wrong.mistake}" for wrong in wrongs))


def half_done(room: Room, rng: random.Random) -> Work:
    """Return right work of which the later holes are empty."""
    work = right(room, rng)
    done = rng.randint(1, max(1, len(work.answers) - 2))
    answers = [*work.answers[:done], *(_blank(answer.task) for answer in work.answers[done:])]
    return Work(tuple(answers), f"the first {done} of {len(answers)} tasks")


def empty(room: Room) -> Work:
    """Return the notebook as it was given out."""
    return Work(tuple(_blank(task) for task in room.lab.tasks), "nothing written")


def with_answer(work: Work, answer: Answer) -> Work:
    """Return work with another answer to one task."""
    answers = tuple(answer if old.task.id == answer.task.id else old for old in work.answers)
    return replace(work, answers=answers)


def copied(work: Work, rng: random.Random) -> Work:
    """Return somebody's work with other names for variables, another layout and comments; its worth is the same."""
    answers = []
    for answer in work.answers:
        if isinstance(answer.task, Exercise) and answer.source:
            answers.append(replace(answer, source=disguised(answer.source, answer.task.function, rng), preparation=""))
        elif isinstance(answer.task, Reflection) and answer.source:
            answers.append(replace(answer, source=reflection(rng)))
        else:
            answers.append(answer)
    return replace(work, answers=tuple(answers))


def _documented(room: Room, task: Exercise, source: Standalone, rng: random.Random) -> Standalone:
    """Keep the hole's docstring, as most students do."""
    return documented(source, room.solutions.hole[task.id]) if rng.random() < _DOCUMENTED else source


def _right(room: Room, task: Exercise, chosen: Right, rng: random.Random) -> Answer:
    source = _documented(room, task, chosen.source, rng)
    return Answer(task, TaskTruth(task.id, task.points), source.text, source.preparation)


def _taught(room: Room, task: Task, rng: random.Random) -> Answer:
    """Return the notebook's own solution; a text is the student's."""
    if isinstance(task, Reflection):
        return _other(task, rng)
    return Answer(task, TaskTruth(task.id, task.points), room.solutions.taught[task.id])


def _other(task: Choice | Reflection, rng: random.Random) -> Answer:
    """Return a prediction or a text."""
    if isinstance(task, Reflection):
        return Answer(task, TaskTruth(task.id, 0.0), reflection(rng)) if rng.random() < _REFLECTED else _blank(task)
    chance = rng.random()
    if chance > _PREDICTED:
        return _blank(task)
    others = [key for key in task.options if key != task.answer]
    key = task.answer if chance < _PREDICTED_RIGHT else rng.choice(others)
    score, mistake = (task.points, None) if key == task.answer else (0.0, f"chose-{key}")
    return Answer(task, TaskTruth(task.id, score, mistake), f"{task.variable} = {json.dumps(key)}")


def _blank(task: Task) -> Answer:
    return Answer(task, TaskTruth(task.id, 0.0))
