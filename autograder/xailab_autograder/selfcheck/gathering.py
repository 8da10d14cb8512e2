"""The source of a live function and of everything that it needs, so that a fresh process can define it again.

- ``gather``    a function -> ``Gathered``
- ``Gathered``  cells for a worker, and remarks
- ``CannotCarry``   the function relies on something that exists in this session only

The live objects count, not the order of cells on the page: what was defined last is what is carried. Names that a
function uses are resolved one after another: functions and classes become their statements, modules imports, constants
literals.
"""

import __future__

import ast
import builtins
import inspect
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import GeneratorType, MethodType, ModuleType
from typing import Any

from xailab.errors import XailabError
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.sandbox.statements import Statement
from xailab_autograder.selfcheck.literals import describe, literal
from xailab_autograder.selfcheck.sources import Sources, is_own

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
VARIABLES = "your variables"
"""The label of statements that stand nowhere: values, written down."""


_FUTURE = Cell(VARIABLES, "from __future__ import annotations")


class CannotCarry(XailabError):
    """A function needs something of the session that cannot be handed in with it."""


@dataclass(frozen=True)
class Gathered:
    """The source of a function and of what it needs.

    Parameters
    ----------
    cells
        In an order in which they can be run; the function's own carries the exercise's id.
    remarks
        What may surprise at the final grading: variables that are no arguments.
    """

    cells: tuple[Cell, ...]
    remarks: tuple[str, ...] = ()


def gather(function: Any, name: str, exercise: str, namespace: Mapping[str, Any]) -> Gathered:
    """Gather the source of a function.

    Parameters
    ----------
    function
        The live object.
    name
        What it is called.
    exercise
        The id of the exercise that asks for it.
    namespace
        The globals in which names are looked up.

    Raises
    ------
    CannotCarry
        No source is known, or the function relies on a variable that cannot be written down.
    """
    gathering = _Gathering(name, exercise, namespace)
    gathering.add_object(name, function)
    if gathering.missing or gathering.elsewhere:
        raise CannotCarry(gathering.complaint())
    return Gathered(tuple(gathering.cells), tuple(gathering.remarks))


