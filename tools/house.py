"""The house check: what linters cannot see. Prints every breach and fails if there is one.

- budgets of the style guide: lines of a file and of a function, parameters, no boolean positionals
- torch hooks are registered only in ``xailab/hooks.py``
- a network's mean and std stand only in ``xailab/images.py``
- no module is called utils, common, helpers or misc
- every public function and class of the library has a docstring, and its ``Parameters`` names exist
- every ``Source: Author et al. YEAR`` resolves to a key of ``docs/sources.bib``, and no key is unused

Run: ``python tools/house.py``
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "xailab", ROOT / "kernels" / "xailab_kernels", ROOT / "autograder" / "xailab_autograder")
FILE_WARN, FILE_FAIL = 300, 500
FUNCTION_WARN, FUNCTION_FAIL = 40, 60
PARAMETERS_FAIL = 10  # options are keyword-only; kernels are exempt, they take arrays one by one
INHERITED = {("shutdown", "wait")}  # concurrent.futures.Executor's own signature
FORBIDDEN_NAMES = {"utils", "common", "helpers", "misc"}
IMAGENET_MEAN = re.compile(r"0?\.485\b|0?\.229\b")
AUTHORS = r"([A-Z][\w-]+)(?: et al\.|, [A-Z]\w+(?: and| &) [A-Z]\w+|(?: and| &) [A-Z]\w+)?"
CITATION = re.compile(AUTHORS + r",? \(?((?:19|20)\d\d)\b")
SOURCE = re.compile(r"Source: (.*?)(?:\n\s*\n|\"\"\"|\Z)", re.DOTALL)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def code_lines(node: Function) -> int:
    """Count the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method of a module."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def check_budgets(name: str, text: str, tree: ast.Module, *, kernel: bool) -> Iterator[tuple[str, str]]:
    """Yield (severity, message) for what is too long or takes too much."""
    lines = text.count("\n")
    if lines > FILE_WARN:
        yield (
            "fail" if lines > FILE_FAIL else "warn",
            f"{name}: {lines} lines (budget {FILE_WARN}, limit {FILE_FAIL})",
        )
    for node in functions(tree):
        where, size = f"{name}:{node.lineno} {node.name}", code_lines(node)
        if size > FUNCTION_WARN:
            yield (
                "fail" if size > FUNCTION_FAIL else "warn",
                f"{where}: {size} lines (budget {FUNCTION_WARN}, limit {FUNCTION_FAIL})",
            )
        named = [
            a.arg
            for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            if a.arg not in ("self", "cls")
        ]
        if len(named) > PARAMETERS_FAIL and not kernel and not node.name.startswith("_"):
            yield ("fail", f"{where}: {len(named)} parameters (limit {PARAMETERS_FAIL})")
        defaults = dict(zip([a.arg for a in node.args.args][::-1], node.args.defaults[::-1], strict=False))
        for argument, value in defaults.items():
            if isinstance(value, ast.Constant) and isinstance(value.value, bool) and not kernel:
                if (node.name, argument) in INHERITED:
                    continue
                yield ("fail", f"{where}: boolean option {argument!r} must be keyword-only")


def check_rooms(name: str, path: Path, text: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what stands in the wrong room."""
    if path.stem in FORBIDDEN_NAMES:
        yield ("fail", f"{name}: name the file for what it does")
    if name != "xailab/hooks.py" and re.search(r"\bregister_\w*hook\b", text):
        yield ("fail", f"{name}: torch hooks belong in xailab/hooks.py")
    if name != "xailab/images.py" and IMAGENET_MEAN.search(text):
        yield ("fail", f"{name}: mean and std belong in xailab/images.py")


def public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Yield public functions, classes and methods that are not inside functions."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (m for m in node.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_"))


def check_docstrings(name: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield missing docstrings and documented parameters that do not exist."""
    if not ast.get_docstring(tree):
        yield ("fail", f"{name}: no module docstring")
    for node in public(tree):
        doc = ast.get_docstring(node)
        if not doc:
            yield ("fail", f"{name}:{node.lineno} {node.name}: no docstring")
        elif isinstance(node, ast.FunctionDef) and "\nParameters\n---" in doc:
            section = doc.split("\nParameters\n", 1)[1].split("\n", 1)[1]
            section = re.split(r"\n\n?[A-Z][a-z]+\n-{3,}", section)[0]
            documented = {
                w.strip(" *")
                for line in section.splitlines()
                if re.match(r"^[\w*, ]+( :.*)?$", line) and not line.startswith(" ")
                for w in line.split(" :")[0].split(",")
            }
            a = node.args
            real = {x.arg for x in [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, [a.vararg, a.kwarg])]}
            for ghost in sorted(documented - real - {""}):
                yield ("fail", f"{name}:{node.lineno} {node.name}: documents {ghost!r}, which it does not take")


def check_sources(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield cited sources that are not in the bibliography, and entries that nobody cites."""
    keys = set(re.findall(r"@\w+\{([\w-]+),", (ROOT / "docs" / "sources.bib").read_text()))
    used: set[str] = set()
    for name, text in texts.items():
        flat = re.sub(r"\s+", " ", text)
        used |= {f"{author.lower()}{year}" for author, year in CITATION.findall(flat)}
        for paragraph in SOURCE.findall(text):
            for author, year in CITATION.findall(re.sub(r"\s+", " ", paragraph)):
                if f"{author.lower()}{year}" not in keys:
                    yield ("fail", f"{name}: source {author} {year} is not in docs/sources.bib")
    for key in sorted(keys - used):
        yield ("fail", f"docs/sources.bib: {key} is cited nowhere")


def main() -> int:
    """Run every check over the three packages; return the exit code."""
    breaches: list[tuple[str, str]] = []
    texts: dict[str, str] = {}
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            name, text = path.relative_to(ROOT).as_posix(), path.read_text()
            tree, kernel = ast.parse(text), "from numba" in text or "import numba" in text
            texts[name] = text
            # The parameters of a command are the declarations of its options; those of a kernel are its arrays.
            breaches += check_budgets(name, text, tree, kernel=kernel or path.stem.split("_")[0] == "cli")
            breaches += check_rooms(name, path, text, tree)
            breaches += check_docstrings(name, tree)
    breaches += check_sources(texts)
    for severity, message in breaches:
        print(f"{severity}: {message}", file=sys.stderr)
    failed = sum(severity == "fail" for severity, _ in breaches)
    print(f"house: {len(texts)} files, {failed} failures, {len(breaches) - failed} warnings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
