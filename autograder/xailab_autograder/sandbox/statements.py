"""The statements of a cell: what each binds, what it needs, and whether it may be run without being a demonstration.

- ``Statement``   one top-level statement
- ``read``        the statements of a cell
- ``describe``    the parameters of what a statement binds to a name, and whether it is still the stub

Runs inside the sandboxed worker: standard library only.
"""

import __future__

import ast
import dis
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Literal

from xailab_autograder.sandbox.magics import UNREADABLE, describe_fault, parse
from xailab_autograder.sandbox.outcomes import Cell, Note

ANYTHING: tuple[str, ...] = ()
"""The parameters of a callable that the source does not show: an import, what a call returned."""

_IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_WAITS = (ast.Await, ast.Yield, ast.YieldFrom)
_COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
_LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_STORES = {"STORE_NAME", "STORE_GLOBAL"}
_OPTIMIZED = 1  # the flag of a function's code: module and class bodies run as they are met


@dataclass(eq=False)
class Statement:
    """One top-level statement.

    Parameters
    ----------
    cell
        The cell that it stands in.
    node
        Its tree.
    run
        ``always``: imports, definitions, constants. ``needed``: only if a graded function needs a name of it.
        ``never``: demonstrations, loops, ``del``...
    binds
        The names that it gives a value.
    changes
        The names whose content it changes: ``table["a"] = 1``.
    now, later
        The global names that it needs at once, and when what it defines is called.
    futures
        ``from __future__`` imports that hold for it.
    """

    cell: Cell
    node: ast.stmt
    run: Literal["always", "needed", "never"]
    binds: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    now: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    futures: list[ast.stmt] = field(default_factory=list)

    @property
    def module(self) -> ast.Module:
        """What is compiled: the statement, after the ``__future__`` imports that hold for it."""
        return ast.Module([*self.futures, self.node], type_ignores=[])


def read(cell: Cell, futures: list[ast.stmt]) -> tuple[list[Statement], list[Note]]:
    """Return the statements of a cell; ``futures`` grows by the cell's own."""
    tree, notes = parse(cell)
    statements = []
    for node in tree.body if tree is not None else ():
        statement = Statement(cell, _without_displays(node), _when(node), futures=list(futures))
        try:
            _analyse(statement)
        except UNREADABLE as error:
            notes.append(Note(cell.label, "syntax", f"{describe_fault(error)}; this statement was not run"))
            continue
        statements.append(statement)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not _holds(futures, node):
            futures.append(node)
    return statements, notes


def _holds(futures: list[ast.stmt], node: ast.ImportFrom) -> bool:
    """Whether all of a ``__future__`` import is among these already."""
    there = {alias.name for future in futures if isinstance(future, ast.ImportFrom) for alias in future.names}
    return {alias.name for alias in node.names} <= there


def _when(node: ast.stmt) -> Literal["always", "needed", "never"]:
    """Say when a statement is run."""
    if isinstance(node, (*_IMPORTS, *_FUNCTIONS, ast.ClassDef)) or type(node).__name__ == "TypeAlias":
        return "always"
    if isinstance(node, ast.If) and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}:
        return "never"
    if not isinstance(node, (*_ASSIGNMENTS, ast.If, ast.Try)) or not all(map(_quiet, _inside(node))):
        return "never"
    executed = list(_executed(node))
    if any(isinstance(n, _WAITS) for n in executed):
        return "never"
    return "needed" if any(isinstance(n, ast.Call) for n in executed) else "always"


