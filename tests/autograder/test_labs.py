"""Labs are found, loaded and checked."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Choice, Exercise, Lab

from xailab.errors import UnknownName, XailabError

TOYS = Path(__file__).parent / "toylabs"


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))


def a_lab(folder: Path, name: str = "07-extra", body: str = "") -> Path:
    place = folder / name
    place.mkdir(parents=True)
    source = (TOYS / "90-toy" / "exercises.py").read_text().replace('number="90"', 'number="07"')
    (place / "exercises.py").write_text(source.replace('name="toy"', 'name="extra"') + body)
    (place / "reference.py").write_text((TOYS / "90-toy" / "reference.py").read_text())
    return place


def test_the_toy_lab_is_listed_with_points_and_minutes():
    (entry,) = labs.listing()
    assert (entry.number, entry.name, entry.title) == ("90", "toy", "A toy lab")
    assert entry.points == 11
    assert entry.minutes == 25
    assert entry.folder == (TOYS / "90-toy").resolve()


@pytest.mark.parametrize("number", ["90", 90, "toy", "90-toy"])
def test_a_lab_is_loaded_by_number_or_name(number):
    assert labs.load(number).title == "A toy lab"


def test_labs_of_one_digit_are_found_without_the_zero(tmp_path, monkeypatch):
    a_lab(tmp_path)
    monkeypatch.setenv("XAILAB_LABS", str(tmp_path))
    assert labs.load(7).number == labs.load("7").number == labs.load("07").number == "07"


def test_an_unknown_lab_names_the_nearest():
    with pytest.raises(UnknownName, match=r"no lab '91'; did you mean '90'\? \(`xailab labs` lists it\)"):
        labs.load(91)


def test_without_the_variable_the_repositorys_labs_are_found(monkeypatch):
    monkeypatch.delenv("XAILAB_LABS")
    assert labs.folder() == Path(labs.__file__).parents[2] / "labs"


def test_a_variable_that_points_nowhere_is_said(monkeypatch):
    monkeypatch.setenv("XAILAB_LABS", "/nowhere/at/all")
    with pytest.raises(XailabError, match="which is no folder"):
        labs.folder()


def test_two_labs_with_one_number_are_refused(tmp_path, monkeypatch):
    a_lab(tmp_path)
    a_lab(tmp_path, "07-other")
    monkeypatch.setenv("XAILAB_LABS", str(tmp_path))
    with pytest.raises(XailabError, match="two labs have the number 07"):
        labs.listing()


def test_a_lab_that_calls_itself_otherwise_is_refused(tmp_path, monkeypatch):
    a_lab(tmp_path, "07-other")
    monkeypatch.setenv("XAILAB_LABS", str(tmp_path))
    with pytest.raises(XailabError, match="calls itself 07-extra"):
        labs.load(7)


def test_a_file_without_a_lab_is_refused(tmp_path, monkeypatch):
    a_lab(tmp_path, body="\nLAB = 3\n")
    monkeypatch.setenv("XAILAB_LABS", str(tmp_path))
    with pytest.raises(XailabError, match=r"expected LAB = Lab\(...\), got int"):
        labs.load(7)


def test_a_moved_labs_folder_is_loaded_afresh(tmp_path, monkeypatch):
    for name, title in (("a", "one"), ("b", "two")):
        place = a_lab(tmp_path / name)
        text = (place / "exercises.py").read_text().replace("A toy lab", title)
        (place / "exercises.py").write_text(text)
        monkeypatch.setenv("XAILAB_LABS", str(tmp_path / name))
        assert labs.load(7).title == title


def test_variants_belong_to_exercises(tmp_path, monkeypatch):
    assert {name: len(functions) for name, functions in labs.variants(90).items()} == {
        "mean-square": 3,
        "normalize": 3,
        "pairs": 3,
    }
    place = a_lab(tmp_path)
    monkeypatch.setenv("XAILAB_LABS", str(tmp_path))
    with pytest.raises(XailabError, match=r"has no variants\.py"):
        labs.variants(7)
    (place / "variants.py").write_text("VARIANTS = {'mean-sqare': ()}\nEQUIVALENT = {'pairs': {'change': 'why'}}\n")
    with pytest.raises(UnknownName, match="did you mean 'mean-square'"):
        labs.variants(7)
    assert labs.equivalent(7) == {"pairs": {"change": "why"}}


def test_loading_imports_nothing_heavy():
    program = (
        "import sys; from xailab_autograder import labs; labs.load(90); labs.listing()\n"
        "heavy = {'torch', 'numba', 'matplotlib', 'nbformat', 'jupytext', 'nbconvert'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def changed(lab: Lab, task_id: str, **fields) -> Lab:
    return replace(lab, tasks=tuple(replace(task, **fields) if task.id == task_id else task for task in lab.tasks))


@pytest.mark.parametrize(
    ("task", "fields", "message"),
    [
        ("pairs", {"id": "Pairs!"}, "id: expected lower-case letters, digits and dashes, got 'Pairs!'"),
        ("pairs", {"id": "normalize"}, "id: expected an id that no other task has"),
        ("pairs", {"points": 0}, "'pairs': points: expected more than 0, got 0"),
        ("pairs", {"minutes": 0}, "minutes: expected more than 0"),
        ("pairs", {"function": "my pairs"}, "function: expected a Python name, got 'my pairs'"),
        ("pairs", {"function": "for"}, "function: expected a Python name, got 'for'"),
        ("pairs", {"function": "normalize"}, "name: expected a name that no other task has"),
        ("pairs", {"worked": ()}, "worked: expected at least one worked case"),
        ("pairs", {"edge_share": 1}, "edge_share: expected at least 0, less than 1"),
        ("pairs", {"limit_s": 0}, "limit_s: expected more than 0"),
        ("predict-scale", {"answer": "d"}, "answer: expected one of a, b, c, got 'd'"),
        (
            "predict-scale",
            {"because": {"a": "x"}},
            r"because: expected a sentence for each of \['a', 'b'\], got \['a'\]",
        ),
        ("predict-scale", {"options": {"c": "x"}}, "options: expected at least two"),
        ("predict-scale", {"variable": "2nd"}, "variable: expected a Python name"),
    ],
)
def test_a_declaration_that_contradicts_itself_names_the_field(task, fields, message):
    with pytest.raises(XailabError, match=message):
        labs.check(changed(labs.load(90), task, **fields))


def test_misconceptions_and_invariants_have_their_own_ids():
    lab = labs.load(90)
    exercise = next(task for task in lab.tasks if isinstance(task, Exercise))
    for fields, message in (
        ({"misconceptions": exercise.misconceptions[:1] * 2}, "misconceptions: expected ids that differ"),
        ({"invariants": (replace(exercise.invariants[0], id="A b"),)}, "invariants: expected ids of lower-case"),
        ({"invariants": (replace(exercise.invariants[0], mistake="nothing"),)}, "mistake: expected one of"),
    ):
        with pytest.raises(XailabError, match=message):
            labs.check(changed(lab, exercise.id, **fields))


def test_a_lab_without_tasks_or_number_is_refused():
    lab = labs.load(90)
    with pytest.raises(XailabError, match="tasks: expected at least one"):
        labs.check(replace(lab, tasks=()))
    with pytest.raises(XailabError, match="number: expected two digits"):
        labs.check(replace(lab, number="9"))


def test_the_toy_labs_worked_cases_are_right():
    for task in labs.load(90).tasks:
        if isinstance(task, Exercise):
            for case in task.worked:
                assert case.expected is not None
                np.testing.assert_allclose(task.reference(*case.arguments), case.expected)
        assert not isinstance(task, Choice) or task.answer == "c"
