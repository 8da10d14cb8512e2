"""Which statements of a submission are run: imports, constants, definitions and what these need; never demonstrations.

- ``collect``     decides for a whole submission
- ``Collected``   what it decided: groups to run in order, where the wanted names are, notes
- ``Group``       one statement to run

Runs inside the sandboxed worker, never in the trusted process: standard library only. Nothing is executed here, and no
source raises: what cannot be read becomes a note.
"""

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xailab_autograder.sandbox.outcomes import Cell, Found, Note, Wanted
from xailab_autograder.sandbox.statements import ANYTHING, Statement, describe, read

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_GIVEN = frozenset(dir(builtins)) | {"__name__", "__doc__", "__annotations__", "__builtins__", "get_ipython"}


class Group(NamedTuple):
    """One statement to run: the cell's label, a module that can be compiled, the names that it defines."""

    cell: str
    module: ast.Module
    defines: tuple[str, ...]


@dataclass(frozen=True)
class Collected:
    """What is run, where the wanted names were found, and notes in reading order.

    ``Found.parameters`` is empty where the source does not show them (``f = make()``), None for what is certainly no
    function; ``Found.stub`` is true of a function that is not written and of a variable that is ``None``.
    """

    groups: tuple[Group, ...]
    found: dict[str, Found]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Candidate:
    """A statement that binds a wanted name."""

    position: int
    statement: Statement
    parameters: tuple[str, ...] | None
    stub: bool
    at_home: bool  # in the cell that carries the exercise's grade id

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Written beats the stub, a sure function beats a maybe, the exercise's own cell beats any, then the last."""
        node = self.statement.node
        certain = self.parameters not in (None, ANYTHING) or isinstance(node, _DEFINITIONS)
        return not self.stub, certain, self.at_home, self.position

    @property
    def place(self) -> str:
        """For notes."""
        return f"{self.statement.cell.label}, line {self.statement.node.lineno}"


def collect(cells: Sequence[Cell], wanted: Sequence[Wanted]) -> Collected:
    """Decide what of a submission is run.

    Parameters
    ----------
    cells
        In reading order.
    wanted
        The functions and variables that the lab asks for.
    """
    statements: list[Statement] = []
    notes: list[Note] = []
    futures: list[ast.stmt] = []
    for cell in cells:
        more, remarks = read(cell, futures)
        statements += more
        notes += remarks
    names = {want.name: want.exercise for want in wanted}
    chosen: dict[str, list[_Candidate]] = {}
    known = _functions(statements)
    for name, exercise in names.items():
        candidates = _candidates(statements, name, exercise, known)
        if not candidates and (renamed := _renamed(statements, name, exercise, set(names), notes)):
            candidates = [renamed]
        if candidates:
            chosen[name] = _choose(name, candidates, notes)
    statements = _keep_chosen(statements, chosen)
    needed = _needed(statements, chosen, notes)
    order = {cell.label: number for number, cell in reversed(list(enumerate(cells)))}
    notes.sort(key=lambda note: order[note.cell])
    return Collected(_groups(statements, needed), {n: _found(kept[-1]) for n, kept in chosen.items()}, tuple(notes))


def _functions(statements: Sequence[Statement]) -> dict[str, tuple[tuple[str, ...] | None, bool]]:
    """Return what the source tells of every function that is defined by ``def`` or ``lambda``."""
    known: dict[str, tuple[tuple[str, ...] | None, bool]] = {}
    for statement in statements:
        node = statement.node
        for name in statement.binds if isinstance(node, (*_DEFINITIONS, ast.Assign)) else ():
            described = describe(node, name, {})
            if described[0] not in (None, ANYTHING) and not (name in known and described[1]):
                known[name] = described
    return known


def _candidates(
    statements: Sequence[Statement],
    name: str,
    exercise: str,
    known: dict[str, tuple[tuple[str, ...] | None, bool]],
) -> list[_Candidate]:
    """Return every statement that may be run and binds the name, but not ``f = f(x)``: that uses f up."""
    return [
        _Candidate(position, statement, *describe(statement.node, name, known), statement.cell.grade_id == exercise)
        for position, statement in enumerate(statements)
        if name in statement.binds and statement.run != "never" and not _calls(statement, name)
    ]


def _calls(statement: Statement, name: str) -> bool:
    """Whether a statement calls the name at once."""
    if name not in statement.now or isinstance(statement.node, _DEFINITIONS):
        return False
    calls = (node.func for node in ast.walk(statement.node) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id == name for called in calls)


def _choose(name: str, candidates: list[_Candidate], notes: list[Note]) -> list[_Candidate]:
    """Return the definition that counts; before it those that it wraps, as in ``f = jit(f)``."""
    best = max(candidates, key=lambda candidate: candidate.rank)
    kept = [best]
    while name in kept[0].statement.now:
        before = [candidate for candidate in candidates if candidate.position < kept[0].position]
        if not before:
            break
        kept.insert(0, max(before, key=lambda candidate: candidate.rank))
    rivals = [c for c in candidates if c.rank[:2] == best.rank[:2] and c not in kept]
    if rivals and not best.stub:
        places = "; ".join(candidate.place for candidate in rivals[:5]) + ("; ..." if len(rivals) > 5 else "")
        text = f"`{name}` is defined {len(rivals) + 1} times: the one in {best.place} counts, not {places}"
        notes.append(Note(best.statement.cell.label, "duplicate", text))
    if isinstance(best.statement.node, ast.AsyncFunctionDef):
        text = f"`{name}` is an `async def`: a call of it gives a coroutine, not a result; write `def`"
        notes.append(Note(best.statement.cell.label, "error", text))
    return kept