def _inside(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements of an ``if`` or ``try``, at any depth of such."""
    waiting: list[ast.AST] = [node]
    while waiting:
        outer = waiting.pop()
        for child in ast.iter_child_nodes(outer):
            if isinstance(child, ast.stmt):
                yield child
            if isinstance(child, ast.If | ast.Try | ast.ExceptHandler):
                waiting.append(child)


def _quiet(node: ast.stmt) -> bool:
    """Whether an ``if`` or ``try`` may hold this statement and still be run (calls that stand alone are left out)."""
    plain = (*_IMPORTS, *_FUNCTIONS, *_ASSIGNMENTS, ast.ClassDef, ast.If, ast.Try, ast.Expr, ast.Pass, ast.Raise)
    return isinstance(node, plain)


class _NoDisplays(ast.NodeTransformer):
    """Replaces statements that only show something by ``pass``; does not enter functions and classes."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        return node


def _without_displays(node: ast.stmt) -> ast.stmt:
    """Return an ``if`` or ``try`` without its ``print`` calls."""
    if not isinstance(node, ast.If | ast.Try):
        return node
    try:
        changed: ast.stmt = _NoDisplays().visit(node)
    except RecursionError:
        return node
    return changed


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a statement that run when it runs: not the bodies of functions."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, (*_FUNCTIONS, ast.Lambda)):
            waiting += [*part.args.defaults, *(d for d in part.args.kw_defaults if d)]
            waiting += getattr(part, "decorator_list", [])
        elif not isinstance(part, ast.ClassDef):
            waiting += ast.iter_child_nodes(part)


def _analyse(statement: Statement) -> None:
    """Fill in names. Exact: they are read from the compiled statement, which is not run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = ast.Module([statement.node], type_ignores=[])
        code = compile(alone, statement.cell.label, "exec", _flags(statement.futures), dont_inherit=True)
    stored, now, later = _names(code)
    statement.binds, statement.now, statement.later = frozenset(stored), frozenset(now), frozenset(later)
    changed = {_root(target) for target in _targets(statement.node)}
    statement.changes = frozenset(name for name in changed if name)


def _flags(futures: list[ast.stmt]) -> int:
    """Return how to compile a statement without the imports before it."""
    names = {alias.name for node in futures if isinstance(node, ast.ImportFrom) for alias in node.names}
    return int(sum((getattr(__future__, name).compiler_flag for name in names), ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))


def _names(outermost: CodeType) -> tuple[set[str], set[str], set[str]]:
    """Return the global names that code binds, needs at once, and needs when its functions are called."""
    stored: set[str] = set()
    now: set[str] = set()
    later: set[str] = set()
    waiting = [(outermost, True)]
    while waiting:
        code, at_once = waiting.pop()
        loads, stores = set(), set()
        for instruction in dis.get_instructions(code):
            if instruction.opname in _LOADS:
                loads.add(instruction.argval)
            elif instruction.opname in _STORES:
                stores.add(instruction.argval)
        is_class = code is not outermost and not code.co_flags & _OPTIMIZED
        (now if at_once else later).update(loads - stores if is_class else loads)
        if code is outermost:
            stored |= stores
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                runs = not constant.co_flags & _OPTIMIZED or constant.co_name in _COMPREHENSIONS
                waiting.append((constant, at_once and runs))
    return stored, now, later


def _targets(node: ast.stmt) -> Iterable[ast.expr]:
    """Return what an assignment assigns to."""
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []


def _root(target: ast.expr) -> str | None:
    """Return ``table`` of ``table["a"].b``; None of a plain name."""
    inner = target
    while isinstance(inner, ast.Subscript | ast.Attribute):
        inner = inner.value
    return inner.id if isinstance(inner, ast.Name) and inner is not target else None


def describe(
    node: ast.AST, name: str, functions: dict[str, tuple[tuple[str, ...] | None, bool]]
) -> tuple[tuple[str, ...] | None, bool]:
    """Return the parameters of what ``node`` binds to ``name`` (None: no function), and whether it is a stub.

    ``functions`` holds what is known of other names, for ``f = g`` and ``f = partial(g, 2)``.
    """
    if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
        return _parameters(node.args), _is_stub(node.body)
    if isinstance(node, ast.If | ast.Try):
        for inner in _inside(node):
            if isinstance(inner, _FUNCTIONS) and inner.name == name:
                return describe(inner, name, functions)
    return _describe_value(getattr(node, "value", None) if _names_only(node, name) else None, functions)


def _describe_value(
    value: ast.expr | None, functions: dict[str, tuple[tuple[str, ...] | None, bool]]
) -> tuple[tuple[str, ...] | None, bool]:
    """Describe what is assigned."""
    if isinstance(value, ast.Constant):
        return None, value.value is None or value.value is ...
    if isinstance(value, ast.Lambda):
        return describe(value, "", functions)
    if isinstance(value, ast.Name):
        return functions.get(value.id, (ANYTHING, False))
    if isinstance(value, ast.Call):
        return _of_call(value, functions), False
    literals = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare)
    return None if isinstance(value, literals) else ANYTHING, False


def _names_only(node: ast.AST, name: str) -> bool:
    """Whether an assignment gives its value to this name as a whole."""
    targets = _targets(node) if isinstance(node, ast.stmt) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _parameters(arguments: ast.arguments) -> tuple[str, ...]:
    """Return the names of positional parameters."""
    return tuple(a.arg for a in [*arguments.posonlyargs, *arguments.args])


def _of_call(call: ast.Call, functions: dict[str, tuple[tuple[str, ...] | None, bool]]) -> tuple[str, ...] | None:
    """Guess the parameters of ``partial(f, 2)``, ``jit(f)`` and the like: those of ``f`` that are left."""
    known = [functions[a.id][0] for a in call.args if isinstance(a, ast.Name) and a.id in functions]
    if not known or known[0] is None:
        return ANYTHING
    callee = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if callee != "partial":
        return known[0]
    given = {keyword.arg for keyword in call.keywords}
    return tuple(p for p in known[0][len(call.args) - 1 :] if p not in given)


def _is_stub(body: list[ast.stmt] | ast.expr) -> bool:
    """Whether a function only says that it is not written yet."""
    if isinstance(body, ast.expr):
        return isinstance(body, ast.Constant) and body.value in (None, ...)
    for position, statement in enumerate(body):
        if isinstance(statement, ast.Raise) and _says_nothing(statement):  # what follows is never reached
            return not any(isinstance(node, ast.Return) for earlier in body[:position] for node in ast.walk(earlier))
    return all(_says_nothing(statement) for statement in body)


def _says_nothing(node: ast.stmt) -> bool:
    """Tell a docstring, ``pass``, ``...``, ``return None``, ``raise NotImplementedError`` from written code."""
    if isinstance(node, ast.Raise):
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(error, ast.Name) and error.id == "NotImplementedError"
    if isinstance(node, ast.Return):
        return node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
