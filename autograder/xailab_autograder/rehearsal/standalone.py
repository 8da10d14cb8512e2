"""A function of a lab's folder as source text that stands alone, under the name that the exercise asks for.

- ``standalone``  follows what the function uses through the lab's modules
- ``Standalone``  its imports, its helpers and itself

Helpers get the exercise's name in front: what stands in one notebook never collides, and no helper of one exercise is
the answer to another. Annotations and docstrings go; comments and the lines of the code stay as they were written.
"""

import ast
import functools
import importlib.util
import inspect
import symtable
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from xailab.errors import XailabError
from xailab_autograder.rehearsal.rewriting import bare_function, renamed

_PRIVATE = "xailab"  # what student code cannot import, or must not need
_BUILTIN = frozenset(dir(__import__("builtins")))


@dataclass(frozen=True)
class Standalone:
    """Source text that defines a function.

    Parameters
    ----------
    imports, helpers
        What it needs, each a statement; helpers in the order in which they can be run.
    main
        The function itself.
    """

    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    main: str

    @property
    def preparation(self) -> str:
        """All but the function itself; may be empty."""
        return _joined("\n".join(self.imports), *self.helpers)

    @property
    def text(self) -> str:
        """All of it."""
        return _joined("\n".join(self.imports), *self.helpers, self.main)


class _Key(NamedTuple):
    """A definition: where it stands, and its name there (of a lambda: its number in the file)."""

    module: str
    name: str | int


def standalone(function: Callable[..., Any], name: str) -> Standalone:
    """Return source text that defines a function alone.

    Parameters
    ----------
    function
        Made by ``def`` or ``lambda`` in a module of the lab's folder.
    name
        What it is called in the text.

    Raises
    ------
    XailabError
        It cannot stand alone: a closure, a partial, something that student code cannot import.
    """
    tracing = _Tracing(name, _key(function))
    tracing.follow(tracing.main)
    *helpers, main = tracing.texts()
    return Standalone(tuple(sorted(set(tracing.imports.values()))), tuple(helpers), main)


@dataclass
class _Tracing:
    """What was found so far on the way through the modules."""

    name: str
    main: _Key
    bare: dict[_Key, str] = field(default_factory=dict)
    uses: dict[_Key, dict[str, _Key]] = field(default_factory=dict)
    order: list[_Key] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)

    def follow(self, key: _Key) -> None:
        """Read a definition and all that it needs, the needed first."""
        node = _definition(key)
        self.bare[key] = _bare(node, key)
        self.uses[key] = {}
        for used in sorted(_globals(self.bare[key])):
            target = self._resolve(key.module, used)
            if target is None:
                continue
            self.uses[key][used] = target
            if target not in self.bare:
                self.follow(target)
        self.order.append(key)

    def texts(self) -> Iterator[str]:
        """Yield every definition under its new name, the main one last."""
        new: dict[_Key, str] = {self.main: self.name}
        for key in self.order:
            new.setdefault(key, self._helper_name(key, set(new.values())))
        for key in [*(k for k in self.order if k != self.main), self.main]:
            changes = {old: new[target] for old, target in self.uses[key].items()}
            own = key.name if isinstance(key.name, str) else _LAMBDA
            yield renamed(self.bare[key], {**changes, own: new[key]}, where=_where(key))

    def _helper_name(self, key: _Key, taken: set[str]) -> str:
        base = str(key.name).strip("_")
        base = "core" if base == self.name else base
        wanted = f"_{self.name}_{base}"
        return next(n for n in (wanted, *(f"{wanted}_{i}" for i in range(2, 99))) if n not in taken)

    def _resolve(self, module: str, name: str) -> _Key | None:
        """Find out what a global name is: a definition to follow, or an import to write down (None)."""
        for statement in reversed(_parsed(module).body):
            if name in _binds(statement):
                if not isinstance(statement, ast.Import | ast.ImportFrom):
                    return _Key(module, name)
                return self._imported(statement, module, name)
        if name in _BUILTIN:
            return None
        raise XailabError(f"{module} uses {name!r}, which is not defined at its top; so nothing can stand alone")

    def _imported(self, statement: ast.Import | ast.ImportFrom, module: str, name: str) -> _Key | None:
        """Write an import down (None), or say which definition of the lab it brings."""
        alias = next(a for a in statement.names if _bound(a) == name)
        if isinstance(statement, ast.Import):
            self._write_down(name, f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else ""), module)
            return None
        source = importlib.util.resolve_name("." * statement.level + (statement.module or ""), _package(module))
        if source == _package(module) or source.startswith(f"{_package(module)}."):
            if source == _package(module):
                raise XailabError(f"{module} uses the module {name!r} as a whole; import the function that is needed")
            return _Key(source, alias.name)
        self._write_down(
            name, f"from {source} import {alias.name}" + (f" as {alias.asname}" if alias.asname else ""), module
        )
        return None

    def _write_down(self, name: str, text: str, module: str) -> None:
        if f" {_PRIVATE}" in text:
            raise XailabError(f"{module}: {text!r} is not for student code; a solution or a mistake must not need it")
        if text.startswith("import ") and "." in text and " as " not in text:
            self.imports[text] = text  # `import scipy.linalg` and `import scipy.ndimage` both bind scipy
            return
        if self.imports.setdefault(name, text) != text:
            raise XailabError(f"{module}: {text!r} and {self.imports[name]!r} give one name two meanings")


