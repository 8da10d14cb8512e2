"""The notebooks of a lab: solutions are cut, everything else is the same, and the bytes never change."""

import ast
import json
import shutil

import nbformat
import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Reflection
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.submission import read
from xailab_autograder.sandbox.definitions import collect
from xailab_autograder.sandbox.outcomes import Wanted

from xailab.errors import UnknownName, XailabError


def cell_of(notebook, name):
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name]
    return cell


@pytest.fixture
def source(tmp_path, toy_folder):
    """Return a function that makes a lab whose ``lab.py`` was edited."""

    def edited(old: str, new: str):
        place = tmp_path / "90-toy"
        shutil.copytree(toy_folder, place, dirs_exist_ok=True)
        text = (toy_folder / "lab.py").read_text()
        assert old in text
        (place / "lab.py").write_text(text.replace(old, new))
        return place

    return edited


@pytest.mark.parametrize("make", [generate.student, generate.instructor, generate.nbgrader_source])
def test_notebooks_are_valid_have_no_outputs_and_are_the_same_every_time(make, toy_folder):
    notebook = make(toy_folder)
    nbformat.validate(notebook)
    text = generate.to_text(notebook)
    assert text == generate.to_text(make(toy_folder))
    assert text.endswith("}\n")
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_holes_are_cut_with_their_indentation_and_say_what_to_write(toy_folder):
    student = generate.student(toy_folder)
    assert cell_of(student, "mean-square").source == (
        'def mean_square(x):\n    """Return the mean of the squares of x."""\n'
        '    raise NotImplementedError("mean-square: Return the mean of the squares of x")'
    )
    assert cell_of(student, "pairs").source.split("\n")[2:] == [
        "    found = []",
        '    raise NotImplementedError("pairs: Return the positions (i, j), i < j, of all pairs with the same ...")',
        "    return found",
    ]
    assert cell_of(student, "predict-scale").source == 'prediction_scale = None  # your answer: one of "a", "b", "c"'
    assert cell_of(student, "reflect-mean").source == "YOUR ANSWER HERE"
    for cell in student.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)


def test_every_hole_has_its_question_above_and_its_check_below(toy_folder, lab):
    for make in (generate.student, generate.instructor, generate.nbgrader_source):
        names = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in make(toy_folder).cells]
        for task in lab.tasks:
            at = names.index(task.id)
            assert names[at - 1] == f"about-{task.id}"
            assert isinstance(task, Reflection) or names[at + 1] == f"check-{task.id}"
    student = generate.student(toy_folder)
    assert cell_of(student, "check-pairs").source == 'lab("90").check(pairs)'
    assert cell_of(student, "check-predict-scale").source == 'lab("90").check_choice("predict-scale", prediction_scale)'
    about = cell_of(student, "about-pairs").source
    assert "### Exercise 3: Pairs of equal labels\n*3 points · about 8 minutes*" in about
    assert about.count("<details><summary>Hint") == 2
    assert "- **b**: it doubles" in cell_of(student, "about-predict-scale").source


def test_points_add_up_and_every_cell_is_locked_or_an_answer_or_a_demonstration(toy_folder, lab):
    for make in (generate.student, generate.nbgrader_source):
        cells = make(toy_folder).cells
        assert all("nbgrader" in cell.metadata or cell.metadata.xailab.role == "code" for cell in cells)
        graded = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
        assert sum(g.get("points", 0) for g in graded) == lab.points
        assert all(g.schema_version == 3 and (g.locked != g.solution) for g in graded)


def test_only_students_get_checksums_and_locks(toy_folder):
    answer = cell_of(generate.student(toy_folder), "pairs").metadata
    assert answer.deletable is False
    assert "editable" not in answer
    assert len(answer.nbgrader.checksum) == 32
    check = cell_of(generate.student(toy_folder), "check-pairs").metadata
    assert check.editable is False
    assert check.nbgrader.cell_type == "code"
    source = cell_of(generate.nbgrader_source(toy_folder), "pairs").metadata
    assert "checksum" not in source.nbgrader
    assert "deletable" not in source


def test_the_checksum_is_nbgraders():
    from xailab_autograder.notebooks import nbgrader

    # Computed by nbgrader 0.9.6 for these cells.
    assert nbgrader.checksum("code", "x = 1", nbgrader.answer("a")) == "3952363144b9625d080fedd1f7d073ce"
    assert nbgrader.checksum("code", "é", nbgrader.check("b", 2)) == "cc36695543cd75ef6a16b5076425f72b"
    assert nbgrader.checksum("markdown", "text", nbgrader.manual("c", 1.5)) == "bd96d5f71a33cb215e56954abf9b81b6"
    assert nbgrader.checksum("markdown", "text", nbgrader.read_only("d")) == "14d01e87eb3c125baf318faeb623ad67"


