"""The toy lab, and a zygote that lasts as long as the tests of the self-check."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from xailab_autograder.selfcheck import engine, session

TOYS = Path(__file__).parents[1] / "toylabs"


@pytest.fixture(scope="session", autouse=True)
def zygote() -> Iterator[None]:
    yield
    engine.close()


@pytest.fixture(autouse=True)
def toylab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Labs are the toys, the working folder is empty, and every test is a session of its own."""
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(session, "_sessions", {})
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path[1:]])
    monkeypatch.chdir(tmp_path)


Student = Callable[[str], dict[str, Any]]


@pytest.fixture
def student(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Student:
    """Return a function that runs a script as the main program and returns its globals."""

    def run(source: str) -> dict[str, Any]:
        file = tmp_path / "work.py"
        file.write_text(textwrap.dedent(source))
        module = ModuleType("__main__")
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, "__main__", module)
        exec(compile(file.read_text(), str(file), "exec"), vars(module))
        return vars(module)

    return run