class _Gathering:
    """One walk through the names that a function needs, depth first: what is needed comes first."""

    def __init__(self, root: str, exercise: str, namespace: Mapping[str, Any]) -> None:
        self.root, self.exercise, self.namespace = root, exercise, namespace
        self.sources = Sources(namespace)
        self.cells: list[Cell] = []
        self.remarks: list[str] = []
        self.missing: dict[str, str] = {}  # name -> what it is
        self.elsewhere: dict[str, str] = {}  # name -> the student's file that has it
        self._done: set[str] = set()
        self._written: set[tuple[str, int]] = set()

    def add_name(self, name: str) -> None:
        """Add what a name stands for, once. Names that stand for nothing fail when they are used, as they do here."""
        if name in self._done:
            return
        self._done.add(name)
        if name not in self.namespace or (name.startswith("__") and name.endswith("__")):
            return
        value = self.namespace[name]
        if getattr(builtins, name, value) is value and hasattr(builtins, name):
            return
        if isinstance(value, ModuleType):
            self._add_module(name, value)
        elif (text := literal(value)) is not None:
            self._add_constant(name, value, text)
        else:
            self.add_object(name, value)

    def add_object(self, name: str, value: Any) -> None:
        """Add the statement that made a function, a class or another object, after what it needs."""
        self._done.add(name)
        if reason := self._no_way(name, value):
            self.missing[name] = reason
        if name in self.missing or name in self.elsewhere:
            return
        statement = self.sources.statement(name, value)
        if statement is None:
            self._add_import(name, value)
            return
        if name in statement.now and not isinstance(statement.node, _DEFINITIONS):
            self.missing[name] = f"{describe(value)}, made from an older `{name}`; give the new one another name"
            return
        if statement.run == "never":  # made in a loop or a with block: such statements are not run when graded
            self.missing[name] = describe(value)
            return
        place = (statement.cell.label, statement.node.lineno)
        if place in self._written:
            return
        self._written.add(place)
        before = set(self.missing)
        for needed in sorted(statement.now | statement.later):
            self.add_name(needed)
        if _is_data(value):
            self._blame(name, value, before)
        if _annotates_lazily(value) and _FUTURE not in self.cells:
            self.cells.insert(0, _FUTURE)
        grade_id = self.exercise if name == self.root else None
        self.cells.append(Cell(statement.cell.label, _cut_out(statement), grade_id))

    def _blame(self, name: str, value: Any, before: set[str]) -> None:
        """Of a variable that was computed from what cannot be carried, name the variable itself: it is what is used."""
        later = self.missing.keys() - before
        for other in later:
            del self.missing[other]
        if later:
            self.missing[name] = describe(value)
        else:
            self._remark(name, value)

    def _add_module(self, name: str, module: ModuleType) -> None:
        if is_own(module):
            self.elsewhere[name] = module.__name__
            return
        parts = [f"import {dotted}" for dotted in self.sources.submodules(name)]
        self.cells.append(Cell(VARIABLES, "\n".join([f"import {module.__name__} as {name}", *parts])))

    def _add_constant(self, name: str, value: Any, text: str) -> None:
        """Write a value down; arrays are worth a remark, because they are often meant to be arguments."""
        imports = [f"import {library}" for library in ("numpy", "torch") if f"{library}." in text]
        self.cells.append(Cell(VARIABLES, "\n".join([*imports, f"{name} = {text}"])))
        if getattr(value, "shape", ()):
            self._remark(name, value)

    def _remark(self, name: str, value: Any) -> None:
        if not (name.isupper() and len(name) > 2):  # the name of a constant; T and A are a paper's symbols
            what = f"the variable `{name}` ({describe(value)}) of your notebook"
            self.remarks.append(f"{self.root} uses {what}; is it meant to be an argument?")

    def _add_import(self, name: str, value: Any) -> None:
        """Import what an installed module has under a name of its own."""
        module, original = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        home = sys.modules.get(module) if isinstance(module, str) else None
        if home is None or not isinstance(original, str) or getattr(home, original, None) is not value or is_own(home):
            self.missing[name] = describe(value)
        elif home is sys.modules.get("__main__"):
            self.missing[name] = f"{describe(value)} whose source is not known; run the cell that defines it again"
        else:
            self.cells.append(Cell(VARIABLES, f"from {module} import {original} as {name}"))

    def _no_way(self, name: str, value: Any) -> str:
        """Say why an object cannot be made again elsewhere; empty where it may be possible."""
        if isinstance(value, MethodType):
            return "a method of an object; write a plain function"
        if isinstance(value, io.IOBase):
            return "an open file"
        if isinstance(value, GeneratorType):
            return "a generator that is used up as it is read"
        home = sys.modules.get(getattr(value, "__module__", None) or "")
        defined = inspect.isfunction(value) or isinstance(value, type)
        if defined and home is not None and is_own(home) and vars(home) is not self.namespace and name != self.root:
            self.elsewhere[name] = home.__name__
            return ""
        if defined:
            return ""
        return describe(value) if _is_bound_to_session(value) else ""

    def complaint(self) -> str:
        """Say what the function relies on."""
        if self.root in self.missing:
            return f"the source of {self.root} cannot be found: it is {self.missing[self.root]}"
        if self.elsewhere:
            names = ", ".join(f"`{name}` of your file {file}.py" for name, file in self.elsewhere.items())
            return f"{self.root} needs {names}, which is not handed in; copy what it needs into the notebook"
        variables = ", ".join(f"`{name}` ({what})" for name, what in self.missing.items())
        plural = len(self.missing) > 1
        return (
            f"{self.root} relies on the notebook variable{'s' if plural else ''} {variables}, which "
            f"{'are not arguments' if plural else 'is not an argument'}. That works here, but not when your notebook "
            f"is graded: there only definitions are run, and {self.root} is called with other arguments. "
            "Use the arguments instead"
        )


def _is_data(value: Any) -> bool:
    """Say whether a value is data rather than a constant: an array, or more than can be written down."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return True
    return type(value) in (list, tuple, dict, set) and literal(value) is None and len(value) > 0


def _is_bound_to_session(value: Any) -> bool:
    """Say whether a value exists in this session only: networks, data sets, what is used up as it is read."""
    if type(value).__module__.partition(".")[0] == "xailab" or hasattr(type(value), "__next__"):
        return True
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module) and any(True for _ in value.parameters())


def _annotates_lazily(value: Any) -> bool:
    """Say whether a function was compiled under ``from __future__ import annotations``, which may stand in any cell."""
    code = getattr(inspect.unwrap(value), "__code__", None) if inspect.isfunction(value) else None
    return code is not None and bool(code.co_flags & __future__.annotations.compiler_flag)


def _cut_out(statement: Statement) -> str:
    """Return a statement's text at its own line numbers, so that messages name the student's lines."""
    node, lines = statement.node, statement.cell.source.splitlines()
    first: int = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    text = "\n".join(lines[first - 1 : node.end_lineno])
    alone = node.col_offset == 0 and _parses_to(text, node)
    padding = "\n" * (first - 1)
    return padding + (text if alone else ast.unparse(node))


def _parses_to(text: str, node: ast.stmt) -> bool:
    """Whether a text holds just this one statement: no neighbor on its lines, no magic among them."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    return len(body) == 1 and ast.dump(body[0]) == ast.dump(node)
