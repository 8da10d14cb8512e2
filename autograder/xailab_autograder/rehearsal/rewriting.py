"""Changing the names in a definition's text, and nothing else of it.

- ``bare_function``  a function's text without annotations and docstring
- ``renamed``        other names for what is defined and used; ``renamed_locals``: for local variables
- ``with_docstring``  a function with a docstring
- ``local_names``    the names that exist only inside the functions of a text
"""

import ast
import copy
import json
import symtable
from collections.abc import Iterator, Mapping

from xailab.errors import XailabError


def bare_function(node: ast.FunctionDef, source: str) -> str:
    """Return a function's text without annotations and docstring; the lines of its body stay as they are.

    Parameters
    ----------
    node
        The function's tree.
    source
        The file that it was parsed from.
    """
    bare = copy.deepcopy(node)
    bare.returns = None
    arguments = bare.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        argument.annotation = None
    for rest in (arguments.vararg, arguments.kwarg):
        if rest is not None:
            rest.annotation = None
    documented = ast.get_docstring(node, clean=False) is not None
    if documented:
        del bare.body[0]
    if not bare.body:
        bare.body = [ast.Pass()]
    if len(node.body) == documented or node.body[0].lineno == node.lineno:
        return ast.unparse(bare)
    first = (node.body[0].end_lineno or 0) + 1 if documented else node.body[0].lineno
    lines = source.split("\n")[first - 1 : node.end_lineno]
    while not lines[0].strip():
        del lines[0]
    header = ast.unparse(ast.FunctionDef(node.name, bare.args, [ast.Pass()], bare.decorator_list, lineno=0))
    return "\n".join([header.rpartition("\n")[0], *lines])


def renamed(text: str, names: Mapping[str, str], *, where: str = "the text") -> str:
    """Return a text in which what is called so is called otherwise.

    Parameters
    ----------
    text
        Of definitions.
    names
        Old -> new; global names only.
    where
        Said in errors.

    Raises
    ------
    XailabError
        A function has a local variable of such a name: it would be another thing of the same name.
    """
    hidden = sorted(local_names(text) & set(names))
    if hidden:
        raise XailabError(f"{where} cannot stand alone: {hidden[0]!r} is both a global and a local name; rename one")
    return _replaced(text, names)


def renamed_locals(text: str, names: Mapping[str, str]) -> str:
    """Return a text with other names for local variables and parameters; old -> new."""
    return _replaced(text, names)


def with_docstring(text: str, sentence: str) -> str:
    """Return a text whose last function begins with a docstring."""
    function = ast.parse(text).body[-1]
    assert isinstance(function, ast.FunctionDef)
    lines = text.split("\n")
    at = function.body[0].lineno - 1
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    return "\n".join([*lines[:at], f'{indent}"""{sentence}"""', *lines[at:]])


def local_names(text: str) -> set[str]:
    """Return the names that are local to some function (or comprehension) of a text."""
    found: set[str] = set()
    waiting = symtable.symtable(text, "<definition>", "exec").get_children()
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        if scope.get_type() == "function":
            found |= {s.get_name() for s in scope.get_symbols() if not s.is_global()}
    return found


def _replaced(text: str, names: Mapping[str, str]) -> str:
    """Put new names where old ones stand, from the end backwards."""
    lines = [line.encode() for line in text.split("\n")]
    for line, column, old in sorted(_places(ast.parse(text), names, text), reverse=True):
        start = lines[line - 1]
        lines[line - 1] = start[:column] + names[old].encode() + start[column + len(old.encode()) :]
    return "\n".join(line.decode() for line in lines)


def _places(tree: ast.AST, names: Mapping[str, str], text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (line, byte, name) of every old name."""
    source = [line.encode() for line in text.split("\n")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            yield node.lineno, node.col_offset, node.id
        elif isinstance(node, ast.arg) and node.arg in names:
            yield node.lineno, node.col_offset, node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
            column = source[node.lineno - 1].index(node.name.encode(), node.col_offset + len("def"))
            yield node.lineno, column, node.name
        elif isinstance(node, ast.Global | ast.Nonlocal) and set(node.names) & set(names):
            raise XailabError(f"line {node.lineno}: {json.dumps(node.names)} are declared global: cannot be renamed")
