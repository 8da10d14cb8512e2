"""The words of generated cells: what is asked, the stub in a hole, the check below it.

- ``before``   the text above a hole
- ``stub``     what stands in a hole until it is filled
- ``after``    the check below a hole
- ``nbgraders_stub``  the same hole as nbgrader would cut it
"""

import json
import re

from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task

_LINE = 64  # characters of a stub's message
PROMPT = "YOUR ANSWER HERE"  # nbgrader's own, so that it sees by itself when nothing was written


def before(lab: Lab, task: Task) -> str:
    """Return the Markdown above a hole: title, points, minutes, what is asked, hints."""
    worth = f"*{_count(task.points, 'point')} · about {_count(task.minutes, 'minute')}*"
    if isinstance(task, Reflection):
        return f"### In your own words\n{worth}\n\n{task.question}\n\nDouble-click the next cell and write there."
    if isinstance(task, Choice):
        options = "\n".join(f"- **{key}**: {text}" for key, text in task.options.items())
        return f"### Predict before you run\n{worth}\n\n{task.question}\n\n{options}"
    number = 1 + [other.id for other in lab.tasks if isinstance(other, Exercise)].index(task.id)
    parts = [f"### Exercise {number}: {task.title}\n{worth}", task.task, f"```python\n{task.signature}\n```"]
    parts += [f"Where to read: {task.read}"] if task.read else []
    parts += [f"<details><summary>Hint {n}</summary>\n\n{hint}\n\n</details>" for n, hint in enumerate(task.hints, 1)]
    return "\n\n".join(parts)


def stub(task: Task) -> str:
    """Return what stands in a hole until it is filled; code is indented by the caller."""
    if isinstance(task, Reflection):
        return PROMPT
    if isinstance(task, Choice):
        keys = ", ".join(json.dumps(key, ensure_ascii=False) for key in task.options)
        return f"{task.variable} = None  # your answer: one of {keys}"
    return f"raise NotImplementedError({json.dumps(f'{task.id}: {_first_sentence(task.task)}', ensure_ascii=False)})"


def nbgraders_stub(task: Task) -> str:
    """Return what nbgrader's ``generate_assignment`` writes into a hole unless it is told otherwise."""
    return PROMPT if isinstance(task, Reflection) else "# YOUR CODE HERE\nraise NotImplementedError()"


def after(lab: Lab, task: Task) -> str | None:
    """Return the code below a hole; None: a person marks it."""
    if isinstance(task, Exercise):
        return f'lab("{lab.number}").check({task.function})'
    if isinstance(task, Choice):
        return f'lab("{lab.number}").check_choice("{task.id}", {task.variable})'
    return None


def _first_sentence(text: str) -> str:
    """Return the first sentence in one line, cut at a word."""
    sentence = re.split(r"(?<=\.) ", " ".join(text.split()))[0].rstrip(".")
    if len(sentence) <= _LINE:
        return sentence
    return sentence[:_LINE].rsplit(" ", 1)[0] + " ..."


def _count(number: float, word: str) -> str:
    """Write a number with its noun: ``1 point``, ``2.5 points``."""
    return f"{number:g} {word}{'' if number == 1 else 's'}"
