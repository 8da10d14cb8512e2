"""A copied answer made to look like one's own: other names for variables, another layout, comments.

- ``disguised``  a definition's text, disguised; it computes the same
"""

import ast
import builtins
import random

from xailab_autograder.rehearsal.rewriting import local_names, renamed, renamed_locals

_WORDS = (
    "arr", "vals", "res", "tmp", "data", "out", "cur", "acc", "buf", "item", "idx", "cnt", "left_part", "right_part",
    "mat", "vec", "total", "sub", "flat", "inner", "outer", "head", "tail", "grp", "rest", "one", "two", "obj", "chunk",
    "entry", "val", "num", "pos", "row_", "col_", "piece", "whole", "mask_", "big", "small",
)  # fmt: skip
_COMMENTS = (
    "# first get everything into the right form", "# compute the result", "# helper", "# see lecture", "# my solution",
    "# this took me a while", "# here comes the main part", "# ok now the real thing",
)  # fmt: skip


def disguised(text: str, name: str, rng: random.Random) -> str:
    """Return a text of definitions that computes the same and looks different.

    Parameters
    ----------
    text
        Functions at the top, nothing that is run.
    name
        The function that keeps its name.
    rng
        Where names and comments come from.
    """
    changed = renamed_locals(text, _new_names(text, rng))
    changed = renamed(changed, _new_helpers(changed, name, rng))
    statements = []
    for statement in ast.parse(changed).body:
        source = ast.unparse(statement)  # drops comments, blank lines, line breaks
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        statements.append(source if is_import else f"{rng.choice(_COMMENTS)}\n{source}")
    return "\n\n".join(statements) + "\n"


def _new_names(text: str, rng: random.Random) -> dict[str, str]:
    """Return another name for each local variable that may have one."""
    tree = ast.parse(text)
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}
    everywhere = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | local_names(text)
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own = sorted(local_names(text) - keywords - _global(tree) - functions - {"self", ".0"})
    free = [word for word in _WORDS if word not in everywhere and word not in dir(builtins)]
    rng.shuffle(free)
    return dict(zip(own, [*free, *(f"var{n}" for n in range(len(own)))], strict=False))


def _new_helpers(text: str, name: str, rng: random.Random) -> dict[str, str]:
    """Return another name for each helper, with the exercise's in it: those of two exercises must not collide."""
    tops = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    helpers = [top for top in tops if top != name]
    words = rng.sample(_WORDS, len(helpers))
    return {helper: f"{name}_{word.rstrip('_')}" for helper, word in zip(helpers, words, strict=True)}


def _global(tree: ast.AST) -> set[str]:
    """Return the names that are defined at the top, and those of parts of classes."""
    found: set[str] = set()
    for statement in getattr(tree, "body", ()):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.split(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.FunctionDef):
            found.add(statement.name)
        elif isinstance(statement, ast.ClassDef):
            found |= {statement.name} | _global(statement)
        else:
            found |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return found
