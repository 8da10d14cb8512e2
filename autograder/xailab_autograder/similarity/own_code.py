"""What of a hand-in the student wrote: functions, their helpers, texts. What was handed out is taken away.

- ``Unit``     one function, constant, unreadable cell or text, as words
- ``Handout``  what the students were given
- ``handout``  the hand-out of a lab
- ``extract``  the units of a hand-in

Hostile sources: cells and hand-ins over a limit are left out with a note, cells that Python cannot parse are mended
line by line or read as tokens.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xailab_autograder.exercises import Exercise, Lab
from xailab_autograder.notebooks import generate
from xailab_autograder.sandbox.magics import UNREADABLE, parse
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.similarity.contents import ELSEWHERE, Piece
from xailab_autograder.similarity.loose_words import of_prose, of_tokens
from xailab_autograder.similarity.normal_form import Word, aliases, bound, of_tree

MOST_IN_CELL = 40_000
"""Characters of one cell that are compared; a lab's longest has a few thousand."""

MOST_IN_ALL = 100_000
"""Characters of own code of one hand-in, and of one text."""

_MENDED = 12
_HEAD = re.compile(r"^\s*(?:def|class|for|while|if|elif|else|with|try|except|finally)\b[^#]*[^#:\s]\s*(?:#.*)?$")
_DEFINED = re.compile(r"^\s*def\s+(\w{1,200})", re.MULTILINE)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign


@dataclass(frozen=True)
class Unit:
    """One function, constant, unreadable cell or text.

    Parameters
    ----------
    task
        The id of the task that it belongs to; ``ELSEWHERE``: none.
    piece
        As written.
    words
        Its normal form.
    prose
        It is a text.
    """

    task: str
    piece: Piece
    words: tuple[Word, ...]
    prose: bool = False

    @property
    def form(self) -> tuple[str, ...]:
        """The words without their places."""
        return tuple(word.text for word in self.words)


@dataclass(frozen=True)
class Handout:
    """What the students were given.

    Parameters
    ----------
    sources
        Of its code cells.
    units
        All of its definitions, other code and texts.
    names
        Bound at the top of its cells.
    known
        What its imports bind.
    """

    sources: frozenset[str] = frozenset()
    units: tuple[Unit, ...] = ()
    names: frozenset[str] = frozenset()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Defined:
    """A statement at the top of a cell that binds a name."""

    name: str
    node: Definition
    cell: Cell
    lines: Sequence[str]

    @property
    def first(self) -> int:
        decorators = [] if isinstance(self.node, ast.Assign) else self.node.decorator_list
        return min([self.node.lineno, *(one.lineno for one in decorators)])

    @property
    def text(self) -> str:
        return "\n".join(self.lines[self.first - 1 : self.node.end_lineno])

    @property
    def names(self) -> set[str]:
        return {node.id for node in ast.walk(self.node) if isinstance(node, ast.Name)}


@dataclass
class _Read:
    """All cells of a hand-in, parsed."""

    defined: list[_Defined] = field(default_factory=list)
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: list[Cell] = field(default_factory=list)


