"""What a student wrote is found, what was handed out is not, and nothing hostile stops it."""

import pytest
from xailab_autograder import labs
from xailab_autograder.notebooks import generate
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.similarity.contents import ELSEWHERE
from xailab_autograder.similarity.own_code import MOST_IN_ALL, MOST_IN_CELL, Handout, Unit, extract, handout

from tests.autograder.similarity.classes import lab3


@pytest.fixture(scope="module")
def given() -> Handout:
    return handout(labs.find("03"))


def units(given: Handout, *sources: str) -> tuple[Unit, ...]:
    return extract(lab3(), [Cell(f"cell {n}", source) for n, source in enumerate(sources, 1)], {}, given)[0]


def test_an_untouched_notebook_holds_nothing_of_the_students(given: Handout) -> None:
    cells = [c for c in generate.student(labs.find("03")).cells if c.cell_type == "code"]
    assert units(given, *(cell.source for cell in cells)) == ()


def test_functions_come_with_their_helpers_in_the_labs_order(given: Handout) -> None:
    found = units(
        given,
        "def unused(x):\n    return [x, x, x]",
        "def helper(x):\n    return FACTOR * x",
        "FACTOR = 3",
        "def upsample(maps, height, width):\n    return helper(maps)",
        "def thresholds(activations, q=0.005):\n    return deeper(activations)\n\n\ndef deeper(x):\n    return x[0]",
    )
    assert [(unit.task, unit.piece.text.split("\n")[0]) for unit in found] == [
        ("thresholds", "def thresholds(activations, q=0.005):"),
        ("thresholds", "def deeper(x):"),
        ("upsample", "def upsample(maps, height, width):"),
        ("upsample", "def helper(x):"),
        ("upsample", "FACTOR = 3"),
        (ELSEWHERE, "def unused(x):"),
    ]
    assert found[1].piece.line == 5


def test_of_several_definitions_the_last_counts(given: Handout) -> None:
    [unit] = units(given, "def upsample(a, b, c):\n    return a", "def upsample(a, b, c):\n    return b + c")
    assert unit.piece.label == "cell 2"


def test_a_cell_with_a_slip_is_mended(given: Handout) -> None:
    right = "def upsample(maps, height, width):\n    for i in range(height):\n        maps = maps + i\n    return maps"
    [whole], [slipped] = units(given, right), units(given, right.replace("range(height):", "range(height)"))
    assert whole.form == slipped.form


def test_what_cannot_be_parsed_is_read_as_tokens(given: Handout) -> None:
    [unit] = units(given, "def thresholds(activations:\n" + "  sort them )( all\n" * 20)
    assert unit.task == "thresholds"
    assert len(unit.words) > 50


@pytest.mark.parametrize(
    "source",
    ["(" * 5000, "x = " + "-" * 20_000 + "1", "def f():\n" + "".join(" " * n + "if 1:\n" for n in range(1, 200)),
     "x = 1\0", "x = '\ud800'", "a" + ".b" * 15_000, "x = " + "1+" * 9_000 + "1", "f" + "(1)" * 9_000, "1" * 10_000,
     "%%bash\nrm -rf /", "\x0c\x0b", "def upsample(" + "[" * 300, "\\", "'''", "# only\n" * 5000],
)  # fmt: skip
def test_hostile_cells_stop_nothing(given: Handout, source: str) -> None:
    good = "def upsample(maps, height, width):\n    return maps"
    assert any(unit.piece.text == good for unit in units(given, source, good))


def test_what_is_too_large_is_left_out_with_a_note(given: Handout) -> None:
    large = Cell("cell 1", "x = 1\n" * (MOST_IN_CELL // 6 + 1))
    many = [Cell(f"cell {n}", f"y = {n}\n" + "#" * 30_000) for n in range(2, 9)]
    small = Cell("cell 9", "def upsample(a, b, c):\n    return a")
    found, notes = extract(lab3(), [large, *many, small], {"reflect": "word " * MOST_IN_ALL}, given)
    assert [unit.task for unit in found] == ["upsample", "reflect"]
    assert "cell 1, cell 5, cell 6 and 2 more" in notes[0]
    assert "only the first 100,000 of 500,000 characters" in notes[1]
