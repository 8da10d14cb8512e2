"""The command from end to end, on few images: what it writes, and what it refuses before any work."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from xailab.dissection.report.command import Request, run
from xailab.errors import UnknownName, XailabError

SMALL = Request(model="objects", layers=("conv1",), limit=40, top_units=3)


def test_a_folder_gets_a_page_tables_and_nothing_else(tmp_path: Path) -> None:
    lines = run(SMALL, tmp_path, progress=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["conv1-result.csv", "conv1.npz", "index.html", "report.json"]
    assert re.match(
        r"conv1: \d+ detectors, \d+ unique of 32 units \| labels shuffled: .* \| random weights: ", lines[0]
    )
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["configuration"]["model"] == "objects"
    assert told["images"] == 40
    assert set(told["layers"]["conv1"]["quantiles"]) == {"0.0025", "0.005", "0.01", "0.02", "0.04"}


def test_the_same_request_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(SMALL, tmp_path / name, progress=False)
    for file in ("conv1-result.csv", "index.html", "report.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "tagz"}, "no network 'tagz'; did you mean 'tags'"),
        ({"layers": ("conv55",)}, "no layer 'conv55'; did you mean 'conv5'"),
        ({"layers": ("logits",)}, "no map per unit"),
        ({"data": "minibrodden"}, "no data set 'minibrodden'; did you mean 'minibroden'"),
        ({"data": "digits", "limit": None}, "no concept labels"),
        ({"data": "./nowhere"}, "nowhere"),
        ({"split": "prob"}, "did you mean 'probe'"),
        ({"conventions": "lit"}, "did you mean 'lite'"),
        ({"quantile": 1.5}, r"quantile must lie in \(0, 1\)"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"skip_broken": True}, "skip_broken"),
        ({"device": "tpu7"}, "no device 'tpu7'"),
        ({"weights": "missing.pt"}, "missing.pt"),
    ],
)
def test_bad_requests_are_refused_in_one_sentence(tmp_path: Path, change: dict[str, object], words: str) -> None:
    from dataclasses import replace

    with pytest.raises(XailabError, match=words):
        run(replace(SMALL, **change), tmp_path / "out", progress=False)


def test_a_misspelt_model_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        run(Request(model="tagz", layers=("conv1",)), tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def test_an_unwritable_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(XailabError, match="cannot write to the folder"):
        run(SMALL, tmp_path / "file" / "out", progress=False)


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    code = "from xailab_autograder.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )


def test_errors_are_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = command("dissect", "--model", "tags", "--layer", "conv9", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: no layer 'conv9'; did you mean 'conv")
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_option_shows_the_usage(tmp_path: Path) -> None:
    done = command("dissect", "--model", "tags", cwd=tmp_path)
    assert done.returncode == 2
    assert "Missing option" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(tmp_path: Path) -> None:
    arguments = [
        "dissect",
        "--model",
        "objects",
        "--layer",
        "conv3",
        "--out",
        "out",
        "--batch-size",
        "2",
        "--limit",
        "600",
    ]
    code, pipe = "from xailab_autograder.cli import main; main()", subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=tmp_path, stdout=pipe, stderr=pipe)
    assert process.stderr is not None
    seen = b""
    deadline = time.monotonic() + 240
    os.set_blocking(process.stderr.fileno(), False)
    while b"counting:   " not in seen and time.monotonic() < deadline and process.poll() is None:
        with suppress(BlockingIOError):
            seen += os.read(process.stderr.fileno(), 65536)
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    os.set_blocking(process.stderr.fileno(), True)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130, seen + rest
    assert "the same command can be given again" in rest.decode()
    assert (tmp_path / "out" / ".resume" / "trained" / "tally.npz").exists()
    assert not (tmp_path / "out" / "index.html").exists()
    again = command(*arguments, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert not (tmp_path / "out" / ".resume").exists()
    assert (tmp_path / "out" / "index.html").exists()
