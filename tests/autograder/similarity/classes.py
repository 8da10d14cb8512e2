"""Made-up classes for the tests: hand-ins from Lab 3's right solutions, styled by hand, copied, disguised."""

import ast
import copy
import hashlib
import random
import re
from functools import cache

from xailab_autograder import labs
from xailab_autograder.exercises import Exercise, Lab
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell

Functions = dict[str, str]
"""Exercise -> the source of a function, and what it needs."""

WORDS = [
    *(
        "unit",
        "boat",
        "sail",
        "pixel",
        "chance",
        "label",
        "mask",
        "count",
        "rotate",
        "threshold",
        "concept",
        "axis",
        "table",
    ),
    *(
        "water",
        "network",
        "claim",
        "remove",
        "image",
        "shuffle",
        "patch",
        "drop",
        "agree",
        "few",
        "many",
        "often",
        "never",
    ),
    *("show", "test", "other", "part", "half", "colour", "edge", "scene", "picture", "random", "same"),
]


@cache
def lab3() -> Lab:
    return labs.load("03")


@cache
def solutions() -> dict[str, tuple[str, ...]]:
    """Return exercise -> independent right sources, each with the function named as asked."""
    folder = labs.find("03")
    functions = {task.function: task.id for task in lab3().tasks if isinstance(task, Exercise)}
    styled = re.compile(r"\b(" + "|".join(sorted(functions, key=len, reverse=True)) + r")_[a-z_]+(?=\()")
    found: dict[str, list[str]] = {}
    for node in ast.parse((folder / "variants.py").read_text()).body:
        if isinstance(node, ast.FunctionDef):
            source = styled.sub(r"\1", ast.unparse(node))
            name = ast.parse(source).body[0].name  # type: ignore[attr-defined]
            found.setdefault(functions[name], []).append(source)
    return {task: tuple(sources) for task, sources in found.items()}


def some_right(rng: random.Random, share: float = 0.5) -> Functions:
    """Return a student's solutions: one of the variants for each exercise, a share of its statements written anew."""
    return {task: in_own_hand(rng.choice(sources), rng, share) for task, sources in solutions().items()}


def in_own_hand(source: str, rng: random.Random, share: float = 0.5) -> str:
    """Return the same function as another person would have written it: other steps, other names."""
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    _split_steps(function, rng, share)
    return renamed(ast.unparse(tree), rng)


def _split_steps(function: ast.FunctionDef, rng: random.Random, share: float) -> None:
    """Give names to parts of expressions, in some of the statements."""
    for node in ast.walk(function):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if not isinstance(block, list) or not block or not isinstance(block[0], ast.stmt):
                continue
            steps: list[ast.stmt] = []
            for statement in block:
                value = getattr(statement, "value", None)
                parts = [p for p in ast.walk(value) if _can_stand_alone(p, value)] if isinstance(value, ast.AST) else []
                if isinstance(statement, ast.Assign | ast.Return) and parts and rng.random() < share:
                    chosen, name = rng.choice(parts), f"step_{rng.randrange(10**6)}"
                    steps.append(ast.Assign([ast.Name(name, ast.Store())], copy.deepcopy(chosen), lineno=0))
                    chosen.__class__ = ast.Name
                    chosen.__dict__.clear()
                    chosen.__dict__.update(id=name, ctx=ast.Load())
                steps.append(statement)
            setattr(node, field, steps)
    ast.fix_missing_locations(function)


def _can_stand_alone(part: ast.AST, value: ast.AST) -> bool:
    if not isinstance(part, ast.Call | ast.BinOp | ast.Subscript) or part is value:
        return False
    if isinstance(value, ast.ListComp | ast.GeneratorExp | ast.SetComp) or isinstance(
        getattr(part, "ctx", None), ast.Store
    ):
        return False
    return not any(isinstance(p, ast.ListComp | ast.GeneratorExp | ast.Lambda | ast.SetComp) for p in ast.walk(value))


def renamed(source: str, rng: random.Random) -> str:
    """Return the same function with other names for all that it binds."""
    tree = ast.parse(source)
    bound = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    bound |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names = {name: f"{rng.choice(WORDS)}_{number}" for number, name in enumerate(sorted(bound))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = names.get(node.arg, node.arg)
    return ast.unparse(tree)


def disguised(functions: Functions, rng: random.Random, share: float = 0.06) -> Functions:
    """Return a copy with other names, comments, docstrings, quotes, numbers, layout, order, and some other steps."""
    found = {}
    tasks = list(functions)
    rng.shuffle(tasks)
    for task in tasks:
        source = in_own_hand(functions[task], rng, share)
        head, _, body = source.partition("\n")
        docstring = f'    """{" ".join(rng.choices(WORDS, k=5))}"""'
        lines = [f"{head}  # {rng.choice(WORDS)}", docstring, "    import numpy as np"]
        for line in body.split("\n"):
            if line.strip().startswith('"""'):
                continue
            lines += [""] if rng.random() < 0.2 else []
            dressed = re.sub(r"\b0\.5\b", ".50", line).replace("'", '"')
            lines.append(f"{dressed}  # {rng.choice(WORDS)}" if rng.random() < 0.3 else dressed)
        found[task] = "\n".join(lines)
    return found


def prose(rng: random.Random, words: int = 90) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."


def hand_in(student: str, functions: Functions, text: str = "", more: tuple[Cell, ...] = ()) -> HandedIn:
    """Return a hand-in; the functions stand in their own order."""
    cells = tuple(Cell(f"cell {n}", source, task) for n, (task, source) in enumerate(functions.items(), 1)) + more
    digest = hashlib.sha256(repr((cells, text)).encode()).hexdigest()
    submission = Submission(f"{student}.ipynb", cells, {"reflect": text} if text else {}, digest)
    return HandedIn("03", student, digest, submission.name, submission=submission)


def functions_of(one: HandedIn) -> Functions:
    """Return what a made-up student wrote."""
    assert one.submission is not None
    return {cell.grade_id or cell.label: cell.source for cell in one.submission.cells}


def a_class(
    size: int, seed: int, *, copies: int = 3, share: float = 0.5, changed: float = 0.06
) -> tuple[list[HandedIn], set[frozenset[str]]]:
    """Return hand-ins of independent students and of some who copied, and who copied from whom.

    ``share`` of the statements of each student are written anew, ``changed`` of those of a copy.
    """
    rng = random.Random(seed)
    work = {f"student{number:03d}": some_right(rng, share) for number in range(size - copies)}
    hand_ins = [hand_in(name, functions, prose(rng)) for name, functions in work.items()]
    known = set()
    for number, victim in enumerate(rng.sample(sorted(work), copies)):
        name = f"student{size - copies + number:03d}"
        hand_ins.append(hand_in(name, disguised(work[victim], rng, changed), prose(rng)))
        known.add(frozenset((name, victim)))
    rng.shuffle(hand_ins)
    return hand_ins, known
