"""The check in a real Jupyter kernel: HTML beside text, live definitions, and errors under nbgrader."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.autograder.selfcheck.conftest import TOYS

CELLS = (
    'from xailab_autograder import lab\nimport numpy as np\nlab("90")',
    "def length(x):\n    return np.abs(x).sum()",
    "def normalize(x):\n    return x / length(x)",
    'lab("90").check(normalize)',
    "def length(x):\n    n = np.sqrt((np.asarray(x, float) ** 2).sum())\n    return n if n else 1.0",
    'lab("90").check(normalize)',
    'lab("90").check_choice("predict-scale", "c")',
    'lab("90").progress()',
    'lab("90").check(length)',
)


def executed(folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[list[dict[str, Any]]]:
    """Execute the cells in a kernel and return the outputs of each."""
    import nbformat
    from nbclient import NotebookClient

    for name, value in {"XAILAB_LABS": str(TOYS), "JUPYTER_PLATFORM_DIRS": "1", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    client = NotebookClient(
        notebook, timeout=60, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [cell["outputs"] for cell in notebook.cells]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # nbclient's and zmq's own
def test_in_a_kernel_verdicts_are_html_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = executed(tmp_path, monkeypatch)
    (wrong,), (right,), (choice,), (progress,), (refused,) = outputs[3:4] + outputs[5:9]
    assert wrong["output_type"] == "display_data"  # a result would be the cell's value: nbgrader reads points from it
    assert "You seem to divide by the sum of magnitudes." in wrong["data"]["text/html"]
    assert "You seem to divide by the sum of magnitudes." in wrong["data"]["text/plain"]
    assert "normalize: public cases passed" in right["data"]["text/plain"]
    assert "Recorded: c." in choice["data"]["text/html"]
    assert "A vector of length one" in progress["data"]["text/html"]
    assert refused["traceback"] == ["lab 90 has no function 'length'; it has: mean_square, normalize, pairs"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_under_nbgrader_the_failed_check_alone_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = executed(tmp_path, monkeypatch, NBGRADER_EXECUTION="autograde")
    assert os.environ["NBGRADER_EXECUTION"] == "autograde"
    (wrong,), (right,) = outputs[3], outputs[5]
    assert wrong["ename"] == "CheckFailed"
    assert "You seem to divide by the sum of magnitudes." in "\n".join(wrong["traceback"])
    assert right["output_type"] == "display_data"
    assert not [o for cell in outputs for o in cell if o["output_type"] == "stream" and o["name"] == "stderr"]
