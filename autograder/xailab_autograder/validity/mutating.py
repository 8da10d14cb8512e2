"""Small changes of a function's source, one at a time: operators, constants, keywords, calls, parts, statements.

- ``mutants``   every change of a function and of the functions of its module that it uses
- ``Mutant``    the changed module, and what was changed

A grader that accepts such a mutant does not check what the changed line is for.
"""

import ast
import copy
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
"""Operator -> what it becomes."""

CALLS = {
    "max": "min", "min": "max", "sum": "mean", "mean": "sum", "argmax": "argmin", "argmin": "argmax", "floor": "ceil",
    "ceil": "floor", "maximum": "minimum", "minimum": "maximum", "any": "all", "all": "any", "eigh": "eig",
    "var": "std", "std": "var", "zeros": "ones", "ones": "zeros", "cos": "sin", "sin": "cos", "nanmax": "nanmin",
}  # fmt: skip
"""Name of a function -> what it becomes."""

UNWRAPPED = {
    "abs",
    "absolute",
    "sqrt",
    "sort",
    "sorted",
    "clip",
    "flip",
    "copy",
    "round",
    "rint",
    "sign",
    "exp",
    "log",
    "transpose",
}
"""Calls that are replaced by their first argument."""


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Parameters
    ----------
    source
        Of the whole module.
    function
        The reference's name in it.
    change
        Line and what became of it: ``"a > b  ->  a >= b"``. Stable as long as the line is.
    """

    source: str
    function: str
    change: str


def mutants(reference: Callable[..., Any]) -> list[Mutant]:
    """Make every mutant of a reference and of the functions of its module that it uses.

    Parameters
    ----------
    reference
        A function of a module that runs where student code runs: numpy, torch and the bench.
    """
    module = _needed(ast.parse(inspect.getsource(sys.modules[reference.__module__])), reference.__name__)
    made: dict[str, Mutant] = {}
    for node in [statement for statement in module.body if isinstance(statement, ast.FunctionDef)]:
        for change, edit in _changes(node):
            source = ast.unparse(ast.fix_missing_locations(_with(module, node, edit)))
            made.setdefault(source, Mutant(source, reference.__name__, f"{node.name}: {change}"))
    made.pop(ast.unparse(module), None)
    return list(made.values())


def _needed(module: ast.Module, name: str) -> ast.Module:
    """Return the part of a module that a function needs: what it uses, and imports that student code may make too."""
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    reached: set[str] = set()
    used: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in functions and current not in reached:
            reached.add(current)
            names = {node.id for node in ast.walk(functions[current]) if isinstance(node, ast.Name)}
            used |= names
            waiting += names
    body = [statement for statement in module.body if _kept(statement, reached, used)]
    return ast.Module(body, [])


def _kept(statement: ast.stmt, reached: set[str], used: set[str]) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return statement.name in reached
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and not (statement.module or "").startswith("xailab")
    if isinstance(statement, ast.Import):
        return not any(alias.name.startswith("xailab") for alias in statement.names)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(target, ast.Name) and target.id in used for target in targets)


Edit = Callable[[ast.FunctionDef], None]
"""Changes a copy of a function in place."""


def _with(module: ast.Module, function: ast.FunctionDef, edit: Edit) -> ast.Module:
    """Return a copy of the module in which one function is changed."""
    body = []
    for statement in module.body:
        if statement is function:
            statement = copy.deepcopy(function)  # noqa: PLW2901
            edit(statement)
        body.append(statement)
    return ast.Module(body, [])


def _changes(function: ast.FunctionDef) -> Iterator[tuple[str, Edit]]:
    """Yield (description, edit) for every change of a function."""
    nodes = list(ast.walk(function))
    skipped = set(map(id, _untouched(function)))
    for index, node in enumerate(nodes):
        if id(node) in skipped:
            continue
        for replacement, label in _replacements(node):
            yield f"{_line(function, node)}  =>  {label}", _replacing(index, replacement)
    for position, statement in enumerate(function.body):
        if isinstance(statement, ast.AugAssign | ast.Expr | ast.If) and not _is_docstring(function, statement):
            text = ast.unparse(statement).splitlines()[0]
            yield f"{text}  =>  (left out)", _leaving_out(position)


def _untouched(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield what is not behaviour: annotations, the docstring, and messages of errors."""
    annotations = [a.annotation for a in [*function.args.args, *function.args.kwonlyargs] if a.annotation]
    for top in [*annotations, *([function.returns] if function.returns else [])]:
        yield from ast.walk(top)
    for node in ast.walk(function):
        if isinstance(node, ast.Raise | ast.Assert) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        ):
            yield from ast.walk(node)


