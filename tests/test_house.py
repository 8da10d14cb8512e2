"""The house check finds what it is there for, and the house is in order."""

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def house() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house", ROOT / "tools" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_house_is_in_order(house: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert house.main() == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("xailab/lrp.py", "module.register_forward_hook(f)", "torch hooks belong in"),
        ("xailab/lrp.py", "mean = (0.485, 0.456, 0.406)", "mean and std belong in"),
        ("xailab/utils.py", "", "name the file for what it does"),
    ],
)
def test_things_in_the_wrong_room_are_found(house: ModuleType, name: str, text: str, words: str) -> None:
    found = list(house.check_rooms(name, Path(name), text, ast.parse(text)))
    assert [severity for severity, _ in found] == ["fail"]
    assert words in found[0][1]


def test_long_functions_many_parameters_and_boolean_positionals_are_found(house: ModuleType) -> None:
    body = "\n".join(f"    x{i} = {i}" for i in range(61))
    arguments = ", ".join(f"a{i}" for i in range(11))
    text = f"def long():\n{body}\n\ndef wide({arguments}):\n    return 1\n\ndef flag(x, fast=True):\n    return x\n"
    found = [message for _, message in house.check_budgets("f.py", text, ast.parse(text), kernel=False)]
    assert [word in " ".join(found) for word in ("61 lines", "11 parameters", "boolean option 'fast'")] == [True] * 3
    assert not list(
        house.check_budgets("f.py", text, ast.parse("def flag(x, *, fast=True):\n    return x"), kernel=False)
    )


def test_documented_parameters_that_do_not_exist_are_found(house: ModuleType) -> None:
    text = (
        '"""M."""\n\ndef f(x):\n    """Do.\n\n    Parameters\n    ----------\n    x, ghost\n        Things.\n    """\n'
    )
    assert [message for _, message in house.check_docstrings("f.py", ast.parse(text))] == [
        "f.py:3 f: documents 'ghost', which it does not take"
    ]


def test_sources_that_are_in_no_bibliography_are_found(house: ModuleType) -> None:
    texts = {"f.py": '"""M.\n\nSource: Nobody et al. 1999, eq. 3, and Bau et al. 2017.\n"""'}
    found = [message for _, message in house.check_sources(texts)]
    assert "f.py: source Nobody 1999 is not in docs/sources.bib" in found
    assert not any("Bau 2017" in message for message in found)
