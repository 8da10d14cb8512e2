# ruff: noqa: E501 (sentences and one-line programs are read better in one piece)
"""What is carried of a live function is enough to define it again, and what cannot be carried is named."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from xailab_autograder.sandbox.definitions import collect
from xailab_autograder.sandbox.outcomes import Wanted
from xailab_autograder.selfcheck.gathering import CannotCarry, Gathered, gather

HEAD = "import functools\nimport io\nimport math\nimport numpy as np\n"


def namespace_of(source: str, folder: Path, name: str = "student") -> dict[str, Any]:
    """Run a script as ``python file.py`` would, and return its globals."""
    file = folder / f"{name}.py"
    file.write_text(textwrap.dedent(source))
    namespace: dict[str, Any] = {"__name__": "__main__", "__file__": str(file)}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    return namespace


def carried(source: str, folder: Path, name: str = "answer") -> Gathered:
    namespace = namespace_of(HEAD + textwrap.dedent(source), folder)
    return gather(namespace[name], name, "the-exercise", namespace)


def run_again(gathered: Gathered) -> dict[str, Any]:
    """Define everything again as a worker does, in an empty namespace."""
    fresh: dict[str, Any] = {}
    collected = collect(gathered.cells, [Wanted("the-exercise", "answer")])
    assert collected.notes == ()
    for group in collected.groups:
        exec(compile(group.module, group.cell, "exec", dont_inherit=True), fresh)
    return fresh


WORKS = {
    "a plain function": "def answer(x):\n    return x + 1",
    "functions that call each other": "def a(n): return b(n)\ndef b(n): return n + 1 if n < 100 else a(0)\ndef answer(x): return a(x)",
    "a module and a constant": "K = 1\ndef answer(x): return np.add(x, K)",
    "a name from a module": "from math import floor\ndef answer(x): return floor(x) + 1",
    "a star import": "from math import *\ndef answer(x): return floor(x) + 1",
    "a submodule": "import xml.dom\ndef answer(x): return x + (xml.dom.Node.ELEMENT_NODE == 1)",
    "a class without methods": "class One:\n    value: int = 1\ndef answer(x): return x + One.value",
    "a class with methods": "class One:\n    def get(self): return one()\ndef one(): return 1\ndef answer(x): return x + One().get()",
    "a decorator without wraps": "def same(f):\n    def inner(*a):\n        return f(*a)\n    return inner\n@same\ndef answer(x): return x + 1",
    "a decorator with wraps": "def same(f):\n    @functools.wraps(f)\n    def inner(*a):\n        return f(*a)\n    return inner\n@same\n@same\ndef answer(x): return x + 1",
    "a lambda": "answer = lambda x: x + 1; other = 3",
    "a partial": "def add(a, b): return a + b\nanswer = functools.partial(add, 1)",
    "an alias": "def attempt_two(x): return x + 1\nanswer = attempt_two",
    "a factory": "def make(k):\n    def inner(x): return x + k\n    return inner\nanswer = make(1)",
    "a function of a library": "answer = math.nextafter and (lambda x: x + 1)",
    "default arguments": "ONE = [1]\ndef answer(x, k=ONE[0]): return x + k",
    "a definition in an if": "if True:\n    def answer(x): return x + 1",
    "nested functions and comprehensions": "K = 1\ndef answer(x):\n    def inner(y): return [y + K for _ in range(3)][0]\n    return inner(x)",
    "a generator of random numbers": "rng = np.random.default_rng(0)\ndef answer(x):\n    rng.normal()\n    return x + 1",
    "constants of every plain kind": "C = (1, 2.5, 'a', b'b', None, True, 1j, {'k': [1, {2}]}, range(3), frozenset({1}), float('inf'), ())\ndef answer(x): return x + (len(C) == 12 and C[3] == b'b' and C[10] > 1e9)",
    "small arrays": "A = np.array([[1, 2], [3, 4]], np.int8)[::-1]\ndef answer(x): return x + (A.dtype == np.int8 and A.tolist() == [[3, 4], [1, 2]])",
    "a changed list": "seen = []\nfor i in range(3): seen.append(i)\ndef answer(x): return x + (seen == [0, 1, 2])",
    "a large array that is computed": "BIG = np.ones((200, 200))\ndef answer(x): return x + int(BIG[0, 0])",
    "annotations": "from typing import Any\ndef answer(x: Any) -> 'np.ndarray': return x + 1",
    "two statements on a line": "a = 1; b = 2\ndef answer(x): return x + a",
    "a docstring with strange lines": 'def answer(x):\n    """One\n  two\nthree"""\n    return x + 1',
}  # fmt: skip


@pytest.mark.parametrize("source", WORKS.values(), ids=WORKS)
def test_a_carried_function_works_in_an_empty_namespace(source: str, tmp_path: Path) -> None:
    again = run_again(carried(source, tmp_path))
    assert again["answer"](4) == 5


CANNOT = {
    "an open file": ("f = io.StringIO()\ndef answer(x): return f.read()", "`f` (an open file)"),
    "data computed from a file": ("f = io.StringIO()\ntext = [*f, object()]\ndef answer(x): return text", "`text` (a list of"),
    "a generator": ("g = (i for i in range(3))\ndef answer(x): return next(g)", "`g` (a generator"),
    "made in a loop": ("for i in range(2):\n    big = np.zeros((100, 100)) + i\ndef answer(x): return big", "`big` (an array of 100 x 100 float64)"),
    "made in a with block": ("with np.errstate():\n    acts = np.zeros((100, 100))\ndef answer(x): return acts", "`acts` (an array of 100 x 100 float64)"),
    "made from itself": ("big = np.zeros((100, 100))\nbig = big + 1\ndef answer(x): return big", "made from an older `big`"),
    "through another function": ("f = io.StringIO()\ndef inner(): return f\ndef answer(x): return inner()", "`f` (an open file)"),
    "a method": ("class C:\n    def answer(self, x): return x\nanswer = C().answer", "write a plain function"),
    "two of them": ("f = io.StringIO()\ng = iter([1])\ndef answer(x): return f, g", "variables `f` (an open file), `g`"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "words"), CANNOT.values(), ids=CANNOT)
def test_what_exists_only_in_this_session_is_named(source: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CannotCarry) as caught:
        carried(source, tmp_path)
    assert words in str(caught.value)
    if "write a plain function" not in words:
        assert "That works here, but not when your notebook is graded" in str(caught.value)


def test_small_arrays_are_carried_with_a_remark_because_they_may_be_meant_as_arguments(tmp_path: Path) -> None:
    gathered = carried("T = np.arange(3.0)\nTABLE = np.arange(3)\ndef answer(x): return x + T[1] + TABLE[0]", tmp_path)
    (remark,) = gathered.remarks
    assert "`T` (an array of 3 float64)" in remark
    assert run_again(gathered)["answer"](4) == 5


def test_the_functions_own_cell_alone_carries_the_exercise(tmp_path: Path) -> None:
    gathered = carried("def a(x): return x\ndef answer(x): return a(x)", tmp_path)
    assert [cell.grade_id for cell in gathered.cells] == [None, "the-exercise"]


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    gathered = carried("\n\n@functools.cache\ndef answer(x):\n    return x + 1", tmp_path)
    own = gathered.cells[-1]
    assert own.label == "student.py"
    assert (tmp_path / "student.py").read_text().splitlines()[8] == own.source.splitlines()[8] == "    return x + 1"


def test_annotations_that_are_never_evaluated_need_nothing(tmp_path: Path) -> None:
    source = "from __future__ import annotations\ndef answer(x: Nothing) -> Nowhere:\n    return x + 1"
    namespace = namespace_of(source, tmp_path)
    assert run_again(gather(namespace["answer"], "answer", "the-exercise", namespace))["answer"](4) == 5


def test_the_object_counts_not_the_name(tmp_path: Path) -> None:
    namespace = namespace_of("def answer(x): return 0\nold = answer\ndef answer(x): return 1", tmp_path)
    assert run_again(gather(namespace["answer"], "answer", "e", namespace))["answer"](4) == 1
    older = gather(namespace["old"], "answer", "e", namespace)
    assert run_again(older)["answer"](4) == 0


def test_a_compiled_function_is_carried_as_its_source(tmp_path: Path) -> None:
    gathered = carried("import numba\nK = 1\n@numba.njit\ndef answer(x):\n    return x + K", tmp_path)
    assert "@numba.njit" in gathered.cells[-1].source
    assert "K = 1" in [cell.source for cell in gathered.cells]


def test_a_function_of_another_file_of_the_student_is_not_handed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_tools.py").write_text("def tool(x): return x")
    monkeypatch.syspath_prepend(tmp_path)
    for source in (
        "from my_tools import tool\ndef answer(x): return tool(x)",
        "import my_tools\ndef answer(x): return my_tools.tool(x)",
    ):
        with pytest.raises(CannotCarry, match=r"of your file my_tools\.py, which is not handed in; copy"):
            carried(source, tmp_path)


def test_code_without_source_says_what_to_do(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "nowhere"}
    exec("def answer(x): return x", namespace)
    with pytest.raises(CannotCarry, match="the source of answer cannot be found"):
        gather(namespace["answer"], "answer", "e", namespace)


IPYTHON = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def cell(text):
    shell.run_cell(text, store_history=True)
cell("import numpy as np\\nK = 5")
cell("def answer(x):\\n    return x + K")
cell("K = 1")
cell("1 / 0\\ndef answer(x):\\n    return 'never run'")
cell("%%time\\nclass Two:\\n    value = 2")
cell("def use(x):\\n    return Two.value - 1 + x")
cell("def magic(x):\\n    %time y = x\\n    return y")
from xailab_autograder.sandbox.definitions import collect
from xailab_autograder.sandbox.outcomes import Wanted
from xailab_autograder.selfcheck.gathering import gather
for name in ("answer", "use"):
    gathered = gather(shell.user_ns[name], name, "e", shell.user_ns)
    fresh = {}
    for part in gathered.cells:
        exec(part.source, fresh)
    print("RESULT", name, fresh[name](4), [part.label for part in gathered.cells])
"""


def test_in_ipython_the_live_definition_and_the_live_constants_count(tmp_path: Path) -> None:
    code = IPYTHON.replace("\\\\", "\\")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert lines == [
        "RESULT answer 5 ['your variables', 'cell In[2]']",
        "RESULT use 5 ['cell In[5]', 'cell In[6]']",
    ]