def _is_docstring(function: ast.FunctionDef, statement: ast.stmt) -> bool:
    return statement is function.body[0] and isinstance(statement, ast.Expr)


def _line(function: ast.FunctionDef, node: ast.AST) -> str:
    """Return the simple statement that holds a node, as one line."""
    for statement in ast.walk(function):
        if isinstance(statement, ast.stmt) and not hasattr(statement, "body") and node in ast.walk(statement):
            return ast.unparse(statement)
    for statement in ast.walk(function):
        if isinstance(statement, ast.For | ast.If | ast.While) and any(
            node in ast.walk(part) for part in ast.iter_child_nodes(statement) if not isinstance(part, ast.stmt)
        ):
            return ast.unparse(statement).splitlines()[0]
    return ast.unparse(function).splitlines()[0]


def _replacements(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield what a node may become, with a description."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for operator in SWAPPED.get(type(node.op), ()):
            changed = copy.deepcopy(node)
            changed.op = operator()  # type: ignore[assignment]
            yield changed, ast.unparse(changed)
    elif isinstance(node, ast.BoolOp):
        changed_bool = copy.deepcopy(node)
        changed_bool.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed_bool, ast.unparse(changed_bool)
    elif isinstance(node, ast.Compare):
        for operator in SWAPPED.get(type(node.ops[0]), ()):
            changed_compare = copy.deepcopy(node)
            changed_compare.ops[0] = operator()  # type: ignore[call-overload]
            yield changed_compare, ast.unparse(changed_compare)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        yield node.operand, ast.unparse(node.operand)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    else:
        yield from _parts(node)


def _parts(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield an array for its part or transpose, and a list for a set."""
    part = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
    if part or (isinstance(node, ast.Attribute) and node.attr in ("T", "real", "imag")):
        assert isinstance(node, ast.Subscript | ast.Attribute)
        yield node.value, f"{ast.unparse(node)} becomes {ast.unparse(node.value)}"
    elif isinstance(node, ast.SetComp):
        items = ast.ListComp(node.elt, node.generators)
        yield items, ast.unparse(items)


def _constants(node: ast.Constant) -> Iterator[tuple[ast.AST, str]]:
    value = node.value
    others: tuple[Any, ...] = ()
    if isinstance(value, bool):
        others = (not value,)
    elif isinstance(value, int):
        others = (value + 1, value - 1)
    elif isinstance(value, float):
        others = (value + 1.0, value * 0.5) if value else (1.0,)
    for other in others:
        yield ast.copy_location(ast.Constant(other), node), f"{value!r} becomes {other!r}"


def _calls(node: ast.Call) -> Iterator[tuple[ast.AST, str]]:
    """Yield calls of another function, without a keyword, or replaced by their argument."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in CALLS:
        other = copy.deepcopy(node)
        if isinstance(other.func, ast.Attribute):
            other.func.attr = CALLS[name]
            yield other, ast.unparse(other)
    if name in UNWRAPPED:
        inner = node.args[0] if node.args else getattr(node.func, "value", None)
        if inner is not None:
            yield inner, f"{ast.unparse(node)} becomes {ast.unparse(inner)}"
    for keyword in node.keywords:
        if keyword.arg is not None:
            other = copy.deepcopy(node)
            other.keywords = [k for k in other.keywords if k.arg != keyword.arg]
            yield other, f"without {keyword.arg}={ast.unparse(keyword.value)}"


def _replacing(index: int, replacement: ast.AST) -> Edit:
    """Return an edit that puts a node in place of the one with this number in the order of ``ast.walk``."""

    def edit(function: ast.FunctionDef) -> None:
        target = list(ast.walk(function))[index]

        class Put(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> ast.AST:
                return replacement if node is target else self.generic_visit(node)

        Put().generic_visit(function)

    return edit


def _leaving_out(position: int) -> Edit:
    def edit(function: ast.FunctionDef) -> None:
        function.body[position] = ast.Pass()

    return edit
