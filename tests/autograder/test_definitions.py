"""Which statements of a submission are run, and which definition counts."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.sandbox.definitions import ANYTHING, Collected, collect
from xailab_autograder.sandbox.outcomes import Cell, Wanted


def collected(*sources, wanted=("f",), ids=None):
    cells = [Cell(f"cell {n}", source, (ids or {}).get(n)) for n, source in enumerate(sources, 1)]
    return collect(cells, [Wanted(f"ex-{name}", name) for name in wanted])


def run(result: Collected) -> dict:
    space = {"__name__": "__main__"}
    for label, module, _ in result.groups:
        exec(compile(module, label, "exec"), space)
    return space


def kinds(result):
    return [note.kind for note in result.notes]


def test_imports_definitions_and_constants_run_but_demonstrations_do_not():
    result = collected(
        "import math\nN = 3\nPAIR = (1, [2, 3])\nboom()\nfor i in range(3):\n    boom()\ndel N\nassert boom()",
        "class C:\n    x = 1\ndef g():\n    return boom()\ny = boom()\nwith o('x') as f_:\n    pass\nwhile True: pass",
        "if __name__ == '__main__':\n    def f(x): return boom()\n",
        "def f(x):\n    return math.sqrt(x) + N",
    )
    space = run(result)
    assert space["f"](4) == 5
    assert {"math", "N", "PAIR", "C", "g"} <= space.keys()
    assert not {"y", "i", "f_"} & space.keys()
    assert result.notes == ()


def test_assignments_with_calls_run_only_if_a_wanted_function_needs_them():
    result = collected(
        "import math\nsize = int('4')\nscale = float(size)\nunused = boom()\ntable = dict(a=1)\ntable['b'] = int('7')",
        "def helper(x):\n    return x * scale\ndef shown(x):\n    return unused",
        "def f(x, unused=3):\n    unused = helper(x)\n    return unused + table['b']",
    )
    space = run(result)
    assert space["f"](2) == 15
    assert "unused" not in space


def test_an_earlier_function_that_goes_on_under_another_name_is_kept():
    source = "def f(x):\n    return x + 1\ng = f\ndef f(x):\n    return 10 * g(x)"
    assert run(collected(source))["f"](1) == 20
    in_cells = collected("def f(x):\n    return x + 1", "g = f", "def f(x):\n    return 10 * g(x)")
    assert run(in_cells)["f"](1) == 20


def test_an_earlier_function_that_nothing_uses_is_left_out():
    result = collected("def f(x, y=boom()):\n    return 0", "print(f(2))", "def f(x):\n    return 1")
    assert [len(module.body) for _, module, _ in result.groups] == [1]


def test_local_names_do_not_pull_in_globals_of_the_same_name():
    source = "acts = boom()\ndef f(acts):\n    return [acts for acts in acts], (lambda acts: acts)(acts)"
    assert "acts" not in run(collected(source))


def test_a_class_attribute_of_the_same_name_is_no_need():
    assert "acts" not in run(
        collected("acts = boom()\ndef f():\n    class A:\n        acts = 1\n        b = acts\n    return A")
    )


def test_guarded_imports_run_without_their_prints():
    source = (
        "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    print(boom())\n    nowhere_to_be_found = None"
    )
    assert run(collected(source))["nowhere_to_be_found"] is None
    source = "if bool(1):\n    k = 2\nelse:\n    k = 3\ndef f(): return k"
    assert run(collected(source))["f"]() == 2


def test_definitions_that_rest_on_demonstrations_are_left_out_silently():
    result = collected(
        "acts = boom()\nfirst = acts[0]\ndef show(x=acts): pass\nsquare = [v for v in acts]", "def f(): pass"
    )
    assert not {"first", "show", "square"} & run(result).keys()
    assert result.notes == ()


def test_a_name_made_by_a_loop_that_the_function_needs_is_said():
    result = collected("for n in range(3):\n    total = n", "def f():\n    return total")
    assert kinds(result) == ["skipped"]
    assert result.notes[0].cell == "cell 1"
    assert "`f` needs `total`" in result.notes[0].text


def test_a_syntax_error_loses_its_cell_only():
    result = collected("def f(x):\n    return x", "def g(:\n    pass", "h = 3")
    assert kinds(result) == ["syntax"]
    assert result.notes[0].cell == "cell 2"
    assert "line 1" in result.notes[0].text
    assert run(result)["h"] == 3


def test_a_statement_that_compiles_nowhere_loses_itself_only():
    result = collected("return 3\ndef f(): return 1")
    assert kinds(result) == ["syntax"]
    assert run(result)["f"]() == 1


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "!pip install 'x'",
        "!echo it's",
        "?f",
        "np.mean?",
        "np.mean??",
        '%cd "somewhere',
        "files = !ls",
        "%%time",
        "%%capture out",
        "t = %timeit -o 3",
        "if 1:\n    !ls",
    ],
)
def test_magics_are_left_out_and_noted_and_line_numbers_stay(line):
    result = collected(f"{line}\nLIMIT = 7 \\\n   % 4\n\ndef f(x):\n    return x % LIMIT")
    assert set(kinds(result)) == {"magic"}
    assert result.found["f"].line == 5 + line.count("\n")
    assert run(result)["f"](5) == 2


def test_a_line_of_an_expression_may_begin_with_percent():
    result = collected("N = (7\n% 4)\ndef f(): return N")
    assert result.notes == ()
    assert run(result)["f"]() == 3
    result = collected("%matplotlib inline\nN = (7\n% 4)\ndef f(): return N\n!ls")
    assert kinds(result) == ["magic"]
    assert run(result)["f"]() == 3


def test_the_statement_after_time_is_kept():
    assert run(collected("%time k = int('3')\ndef f(): return k"))["f"]() == 3


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile f.py", "%%html", "%%!"])
def test_cells_in_other_languages_are_not_run(magic):
    result = collected(f"{magic}\ndef f(): return 1")
    assert kinds(result) == ["magic"]
    assert result.groups == ()
    assert result.found == {}


def test_the_exercises_own_cell_wins_then_the_last():
    sources = ["def f(): return 1", "def f(): return 2", "def f(): return 3"]
    result = collected(*sources, ids={2: "ex-f"})
    assert run(result)["f"]() == 2
    assert kinds(result) == ["duplicate"]
    assert "cell 2, line 1 counts" in result.notes[0].text
    assert run(collected(*sources))["f"]() == 3
    assert run(collected(*sources, ids={1: "ex-f", 2: "ex-f"}))["f"]() == 2


@pytest.mark.parametrize(
    "body",
    ["raise NotImplementedError('x')", "pass", "...", "return None", "return", "'doc'\n    raise NotImplementedError"],
)
def test_stubs_lose_against_written_functions_even_in_their_own_cell(body):
    stub = f"def f(x):\n    {body}"
    result = collected("def f(x):\n    return 1", stub, ids={2: "ex-f"})
    assert run(result)["f"](0) == 1
    assert result.notes == ()
    assert collected(stub).found["f"].stub
    assert not result.found["f"].stub


@pytest.mark.parametrize(
    ("body", "stub"),
    [
        ("found = []\n    raise NotImplementedError('x')\n    return found", True),
        ("if x:\n        return 1\n    raise NotImplementedError", False),
        ("if x is None:\n        raise NotImplementedError\n    return 1", False),
        ("return 1\n    raise NotImplementedError", False),
        ("raise ValueError", False),
    ],
)
def test_a_hole_between_given_lines_is_a_stub(body, stub):
    assert collected(f"def f(x):\n    {body}").found["f"].stub is stub


def test_a_renamed_function_in_the_exercises_own_cell_is_taken():
    result = collected("def mine(x, y):\n    return x", "def other(x): return 0", ids={1: "ex-f"})
    assert kinds(result) == ["renamed"]
    assert run(result)["f"](4, 0) == 4
    assert result.found["f"].parameters == ("x", "y")


@pytest.mark.parametrize(
    "own", ["def a(): return 1\ndef b(): return 2", "def a(): pass", "A = 3", "def g(x): return x"], ids=str
)
def test_nothing_is_renamed_when_it_is_not_certain(own):
    result = collected(own, wanted=("f", "g"), ids={1: "ex-f"})
    assert "f" not in result.found


def test_two_own_cells_are_not_certain_either():
    assert "f" not in collected("def a(): return 1", "def b(): return 1", ids={1: "ex-f", 2: "ex-f"}).found


@pytest.mark.parametrize(
    ("source", "parameters", "value"),
    [
        ("f = lambda a, b=2: a * b", ("a", "b"), 6),
        ("def g(a, b=2): return a * b\nf = g", ("a", "b"), 6),
        ("import functools\ndef g(k, a): return k * a\nf = functools.partial(g, 2)", ("a",), 6),
        ("import functools\ndef f(a): return 2 * a\nf = functools.lru_cache(f)", ("a",), 6),
        ("import functools\n@functools.lru_cache\ndef f(a): return 2 * a", ("a",), 6),
        ("def make():\n    return lambda a: 2 * a\nf = make()", ANYTHING, 6),
        ("class f:\n    def __new__(cls, a): return 2 * a", ANYTHING, 6),
        ("try:\n    import nowhere_at_all\nexcept ImportError:\n    def f(a): return 2 * a", ("a",), 6),
        ("from __future__ import annotations\ndef f(a: Nowhere) -> Nowhere: return 2 * a", ("a",), 6),
        ("def f(a, /, *more, key=1): return 2 * a", ("a",), 6),
        ("from operator import index as f", ANYTHING, 3),
    ],
)
def test_functions_are_found_however_they_are_defined(source, parameters, value):
    result = collected(source)
    assert result.found["f"].parameters == parameters
    assert run(result)["f"](3) == value


def test_future_imports_hold_for_later_cells():
    assert run(collected("from __future__ import annotations", "def f(a: Nowhere): return a"))["f"](1) == 1


def test_a_later_import_of_the_same_name_does_not_replace_the_definition():
    result = collected("def f(): return 1", "from math import sqrt, floor as f\nfrom math import ceil as f")
    space = run(result)
    assert space["f"]() == 1
    assert space["sqrt"](4) == 2
    assert result.notes == ()


def test_a_later_tuple_assignment_does_not_replace_the_definition():
    assert run(collected("def f(): return 1", "f, z = 2, 3"))["f"]() == 1


@pytest.mark.parametrize(
    "later", ["f = f(boom())", "f, z = boom(), f(3)", "f = 0.5", "f = boom(3)", "f = [f(k) for k in boom()]"]
)
def test_a_result_under_the_functions_name_does_not_replace_it(later):
    result = collected("def f(): return 1", later)
    assert run(result)["f"]() == 1
    assert result.notes == ()


def test_an_async_function_is_said():
    assert kinds(collected("async def f(): return 1")) == ["error"]


def test_predictions_are_constants():
    result = collected("guess = None", 'guess = "b"', wanted=("guess", "other"))
    assert run(result)["guess"] == "b"
    assert result.found["guess"].parameters is None
    assert collected("guess = None  # your answer", wanted=("guess",)).found["guess"].stub


def test_await_at_the_top_is_a_demonstration():
    result = collected("z = await boom()\nasync for q in boom(): pass\ndef f(): return 1")
    assert run(result).keys().isdisjoint({"z", "q"})
    assert result.notes == ()


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join(["1"] * 200_000),
        "a" + ".b" * 50_000 + " = 1",
        "x = '\x00'",
        "x = '\ud800'",
        "x = 0" + "9" * 5_000,
        "x = " + "9" * 5_000,
        "%" * 10_000,
        "\n".join(["!ls"] * 5_000),
        " " * 1_000_000 + "x",
        "if 1:\n" + "\n".join(" " * n + "if 1:" for n in range(1, 200)),
        "def f():\n\treturn 1\n        return 2",
        '"""',
        "# -*- coding: latin-1 -*-\nx = 'é'",
        "from __future__ import braces",
        "x = [" * 150 + "]" * 150,
        "f'{" * 200,
        "\x0c\x0b\x1a",
    ],
    ids=lambda source: repr(source[:12]),
)
def test_hostile_sources_never_raise_and_lose_nothing_else(source):
    result = collected(source, "def f(): return 1")
    assert run(collected("def f(): return 1"))["f"]() == 1
    assert result.found["f"].cell == "cell 2"
    assert result.groups[-1].cell == "cell 2"