def test_only_the_instructors_notebook_has_the_cells_for_instructors(toy_folder):
    counts = [len(make(toy_folder).cells) for make in (generate.student, generate.nbgrader_source, generate.instructor)]
    assert counts[0] == counts[1] == counts[2] - 1
    assert "for instructors" not in generate.to_text(generate.student(toy_folder))


def test_demonstrations_are_free_to_change_and_the_same_for_all(toy_folder):
    for make in (generate.student, generate.nbgrader_source, generate.instructor):
        (cell,) = [cell for cell in make(toy_folder).cells if cell.source.startswith("print(f")]
        assert cell.metadata == {"xailab": {"role": "code"}}


def test_ids_agree_between_versions_and_tell_nothing_of_the_answer(toy_folder, source):
    ids = [cell.id for cell in generate.student(toy_folder).cells]
    assert ids == [cell.id for cell in generate.nbgrader_source(toy_folder).cells]
    other = source('prediction_scale = "c"', 'prediction_scale = "a"')
    assert generate.to_text(generate.student(other)) == generate.to_text(generate.student(toy_folder))


def test_stubs_as_nbgrader_cuts_them_differ_in_the_holes_alone(toy_folder):
    ours, theirs = generate.student(toy_folder), generate.student(toy_folder, stubs="nbgrader")
    different = [
        a.metadata.nbgrader.grade_id for a, b in zip(ours.cells, theirs.cells, strict=True) if a.source != b.source
    ]
    assert different == ["predict-scale", "mean-square", "normalize", "pairs"]
    assert cell_of(theirs, "predict-scale").source == "# YOUR CODE HERE\nraise NotImplementedError()"


@pytest.mark.parametrize(("make", "stubs"), [(generate.student, True), (generate.instructor, False)])
def test_what_is_handed_out_is_read_back_as_stubs_or_solutions(make, stubs, toy_folder, tmp_path, lab):
    path = tmp_path / "handed-in.ipynb"
    path.write_text(generate.to_text(make(toy_folder)))
    submission = read(path, lab)
    functions = ("mean-square", "mean_square"), ("normalize", "normalize"), ("pairs", "pairs")
    wanted = [Wanted(*names) for names in (*functions, ("predict-scale", "prediction_scale"))]
    result = collect(submission.cells, wanted)
    assert {name: found.stub for name, found in result.found.items()} == {w.name: stubs for w in wanted}
    assert [note.kind for note in result.notes] == []
    assert bool(submission.texts) is not stubs


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('exercise="pairs"', 'exercise="pears"', "no exercise 'pears'; did you mean 'pairs'"),
        (
            'exercise="normalize"',
            'exercise="pairs"',
            "'normalize' has 0 cells; expected one, marked # %% exercise=\"normalize\"",
        ),
        (
            '[markdown] reflection="reflect-mean"',
            'reflection="reflect-mean"',
            "marked on a code cell; expected a markdown",
        ),
        (' choice="predict-scale"', "", "a solution stands in a cell without a mark: '### BEGIN SOLUTION'"),
        (
            "    squares = np",
            "    ### BEGIN SOLUTION\n    squares = np",
            "'mean-square': ### BEGIN SOLUTION inside a solution",
        ),
        ('tags=["instructor"]', 'tags=["instructors"]', "no tag of a cell 'instructors'; did you mean 'instructor'"),
        ("def pairs(labels):", "def peers(labels):", r"'pairs': expected `def pairs\(` outside the solution"),
        ('prediction_scale = "c"', 'guess = "c"', "expected `prediction_scale = ...` in the solution"),
        ("# ### END SOLUTION", "# the end", "'reflect-mean': ### BEGIN SOLUTION without an end"),
        ("# ### BEGIN SOLUTION\n", "# text\n", "'reflect-mean': ### END SOLUTION without a beginning"),
        ("    ### BEGIN SOLUTION\n    eu", "    eu", "'normalize': ### END SOLUTION without a beginning"),
    ],
)
def test_a_source_that_contradicts_the_declaration_names_the_task(source, old, new, message):
    with pytest.raises(XailabError, match=message):
        generate.student(source(old, new))


def test_a_hole_without_a_solution_is_refused(source):
    text = '### BEGIN SOLUTION\nprediction_scale = "c"\n### END SOLUTION'
    with pytest.raises(XailabError, match="'predict-scale' has no solution between"):
        generate.student(source(text, 'prediction_scale = "c"'))


def test_a_lab_without_a_source_is_refused(source):
    place = source("# A toy lab", "# A toy lab")
    (place / "lab.py").unlink()
    with pytest.raises(XailabError, match=r"90-toy has no lab\.py"):
        generate.student(place)


def test_unknown_labs_are_unknown_here_too():
    with pytest.raises(UnknownName):
        labs.find("12")


def test_the_file_is_json_that_every_jupyter_reads(toy_folder):
    data = json.loads(generate.to_text(generate.student(toy_folder)))
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    assert data["metadata"]["xailab"] == {"format": 1, "lab": "90"}