def _renamed(
    statements: list[Statement], name: str, exercise: str, names: set[str], notes: list[Note]
) -> _Candidate | None:
    """Take the only function of the exercise's own cell under the wanted name, if there is exactly one."""
    home = [s for s in statements if s.cell.grade_id == exercise and isinstance(s.node, ast.FunctionDef)]
    cells = {id(s.cell) for s in home}
    written = [(s, *describe(s.node, "", {})) for s in home if not s.binds & names]
    written = [entry for entry in written if not entry[2]]
    if len(cells) != 1 or len(written) != 1:
        return None
    original, parameters, stub = written[0]
    (old,) = original.binds
    alias = ast.Assign([ast.Name(name, ast.Store())], ast.Name(old, ast.Load()))
    node = ast.fix_missing_locations(ast.copy_location(alias, original.node))
    added = Statement(original.cell, node, "always", frozenset({name}), now=frozenset({old}), futures=original.futures)
    position = statements.index(original) + 1
    statements.insert(position, added)
    text = f"no `{name}` is defined; `{old}` in the exercise's own cell is taken for it"
    notes.append(Note(original.cell.label, "renamed", text))
    return _Candidate(position, added, parameters, stub, at_home=True)


def _keep_chosen(statements: list[Statement], chosen: dict[str, list[_Candidate]]) -> list[Statement]:
    """Leave out other statements that bind a wanted name, so that the chosen one has the last word."""
    last = {name: id(kept[-1].statement) for name, kept in chosen.items()}
    kept = {name: {id(candidate.statement) for candidate in candidates} for name, candidates in chosen.items()}
    left: list[Statement] = []
    done: set[str] = set()
    borrowed = _borrowed(statements, last)
    for statement in statements:
        wanted = {name for name in statement.binds & kept.keys() if id(statement) not in kept[name]}
        wanted = set() if id(statement) in borrowed else wanted
        done |= {name for name in statement.binds & kept.keys() if id(statement) == last[name]}
        if wanted and isinstance(statement.node, ast.Import | ast.ImportFrom):
            _drop_aliases(statement, wanted)
        elif wanted and (statement.binds <= wanted or wanted & done):
            statement.run = "never"
        left += [statement] if statement.run != "never" or not wanted else []
    return left


def _borrowed(statements: list[Statement], last: dict[str, int]) -> set[int]:
    """Return (by identity) earlier functions that go on under another name: ``def f``, ``g = f``, ``def f``."""
    found: set[int] = set()
    for name, chosen in last.items():
        before: list[Statement] = []
        for statement in statements:
            if id(statement) == chosen:
                break
            if name in statement.binds and isinstance(statement.node, ast.FunctionDef):
                before.append(statement)
            elif before and statement.run != "never" and name in statement.now and name not in statement.binds:
                found.add(id(before[-1]))
    return found


def _drop_aliases(statement: Statement, names: set[str]) -> None:
    """Take names out of an import."""
    node = statement.node
    assert isinstance(node, ast.Import | ast.ImportFrom)
    left = [a for a in node.names if (a.asname or a.name.split(".")[0]) not in names]
    statement.binds -= names
    if left:
        node.names = left
    else:
        statement.run = "never"


def _needed(statements: list[Statement], chosen: dict[str, list[_Candidate]], notes: list[Note]) -> set[int]:
    """Return (by identity) the statements that the wanted names need, through any number of others."""
    binders: dict[str, list[Statement]] = {}
    for statement in statements:
        for name in statement.binds | statement.changes:
            binders.setdefault(name, []).append(statement)
    waiting = [(candidate.statement, name) for name, kept in chosen.items() for candidate in kept]
    needed = {id(statement) for statement, _ in waiting}
    missed: set[str] = set()
    while waiting:
        statement, root = waiting.pop()
        for name in (statement.now | statement.later) - _GIVEN - missed:
            able = [s for s in binders.get(name, ()) if s.run != "never"]
            if not able and name in binders:
                missed.add(name)
                text = f"`{root}` needs `{name}`, which is made by statements that are not run: pass it as an argument"
                notes.append(Note(binders[name][0].cell.label, "skipped", text))
            waiting += [(s, root) for s in able if id(s) not in needed]
            needed |= {id(s) for s in able}
    return needed


def _groups(statements: Sequence[Statement], needed: set[int]) -> tuple[Group, ...]:
    """Return what is run: all that is needed, and what else can be run without a demonstration."""
    groups = []
    available = set(_GIVEN)
    anything = False  # after ``from x import *`` every name may exist
    for statement in statements:
        possible = anything or statement.now <= available
        if statement.run != "never" and (id(statement) in needed or (statement.run == "always" and possible)):
            groups.append(Group(statement.cell.label, statement.module, tuple(sorted(statement.binds))))
            available |= statement.binds
            imports = [n for n in ast.walk(statement.node) if isinstance(n, ast.ImportFrom)]
            anything = anything or any(alias.name == "*" for node in imports for alias in node.names)
    return tuple(groups)


def _found(candidate: _Candidate) -> Found:
    """Say where a wanted name is."""
    statement = candidate.statement
    return Found(statement.cell.label, statement.node.lineno, candidate.parameters, candidate.stub)