def handout(folder: Path) -> Handout:
    """Return the hand-out of the lab in a folder: the students' notebook."""
    notebook = generate.student(folder)
    cells = [Cell("hand-out", cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    read, units = _read(cells), []
    names = {name for cell in cells for node in _trees(cell) for name in bound(node)}
    for cell in cells:
        tree, source = _tree(cell)
        for statement in tree.body if tree is not None else ():
            words = of_tree(statement, source, 1, (), read.known)
            units.append(Unit(ELSEWHERE, Piece("hand-out", 1, ""), tuple(words)))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            units.append(Unit(ELSEWHERE, Piece("hand-out", 1, ""), tuple(of_prose(cell.source)), prose=True))
    sources = frozenset(cell.source.strip() for cell in cells)
    return Handout(sources, tuple(units), frozenset(names), read.known)


def extract(
    lab: Lab, cells: Iterable[Cell], texts: Mapping[str, str], given: Handout, *, styles: bool = False
) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """Return the units that a student wrote, and notes about what was left out.

    Parameters
    ----------
    lab
        Names the functions.
    cells, texts
        Of the submission.
    given
        The hand-out.
    styles
        For references: also take ``<function>_<style>`` for a solution, whatever the size.
    """
    kept = [cell for cell in cells if cell.source.strip() not in given.sources]
    notes: list[str] = []
    if not styles:
        kept, notes = _within_limits(kept)
    read = _read(kept)
    read.known = {**given.known, **read.known}
    functions = {task.function: task.id for task in lab.tasks if isinstance(task, Exercise)}
    units = [*_solutions(read, functions, given, styles=styles), *_unreadable(read.unreadable, functions)]
    for task in lab.tasks:
        text = texts.get(task.id, "")
        if len(text) > MOST_IN_ALL:
            notes.append(f"{task.id}: only the first {MOST_IN_ALL:,} of {len(text):,} characters were compared")
        if text.strip():
            text = text[:MOST_IN_ALL]
            units.append(Unit(task.id, Piece("text", 1, text), tuple(of_prose(text)), prose=True))
    return tuple(unit for unit in units if unit.words), tuple(notes)


def _within_limits(cells: Iterable[Cell]) -> tuple[list[Cell], list[str]]:
    """Return the cells that are small enough, together too."""
    kept: list[Cell] = []
    large: list[str] = []
    room = MOST_IN_ALL
    for cell in cells:
        if len(cell.source) > min(MOST_IN_CELL, room):
            large.append(cell.label)
        else:
            kept.append(cell)
            room -= len(cell.source)
    named = ", ".join(large[:3]) + (f" and {len(large) - 3} more" if len(large) > 3 else "")
    limits = f"at most {MOST_IN_CELL:,} characters of a cell and {MOST_IN_ALL:,} of all are read"
    return kept, [f"not compared, too large: {named} ({limits})"] if large else []


def _read(cells: Iterable[Cell]) -> _Read:
    """Parse cells and collect what they define."""
    read = _Read()
    for cell in cells:
        tree, source = _tree(cell)
        if tree is None:
            read.unreadable.append(Cell(cell.label, source, cell.grade_id))
            continue
        lines = source.split("\n")
        top = list(_top(tree))
        read.known |= aliases(top)
        for node in top:
            if isinstance(node, ast.Assign):
                names = [n.id for n in node.targets if isinstance(n, ast.Name)]
            else:
                names = [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
            read.defined += [_Defined(name, node, cell, lines) for name in names]  # type: ignore[arg-type]
    return read


def _top(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements at the top of a cell, also those inside ``if``, ``try`` and ``with``."""
    stack: list[ast.stmt] = tree.body[::-1]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            stack.extend(reversed(inner))


def _trees(cell: Cell) -> Iterator[ast.AST]:
    """Yield the nodes at the top of a cell that may bind names."""
    tree, _ = _tree(cell)
    for statement in _top(tree) if tree is not None else ():
        yield statement
        if isinstance(statement, ast.Assign | ast.For):
            yield from ast.walk(statement)


def _tree(cell: Cell) -> tuple[ast.Module | None, str]:
    """Parse a cell, mended if need be; the source has the same lines as the tree."""
    source = cell.source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    tree, _ = parse(Cell(cell.label, source, cell.grade_id))
    return (tree if tree is not None else _mended(source)), source


def _mended(source: str) -> ast.Module | None:
    """Parse source with a few lines replaced: a missing colon is added, what cannot be read becomes ``pass``."""
    lines = source.split("\n")
    for _ in range(_MENDED):
        try:
            return ast.parse("\n".join(lines))
        except SyntaxError as error:
            number = min(error.lineno or 0, len(lines))
            if not number:
                return None
            line = lines[number - 1]
            indent = line[: len(line) - len(line.lstrip())]
            lines[number - 1] = f"{line.rstrip()}:" if _HEAD.match(line) else f"{indent}pass"
            if lines[number - 1] == line:
                return None
        except UNREADABLE:
            return None
    return None


def _solutions(read: _Read, functions: Mapping[str, str], given: Handout, *, styles: bool) -> Iterator[Unit]:
    """Yield the functions asked for with the helpers that they use, in the lab's order; then the other functions."""
    latest = {one.name: one for one in read.defined}
    tasks = {name: task for name in latest if (task := _task_of(name, functions, styles=styles))}
    own = {name for name in latest if name not in given.names and name not in functions}
    handed_out = {unit.form for unit in given.units}
    order = list(functions.values())
    taken: set[str] = set()
    roots = sorted(tasks, key=lambda name: order.index(tasks[name]))
    helpers = [n for n, one in latest.items() if n not in tasks and not isinstance(one.node, ast.Assign)]
    for root in [*roots, *helpers]:
        reached = [] if root in taken else [root]
        taken |= set(reached)
        for name in reached:  # grows while it is walked
            one = latest[name]
            words = of_tree(one.node, one.text, one.first, own, read.known)
            unit = Unit(tasks.get(root, ELSEWHERE), Piece(one.cell.label, one.first, one.text), tuple(words))
            if unit.form in handed_out:
                continue
            yield unit
            wanted = sorted(one.names & own - taken - tasks.keys())
            taken |= set(wanted)
            reached += wanted


def _task_of(name: str, functions: Mapping[str, str], *, styles: bool) -> str | None:
    """Return the task that a function of this name is for."""
    if name in functions or not styles:
        return functions.get(name)
    longest = max((function for function in functions if name.startswith(f"{function}_")), key=len, default="")
    return functions.get(longest)


def _unreadable(cells: Iterable[Cell], functions: Mapping[str, str]) -> Iterator[Unit]:
    """Yield cells that Python cannot parse."""
    for cell in cells:
        named = [functions[name] for name in _DEFINED.findall(cell.source) if name in functions]
        graded = [cell.grade_id] if cell.grade_id in functions.values() else []
        task = next(iter([*named, *graded]), ELSEWHERE) or ELSEWHERE
        yield Unit(task, Piece(cell.label, 1, cell.source), tuple(of_tokens(cell.source)))
