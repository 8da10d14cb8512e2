"""Submissions are read as data; a file that cannot be used says why and what to do."""

import hashlib
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xailab_autograder.notebooks.submission import MOST_CELLS, read

from xailab.errors import XailabError


def code(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def text(source, **metadata):
    return {"cell_type": "markdown", "source": source, "metadata": metadata}


def graded(name):
    return {"nbgrader": {"grade_id": name}}


def notebook(tmp_path, *cells, **more):
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}))
    return path


def refused(path, lab, match):
    with pytest.raises(XailabError, match=match) as caught:
        read(path, lab)
    assert str(caught.value).startswith(path.name)


def test_code_and_reflections_are_read_with_their_grade_ids(tmp_path, lab):
    path = notebook(
        tmp_path,
        text("# Title"),
        code(["a = 1\n", "b = 2"], **graded("pairs")),
        code("c = 3", xailab={"id": "normalize"}),
        text("Outliers.", **graded("reflect-mean")),
        {"cell_type": "raw", "source": "raw", "metadata": {}},
    )
    submission = read(path, lab)
    assert [(c.label, c.source, c.grade_id) for c in submission.cells] == [
        ("cell 2", "a = 1\nb = 2", "pairs"),
        ("cell 3", "c = 3", "normalize"),
    ]
    assert submission.texts == {"reflect-mean": "Outliers."}
    assert submission.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (submission.name, submission.notes) == ("work.ipynb", ())


def test_notebooks_of_version_3_are_read(tmp_path, lab):
    path = tmp_path / "old.ipynb"
    sheet = {
        "cells": [{"cell_type": "code", "input": ["x = 1"], "metadata": {}}, {"cell_type": "markdown", "source": "t"}]
    }
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [sheet, "junk", {"cells": [code("y = 2")]}]}))
    assert [c.source for c in read(path, lab).cells] == ["x = 1", "y = 2"]


def test_metadata_of_any_kind_does_no_harm(tmp_path, lab):
    junk = [None, [], 3, {"nbgrader": 3}, {"nbgrader": {"grade_id": ["pairs"]}}, {"xailab": {"id": "x" * 500}}]
    cells = [{"cell_type": "code", "source": f"x = {n}", "metadata": m} for n, m in enumerate(junk)]
    submission = read(notebook(tmp_path, *cells, {"source": "y = 1"}, metadata="junk", nbformat="four"), lab)
    assert [c.grade_id for c in submission.cells] == [None] * 7


def test_duplicated_and_colab_cells_are_read(tmp_path, lab):
    colab = {"id": "AbC", "colab": {"base_uri": "x"}, **graded("pairs")}
    submission = read(notebook(tmp_path, code("a = 1", **colab), code("a = 2", **colab)), lab)
    assert [c.grade_id for c in submission.cells] == ["pairs", "pairs"]


def test_of_copied_reflections_the_last_with_text_counts(tmp_path, lab):
    cells = [
        text("first", **graded("reflect-mean")),
        text("last", **graded("reflect-mean")),
        text(" ", **graded("reflect-mean")),
    ]
    assert read(notebook(tmp_path, *cells), lab).texts == {"reflect-mean": "last"}


def test_a_reflection_that_was_not_written_is_none(tmp_path, lab):
    cells = [text("YOUR ANSWER HERE", **graded("reflect-mean"))]
    assert read(notebook(tmp_path, *cells), lab).texts == {}
    cells = [text("YOUR ANSWER HERE\n\nBecause.", **graded("reflect-mean"))]
    assert read(notebook(tmp_path, *cells), lab).texts == {"reflect-mean": "Because."}


def test_a_damaged_cell_is_noted_and_the_rest_is_read(tmp_path, lab):
    submission = read(notebook(tmp_path, code(3), "junk", code(["a", 3]), code("x = 1")), lab)
    assert [c.label for c in submission.cells] == ["cell 4"]
    assert [note.split(":")[0] for note in submission.notes] == ["cell 1", "cell 2", "cell 3"]


def test_outputs_are_ignored_however_large(tmp_path, lab):
    cell = code("x = 1") | {"outputs": [{"data": {"image/png": "A" * 5_000_000, "n": 10**400}}]}
    assert [c.source for c in read(notebook(tmp_path, cell), lab).cells] == ["x = 1"]


