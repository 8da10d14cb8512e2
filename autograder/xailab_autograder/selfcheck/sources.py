"""Where the source of live objects stands: cells of a notebook, a script, a module.

- ``Sources``    finds the statement that gave a name its live value
- ``shell``      IPython's, where there is one
- ``is_own``     whether a module is the student's file rather than an installed one
"""

import ast
import inspect
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.sandbox.statements import Statement, read

OURS = ("xailab", "xailab_autograder", "xailab_kernels")
MOST_WRAPPERS = 20
"""Decorators around a function that are looked through."""


class Sources:
    """The sources behind a namespace, newest first.

    Parameters
    ----------
    namespace
        The globals in which the student works.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._shell = shell()

    def statement(self, name: str, value: Any) -> Statement | None:
        """Return the statement that gave a name its live value; None where no source is known.

        Functions and classes are found by their code: a cell that was run again, or stopped half-way, does not mislead.
        """
        for code in (code for code in _codes(value) if not _is_installed(code.co_filename)):
            for statement in _statements(self._cell_of(code.co_filename)):
                node = statement.node
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
                if name in statement.binds and first <= code.co_firstlineno <= (node.end_lineno or first):
                    return statement
        for cell in self._cells():
            for statement in reversed(_statements(cell)):
                if name in statement.binds:
                    return statement
        return None

    def submodules(self, name: str) -> list[str]:
        """Return what was imported as part of a package: ``["PIL.Image"]`` for ``PIL`` after ``import PIL.Image``."""
        found = {
            alias.name
            for cell in self._cells()
            for statement in _statements(cell)
            if isinstance(statement.node, ast.Import)
            for alias in statement.node.names
            if alias.asname is None and alias.name.startswith(f"{name}.")
        }
        return sorted(found)

    def _cell_of(self, filename: str) -> Cell:
        """Return the source of a file, or of a cell that was compiled under a file name."""
        label = Path(filename).name
        if self._shell is not None:
            named = getattr(self._shell.compile, "format_code_name", lambda _: None)(filename)
            label = f"cell {named[1]}" if named else label
        linecache.checkcache(filename)
        return Cell(label, "".join(linecache.getlines(filename)))

    def _cells(self) -> Iterator[Cell]:
        """Yield all sources of the namespace, newest first."""
        if self._shell is not None and self._namespace is self._shell.user_ns:
            cells = list(enumerate(self._shell.history_manager.input_hist_raw))
            yield from (Cell(f"cell In[{number}]", source) for number, source in reversed(cells) if source.strip())
        file = self._namespace.get("__file__")
        if isinstance(file, str):
            yield self._cell_of(file)


def shell() -> Any:
    """Return IPython's shell, or None outside it; IPython is not imported for this."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def is_own(module: ModuleType) -> bool:
    """Say whether a module is a file of the student's, which is not handed in with the notebook."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or module.__name__.partition(".")[0] in OURS:
        return False
    return not _is_installed(file)


def _is_installed(file: str) -> bool:
    path = os.path.realpath(file)
    return any(path.startswith(root + os.sep) for root in _roots())


@cache
def _roots() -> frozenset[str]:
    """Return the folders of the standard library and of installed packages."""
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = {sysconfig.get_path(kind) for kind in kinds}
    roots |= {entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages", "lib-dynload")}
    return frozenset(os.path.realpath(root) for root in roots if root)


@cache
def _statements(cell: Cell) -> tuple[Statement, ...]:
    """Return the statements of a source; what cannot be parsed has none."""
    return tuple(read(cell, [])[0])


def _codes(value: Any) -> Iterator[CodeType]:
    """Yield the code of a function, of what it wraps and of what was compiled from it; of a class, of its methods."""
    if isinstance(value, type):
        for member in vars(value).values():
            yield from _codes(getattr(member, "__func__", member)) if not isinstance(member, type) else ()
        return
    for _ in range(MOST_WRAPPERS):
        value = inspect.getattr_static(value, "py_func", value)  # numba's dispatcher
        if not inspect.isfunction(value):
            return
        yield value.__code__
        value = value.__dict__.get("__wrapped__")