def test_ten_megabytes_are_read():
    result = collected("x = 1\n" * 3_000 + "#" * 10_000_000, "def f(): return x")
    assert result.found["f"].line == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_marks_do_not_matter(end):
    result = collected("\ufeffN = 1" + end + "!ls" + end + "def f(): return N")
    assert result.found["f"].line == 3
    assert run(result)["f"]() == 1


def test_groups_hold_one_statement_each_and_say_what_they_define():
    result = collected("import numpy as np, math\nA = B = 2\ndef f(): return A")
    assert [group.defines for group in result.groups] == [("math", "np"), ("A", "B"), ("f",)]
    assert all(isinstance(group.module, ast.Module) for group in result.groups)
    assert run(result)["np"] is np


PIECES = ["def f(x):", "    return x", "f = g(f)", "%time f(1)", "!ls", "f?", "(", "'''", "\\", "import *"]
PIECES += ["if 1:", "  f: int", "try:", "except E:", "del f", "f[0] = 1", "lambda: (yield)", "async def f(): await x"]
PIECES += ["from __future__ import annotations"]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=12))
def test_whatever_is_found_is_run_and_whatever_is_run_compiles(lines):
    result = collect(
        [Cell("cell 1", "\n".join(lines), "ex-f"), Cell("cell 2", "z = 1")], [Wanted("ex-f", "f"), Wanted("z", "z")]
    )
    for label, module, _ in result.groups:
        compile(module, label, "exec", dont_inherit=True)
    assert set(result.found) == {"f", "z"} & {name for group in result.groups for name in group.defines}
    assert result.groups[-1].defines == ("z",)
