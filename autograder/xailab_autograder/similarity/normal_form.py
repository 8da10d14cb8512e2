"""Source as words that do not depend on names, comments, layout, imports and small matters of style.

- ``Word``      one of them, and where it stands
- ``aliases``   what imported names stand for
- ``of_tree``   the words of a statement

Names that the student chose become ``V``; names of libraries, attributes and exercises stay, for a copy cannot change
them. Left out: docstrings, annotations, imports, prints, ``pass``. The same words: ``x += 1`` and ``x = x + 1``,
``a > b`` and ``b < a``, lists and tuples, numbers and strings however written, keywords in any order.

Trees are walked with a stack of our own: a hostile nesting cannot exhaust Python's.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

STRING = "S"
OWN = "V"

_KEYWORDS = {ast.For: "for", ast.While: "while", ast.If: "if", ast.Return: "return"}
_NO_WORDS = ast.Pass | ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal
_SMALL = ast.expr_context | ast.operator | ast.unaryop | ast.boolop | ast.cmpop


class Word(NamedTuple):
    """One word of the normal form, and the characters of the source that it stands for."""

    text: str
    start: int
    end: int


class _At(NamedTuple):
    """A word that is still to be placed: the beginning of its node, or all of it."""

    text: str
    node: ast.AST
    whole: bool = False


_Item = _At | ast.AST
Aliases = Mapping[str, tuple[str, ...]]
"""Name -> its words: ``np`` -> ``("numpy",)``, ``sort`` of ``from numpy import sort`` -> ``(".sort", "numpy")``."""


def aliases(statements: Iterable[ast.AST]) -> dict[str, tuple[str, ...]]:
    """Return what the imports among some nodes bind."""
    found: dict[str, tuple[str, ...]] = {}
    for node in statements:
        if isinstance(node, ast.Import):
            for name in node.names:
                words = _dotted(name.name) if name.asname else (name.name.split(".")[0],)
                found[name.asname or name.name.split(".")[0]] = words
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                found[name.asname or name.name] = (f".{name.name}", *_dotted(node.module or ""))
    return found


def _dotted(name: str) -> tuple[str, ...]:
    """Return the words of ``a.b.c`` as its attributes would have them: ``.c``, ``.b``, ``a``."""
    first, *rest = name.split(".")
    return (*(f".{part}" for part in reversed(rest)), first)


def of_tree(statement: ast.stmt, text: str, first: int, own: Collection[str], known: Aliases) -> list[Word]:
    """Return the words of a statement.

    Parameters
    ----------
    statement
        As parsed.
    text
        Its source: whole lines.
    first
        The line number that the first line of ``text`` has in the tree.
    own
        Names that the student bound outside.
    known
        What the names imported outside stand for.
    """
    speller = _Speller(statement, own, known)
    place = _Places(text, first)
    words: list[Word] = []
    stack: list[_Item] = [statement]
    while stack:
        item = stack.pop()
        if isinstance(item, _At):
            words.append(Word(item.text, *place(item.node, whole=item.whole)))
        else:
            stack.extend(reversed(speller.spell(item)))
    return words


@dataclass
class _Places:
    """From lines and bytes of a tree to characters of a text."""

    text: str
    first: int
    lines: list[str] = field(init=False)
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def __call__(self, node: ast.AST, *, whole: bool) -> tuple[int, int]:
        """Return where a node begins and ends; only where it begins, unless ``whole``."""
        at: Any = node  # only nodes with a place come here
        start = self._character(at.lineno, at.col_offset)
        end = self._character(at.end_lineno, at.end_col_offset) if whole else start
        return start, end

    def _character(self, line: int, column: int) -> int:
        number = min(max(line - self.first, 0), len(self.lines) - 1)
        text = self.lines[number]
        within = column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))
        return self.starts[number] + min(within, len(text))


class _Speller:
    """Turns one node into words and nodes that are spelt later."""

    def __init__(self, statement: ast.stmt, own: Collection[str], known: Aliases) -> None:
        nodes = list(ast.walk(statement))
        here = {name for node in nodes for name in bound(node)}
        # A parameter called like a module of the hand-out is not that module: renamed, it would be another word.
        self.known = {**{name: words for name, words in known.items() if name not in here}, **aliases(nodes)}
        self.own = {*own, *here}
        self.attributes = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}

    def spell(self, node: ast.AST) -> list[_Item]:
        """Return the words and children of a node, in order."""
        if isinstance(node, _SMALL | _NO_WORDS):
            return []
        rule = _RULES.get(type(node))
        if rule is not None:
            return rule(self, node)
        name = _KEYWORDS.get(type(node), type(node).__name__)  # type: ignore[call-overload]
        placed: list[_Item] = [_At(name, node)] if hasattr(node, "lineno") else []
        return placed + list(ast.iter_child_nodes(node))

    def name(self, node: ast.Name) -> list[_Item]:
        if node.id in self.known:
            return [_At(word, node, whole=True) for word in self.known[node.id]]
        return [_At(OWN if node.id in self.own else node.id, node, whole=True)]

    def attribute(self, node: ast.Attribute) -> list[_Item]:
        return [_At("." + (OWN if node.attr in self.attributes else node.attr), _Tail(node), whole=True), node.value]

    def constant(self, node: ast.Constant) -> list[_Item]:
        return [_At(_number(node.value), node, whole=True)]

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[_Item]:
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
        word = "lambda" if isinstance(node, ast.Lambda) else "def"
        return [_At(word, node), *decorators, *self.arguments(node.args), *body]

    def arguments(self, node: ast.arguments) -> list[_Item]:
        every = [*node.posonlyargs, *node.args, node.vararg, *node.kwonlyargs, node.kwarg]
        defaults = [default for default in (*node.defaults, *node.kw_defaults) if default is not None]
        return [*(_At(OWN, argument) for argument in every if argument is not None), *defaults]

    def a_class(self, node: ast.ClassDef) -> list[_Item]:
        return [_At("class", node), *node.decorator_list, *node.bases, *node.keywords, *node.body]

    def expression(self, node: ast.Expr) -> list[_Item]:
        value = node.value
        called = value.func if isinstance(value, ast.Call) else None
        if isinstance(value, ast.Constant) or (isinstance(called, ast.Name) and called.id == "print"):
            return []  # docstrings, dots, what was printed to look at it
        return [value]

    def assign(self, node: ast.Assign) -> list[_Item]:
        target, value = node.targets[0], node.value
        if len(node.targets) == 1 and isinstance(target, ast.Name) and isinstance(value, ast.BinOp):
            left = value.left
            if isinstance(left, ast.Name) and left.id == target.id:
                return [_At(f"{type(value.op).__name__}=", node), target, value.right]
        return [_At("=", node), *node.targets, value]

    def annotated(self, node: ast.AnnAssign) -> list[_Item]:
        return [] if node.value is None else [_At("=", node), node.target, node.value]

    def named(self, node: ast.NamedExpr) -> list[_Item]:
        return [_At("=", node), node.target, node.value]

    def augmented(self, node: ast.AugAssign) -> list[_Item]:
        return [_At(f"{type(node.op).__name__}=", node), node.target, node.value]

    def binary(self, node: ast.BinOp) -> list[_Item]:
        return [_At(type(node.op).__name__, node), node.left, node.right]

    def boolean(self, node: ast.BoolOp) -> list[_Item]:
        return [_At(type(node.op).__name__, node), *node.values]

    def unary(self, node: ast.UnaryOp) -> list[_Item]:
        inner = node.operand
        if isinstance(node.op, ast.USub) and isinstance(inner, ast.Constant):
            return [_At(f"-{_number(inner.value)}", node, whole=True)]
        return [_At(type(node.op).__name__, node), inner]

    def compare(self, node: ast.Compare) -> list[_Item]:
        sides = [node.left, *node.comparators]
        names = [type(op).__name__ for op in node.ops]
        if names in (["Gt"], ["GtE"]):
            names, sides = [names[0].replace("Gt", "Lt")], sides[::-1]
        return [*(_At(name, node) for name in names), *sides]

    def call(self, node: ast.Call) -> list[_Item]:
        keywords = sorted(node.keywords, key=lambda one: one.arg or "")
        named: list[_Item] = []
        for one in keywords:
            named += [_At(f"{one.arg or '**'}=", one), one.value]
        return [_At("call", node), node.func, *node.args, *named]

    def subscript(self, node: ast.Subscript) -> list[_Item]:
        return [_At("[]", node), node.value, node.slice]

    def slice(self, node: ast.Slice) -> list[_Item]:
        found: list[_Item] = [_At(":", node)]
        for word, part in (("from", node.lower), ("to", node.upper), ("by", node.step)):
            found += [] if part is None else [_At(word, part), part]
        return found

    def sequence(self, node: ast.Tuple | ast.List) -> list[_Item]:
        return [_At(",", node), *node.elts]

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> list[_Item]:
        word = "{for}" if isinstance(node, ast.SetComp) else "[for]"
        return [_At(word, node), node.elt, *node.generators]

    def text(self, node: ast.JoinedStr) -> list[_Item]:
        return [_At(STRING, node, whole=True)]


class _Tail(ast.expr):
    """The name at the end of an attribute, as a node with a place."""

    def __init__(self, node: ast.Attribute) -> None:
        super().__init__()
        self.lineno = self.end_lineno = node.end_lineno or node.lineno
        self.end_col_offset = node.end_col_offset or 0
        self.col_offset = max(self.end_col_offset - len(node.attr.encode()), 0)


_RULES: dict[type[ast.AST], Callable[[_Speller, Any], list[_Item]]] = {
    ast.Name: _Speller.name,
    ast.Attribute: _Speller.attribute,
    ast.Constant: _Speller.constant,
    ast.FunctionDef: _Speller.function,
    ast.AsyncFunctionDef: _Speller.function,
    ast.Lambda: _Speller.function,
    ast.ClassDef: _Speller.a_class,
    ast.Expr: _Speller.expression,
    ast.Assign: _Speller.assign,
    ast.AnnAssign: _Speller.annotated,
    ast.NamedExpr: _Speller.named,
    ast.AugAssign: _Speller.augmented,
    ast.BinOp: _Speller.binary,
    ast.BoolOp: _Speller.boolean,
    ast.UnaryOp: _Speller.unary,
    ast.Compare: _Speller.compare,
    ast.Call: _Speller.call,
    ast.Subscript: _Speller.subscript,
    ast.Slice: _Speller.slice,
    ast.Tuple: _Speller.sequence,
    ast.List: _Speller.sequence,
    ast.ListComp: _Speller.comprehension,
    ast.GeneratorExp: _Speller.comprehension,
    ast.SetComp: _Speller.comprehension,
    ast.JoinedStr: _Speller.text,
}


def bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds; imports are not the student's names."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
        yield node.name or ""


def _number(value: object) -> str:
    """Return the word of a constant: numbers by their value, strings as one word."""
    if isinstance(value, str | bytes):
        return STRING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    return f"{float(value):g}" if abs(value) < 2**53 else "large"
