"""The command line declares options and passes them on; importing xailab costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xailab.cli import app
from xailab.data.broden import BrodenFolder

runner = CliRunner()


def python(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout


def test_importing_xailab_imports_nothing_heavy() -> None:
    loaded = python("import sys, xailab; print(*sys.modules)").split()
    assert {"numpy", "torch", "numba", "matplotlib", "torchvision", "PIL"}.isdisjoint(loaded)


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    loaded = python("import sys, xailab_autograder.cli; print(*sys.modules)").split()
    assert {"torch", "numba", "matplotlib", "torchvision"}.isdisjoint(loaded)


def test_the_renderer_needs_no_torch() -> None:
    loaded = python(
        "import sys; from xailab.data import minibroden; minibroden.sample(1, size=32); print(*sys.modules)"
    )
    assert "torch" not in loaded.split()


def test_rooms_are_imported_when_they_are_used() -> None:
    assert python("import xailab; print(xailab.images.IMAGENET.name, sorted(xailab.__all__)[:2])").startswith(
        "imagenet"
    )
    with pytest.raises(subprocess.CalledProcessError):
        python("import xailab; xailab.nothing")


@pytest.mark.parametrize("command", [[], ["dissect"], ["models"], ["export"], ["train"], ["train", "tags"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    shown = runner.invoke(app, [*command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_models_lists_networks_with_layers_and_shapes() -> None:
    shown = runner.invoke(app, ["models"]).output
    for words in ("tags", "objects", "random", "conv5", "128 x 8 x 8", "no map", "networks of torchvision"):
        assert words in shown
    assert "conv5.conv" in runner.invoke(app, ["models", "tags"]).output
    assert "resnet18" in runner.invoke(app, ["models", "--torchvision"]).output.replace("\n", "")


def test_models_shows_a_torchvision_network_without_weights() -> None:
    assert "layer4.1.conv2" in runner.invoke(app, ["models", "resnet18"]).output


def test_export_writes_a_folder_that_the_reader_takes(tmp_path: Path) -> None:
    shown = runner.invoke(app, ["export", str(tmp_path / "broden"), "--limit", "12"])
    assert shown.exit_code == 0, shown.output
    assert "12 images" in shown.output
    assert len(BrodenFolder(tmp_path / "broden", progress=False)) == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "out", "--data", "digits", "--limit", "3"], "error: limit=3 does not apply to digits"),
        (["export", "out", "--data", "digits"], "error: "),
        (["export", "out", "--limit", "0"], "Invalid value for '--limit'"),
        (["train", "objects", "--epochs", "0"], "Invalid value for '--epochs'"),
        (["models", "tagz"], "error: no network 'tagz'; did you mean 'tags'"),
        (["disect"], "No such command 'disect'"),
    ],
)
def test_bad_options_are_refused_without_a_traceback(tmp_path: Path, arguments: list[str], words: str) -> None:
    code = "from xailab_autograder.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