_LAMBDA = "_lambda"


class MadeInside(XailabError):
    """A function was made by another one, and its text says only half of what it does."""


def _key(function: Callable[..., Any]) -> _Key:
    """Return where a function stands."""
    if isinstance(function, functools.partial) or not inspect.isfunction(function):
        raise XailabError(f"{function!r} cannot stand alone: expected a function made by def or lambda")
    if function.__closure__ or ("<locals>" in function.__qualname__):
        raise MadeInside(
            f"{function.__module__}.{function.__qualname__} cannot stand alone: it was made inside a function; "
            "move it to the module's top"
        )
    if function.__name__ == "<lambda>":
        return _Key(function.__module__, _number_of_lambda(function))
    if getattr(sys.modules[function.__module__], function.__name__, None) is not function:
        raise XailabError(f"{function.__module__}.{function.__name__} is another function than the one that is meant")
    return _Key(function.__module__, function.__name__)


def _number_of_lambda(function: Any) -> int:
    """Return which lambda of its module a function is: the innermost that holds all places of its code."""
    places = [place for place in function.__code__.co_positions() if None not in place and place[3]]
    for number, node in reversed(list(enumerate(_lambdas(_parsed(function.__module__))))):  # inner ones come later
        body = node.body
        first, last = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
        if places and all(first <= (line, column) and (end, stop) <= last for line, end, column, stop in places):
            return number
    line = function.__code__.co_firstlineno
    raise XailabError(f"the lambda in line {line} of {function.__module__} was not found in its source; use def")


def _lambdas(tree: ast.Module) -> list[ast.Lambda]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


@functools.lru_cache(maxsize=64)
def _parsed_file(path: str, changed: float) -> tuple[ast.Module, str]:
    text = Path(path).read_text(encoding="utf-8")
    return ast.parse(text), text


def _file(module: str) -> tuple[ast.Module, str]:
    loaded: ModuleType = sys.modules[module] if module in sys.modules else importlib.import_module(module)
    path = Path(str(loaded.__file__))
    return _parsed_file(str(path), path.stat().st_mtime)


def _parsed(module: str) -> ast.Module:
    return _file(module)[0]


def _package(module: str) -> str:
    return module.rpartition(".")[0]


def _definition(key: _Key) -> ast.AST:
    """Return the tree of a definition."""
    tree = _parsed(key.module)
    if isinstance(key.name, int):
        return _lambdas(tree)[key.name]
    found = [statement for statement in tree.body if key.name in _binds(statement)]
    if len(found) != 1 or not isinstance(found[0], ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign):
        kind = f"{len(found)} statements that define it" if len(found) != 1 else type(found[0]).__name__
        raise XailabError(f"{_where(key)} cannot stand alone: expected one function, class or constant, got {kind}")
    return found[0]


def _bare(node: ast.AST, key: _Key) -> str:
    """Return a definition's text without annotations and docstring; a lambda becomes a function."""
    if isinstance(node, ast.Lambda):
        made = ast.FunctionDef(_LAMBDA, node.args, [ast.Return(node.body)], [])
        return ast.unparse(ast.fix_missing_locations(made))
    source = _file(key.module)[1]
    if isinstance(node, ast.FunctionDef):
        return bare_function(node, source)
    assert isinstance(node, ast.stmt)
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return "\n".join(source.split("\n")[first - 1 : node.end_lineno])


def _binds(statement: ast.stmt) -> set[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {_bound(alias) for alias in statement.names}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)}


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _globals(text: str) -> set[str]:
    """Return the global names that a definition needs, its own left out."""
    top = symtable.symtable(text, "<definition>", "exec")
    made = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned()}
    needed = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    waiting = list(top.get_children())
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        needed |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
    return needed - made


def _where(key: _Key) -> str:
    return f"{key.module}.{key.name}" if isinstance(key.name, str) else f"lambda {key.name} of {key.module}"


def _joined(*parts: str) -> str:
    return "\n\n\n".join(part for part in parts if part) + "\n" if any(parts) else ""
