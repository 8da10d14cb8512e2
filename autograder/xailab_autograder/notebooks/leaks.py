"""What of a lab's answers can be read in the students' notebook. There should be nothing.

- ``Leak``   one passage that should not be there
- ``leaks``  every such passage
"""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xailab_autograder.exercises import Choice, Lab, Reflection
from xailab_autograder.notebooks.source import BEGIN, END, split

if TYPE_CHECKING:
    from nbformat import NotebookNode

_CODE_RUN = 12  # tokens in a row: shorter runs are idioms
_TEXT_RUN = 8  # words in a row
_SHORT = 5  # a solution of fewer tokens than a run leaks as a whole, if it has at least these
_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Leak:
    """One passage of an answer in the students' notebook.

    Parameters
    ----------
    task
        The id of the task.
    cell
        The number of the cell, from 1.
    text
        The passage.
    """

    task: str
    cell: int
    text: str


def leaks(student: "NotebookNode", instructor: "NotebookNode", lab: Lab) -> list[Leak]:
    """Return what the students' notebook shows of the answers.

    Looks for runs of tokens of the solutions, words of the model answers, and the sentences of the declaration that
    tell which option is wrong or what a marker looks for. Hints and sentences about mistakes are meant for students.

    Parameters
    ----------
    student, instructor
        Two versions of one notebook.
    lab
        Its declaration.
    """
    found: list[Leak] = []
    code = [(n, _tokens(cell.source)) for n, cell in enumerate(student.cells, 1) if cell.cell_type == "code"]
    texts = [(n, _words(cell.source)) for n, cell in enumerate(student.cells, 1)]
    for task_id, kind, solution in _solutions(instructor):
        if kind == "code":
            found += _runs(task_id, _tokens(solution), code, _CODE_RUN)
        else:
            found += _runs(task_id, _words(solution), texts, _TEXT_RUN)
    for task_id, secret in _secrets(lab):
        found += _runs(task_id, _words(secret), texts, _TEXT_RUN)
    found += _whole(student, instructor)
    return found


def _solutions(notebook: "NotebookNode") -> Iterator[tuple[str, str, str]]:
    """Yield (task, cell type, text) of every solution in the instructors' notebook."""
    for cell in notebook.cells:
        task = cell.metadata.get("xailab", {}).get("id")
        if task is not None:
            for piece, inside in split(cell.source):
                if inside:
                    yield task, cell.cell_type, "\n".join(piece.split("\n")[1:-1])


def _secrets(lab: Lab) -> Iterator[tuple[str, str]]:
    """Yield the sentences that students must not find in their notebook."""
    for task in lab.tasks:
        if isinstance(task, Choice):
            yield from ((task.id, sentence) for sentence in task.because.values())
        elif isinstance(task, Reflection):
            yield task.id, task.scheme


def _whole(student: "NotebookNode", instructor: "NotebookNode") -> Iterator[Leak]:
    """Yield markers that were left, and holes that were not cut."""
    solved = {c.metadata.get("xailab", {}).get("id"): c.source for c in instructor.cells}
    for number, cell in enumerate(student.cells, 1):
        own: dict[str, Any] = cell.metadata.get("xailab", {})
        if BEGIN in cell.source or END in cell.source or own.get("role") == "instructor":
            yield Leak(own.get("id", ""), number, cell.source[:80])
        elif own.get("id") is not None and cell.cell_type == "code":
            inner = (piece.split("\n")[1:-1] for piece, inside in split(solved[own["id"]]) if inside)
            answers = {line.strip() for lines in inner for line in lines}
            shown = (line.strip() for line in cell.source.split("\n"))
            yield from (Leak(own["id"], number, line) for line in shown if line in answers and _is_answer(line))


def _is_answer(line: str) -> bool:
    """Whether a line of a solution says something on its own."""
    return len(_tokens(line)) >= 3


def _runs(task: str, secret: list[str], cells: list[tuple[int, list[str]]], length: int) -> list[Leak]:
    """Return where a run of a secret's tokens stands in a cell: one leak a cell."""
    if len(secret) < _SHORT:
        return []
    length = min(length, len(secret))
    wanted = {tuple(secret[start : start + length]) for start in range(len(secret) - length + 1)}
    found = []
    for number, tokens in cells:
        for start in range(len(tokens) - length + 1):
            if tuple(tokens[start : start + length]) in wanted:
                found.append(Leak(task, number, " ".join(tokens[start : start + length])))
                break
    return found


def _tokens(code: str) -> list[str]:
    """Return the tokens of Python, whether or not it is whole."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in _SKIPPED and token.string.strip():
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        return re.findall(r"\w+|[^\w\s]", code)
    return found


def _words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [word.lower() for word in _WORD.findall(text)]