def test_a_number_with_a_million_digits_costs_nothing(tmp_path, lab):
    path = tmp_path / "work.ipynb"
    path.write_text('{"cells": [], "n": ' + "9" * 1_000_000 + ', "f": 1' + "0" * 100_000 + ".5e9999}")
    assert read(path, lab).cells == ()


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (b"", "the file is empty"),
        (b" \n\t", "the file is empty"),
        (b'{"cells": [{"cell_type": "code", "sour', "cut off before its end"),
        (b'{"cells": [', "cut off before its end"),
        (b"def f(): pass", r"not a notebook: .*is this Python\? then name it \.py"),
        (b'{"cells": [], }', r"not a notebook: .*line 1, column"),
        (b"[]", "valid JSON, but not a notebook"),
        (b"null", "valid JSON, but not a notebook"),
        (b'{"a": 1}', "no list of cells"),
        (b'{"cells": {}}', "no list of cells"),
        (b'{"cells": [], "n": NaN}', "NaN is no JSON"),
        (b'{"cells": [], "cells": []}', "'cells' appears twice"),
        (b'{"cells": [1, 2]}', "none of its 2 cells can be read"),
        (b'{"cells": "\xff"}', "expected UTF-8 text, but byte 11"),
        (b"\xff\xfe{\x00}\x00", "expected UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b'{"cells": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested too deeply"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)
def test_what_is_no_notebook_says_why(tmp_path, lab, raw, match):
    path = tmp_path / "work.ipynb"
    path.write_bytes(raw)
    refused(path, lab, match)


def test_a_byte_order_mark_does_not_matter(tmp_path, lab):
    path = notebook(tmp_path, code("x = 1"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path, lab).cells) == 1


def test_too_large_and_too_many_cells_are_refused_without_reading_on(tmp_path, lab):
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(100 * 2**20)
    refused(large, lab, "100 MiB; at most 32 MiB are read: clear the outputs")
    refused(notebook(tmp_path, *[text("")] * (MOST_CELLS + 1)), lab, "5,001 cells; at most 5,000")


def test_links_folders_pipes_and_missing_files_are_refused(tmp_path, lab):
    real = notebook(tmp_path, code("x = 1"))
    link = tmp_path / "link.ipynb"
    link.symlink_to(real)
    refused(link, lab, "this is a link")
    folder = tmp_path / "folder.ipynb"
    folder.mkdir()
    refused(folder, lab, "this is not a file")
    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    refused(pipe, lab, "this is not a file")
    refused(tmp_path / "missing.ipynb", lab, "cannot be read: No such file")
    refused(tmp_path / "nul\0.ipynb", lab, "cannot be read")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path, lab):
    path = notebook(tmp_path, code("x = 1"))
    path.chmod(0)
    refused(path, lab, "cannot be read: Permission denied")


@pytest.mark.parametrize("name", ["work.txt", "work", "work.ipynb.zip", "work.pyc"])
def test_other_kinds_of_files_are_refused(tmp_path, lab, name):
    path = tmp_path / name
    path.write_text("x = 1")
    refused(path, lab, r"expected a notebook \(\.ipynb\) or a Python file \(\.py\)")


@pytest.mark.parametrize("name", ["random", "numpy", "torch", "json", "xailab"])
def test_a_python_file_that_hides_a_module_is_refused(tmp_path, lab, name):
    path = tmp_path / f"{name}.py"
    path.write_text("x = 1")
    refused(path, lab, f"hides the module '{name}' .* rename it, for example to my_{name}.py")


def test_a_plain_python_file_is_one_cell(tmp_path, lab):
    path = tmp_path / "iou.py"
    path.write_text("a = 1\nb = 2\n")
    (cell,) = read(path, lab).cells
    assert (cell.label, cell.source, cell.grade_id) == ("iou.py", "a = 1\nb = 2\n", None)


def test_a_percent_file_is_split_and_keeps_its_line_numbers(tmp_path, lab):
    path = tmp_path / "iou.py"
    path.write_text(
        'import math\n# %% [markdown]\n# text\n# %% exercise="pairs"\ndef pairs(x):\n    return x\n#%%\nz = 1\n'
    )
    cells = read(path, lab).cells
    assert [(c.label, c.grade_id) for c in cells] == [
        ("iou.py, part 1", None),
        ("iou.py, part 3", "pairs"),
        ("iou.py, part 4", None),
    ]
    assert cells[1].source.split("\n").index("def pairs(x):") == 4
    assert cells[2].source.split("\n").index("z = 1") == 7


def test_a_file_of_nothing_but_empty_lines_and_marks_stays_small(tmp_path, lab):
    path = tmp_path / "iou.py"
    path.write_text("\n" * 1_000_000 + "# %%\nx = 1\n" * 5_000)
    assert sum(len(cell.source) for cell in read(path, lab).cells) < 2_000_000
    path.write_text("# %%\nx = 1\n" * 5_001)
    refused(path, lab, "5,001 cells")


def test_reading_imports_nothing_slow():
    import subprocess
    import sys

    program = (
        "import sys; import xailab_autograder.notebooks.submission\n"
        "assert not {'nbformat', 'jupytext', 'nbconvert', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "source", "metadata", "nbgrader", "grade_id", "worksheets", "x"]), inner
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_any_json_is_read_or_refused_in_words(tmp_path, lab, data):
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps({"cells": data}))
    try:
        submission = read(path, lab)
    except XailabError as error:
        assert str(error).startswith("work.ipynb: ")  # noqa: PT017  both ends are right
    else:
        assert all(isinstance(cell.source, str) for cell in submission.cells)
