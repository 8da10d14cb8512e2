"""What is shown while a map is made, and when nothing is."""

import importlib

import numpy as np

from tests.xailab.embedding.examples import groups
from xailab.embedding.progress import Bar
from xailab.embedding.schedule import Descent
from xailab.embedding.tsne import tsne

FEATURES, _ = groups(60)
SHORT = Descent(iterations=50, exaggerated_iterations=10)


def test_a_bar_shows_the_divergence_on_stderr(capsys):
    found = tsne(FEATURES, perplexity=5, descent=SHORT, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"KL={found.kl:.4f}" in err
    assert "60/60" in err


def test_nothing_is_shown_where_stderr_is_no_terminal_or_it_is_not_wanted(capsys):
    for progress in (None, False):
        tsne(FEATURES, perplexity=5, descent=SHORT, progress=progress)
    assert capsys.readouterr() == ("", "")


def test_the_memory_of_many_points_is_said(capsys, monkeypatch):
    module = importlib.import_module("xailab.embedding.tsne")  # the package has the function under this name
    monkeypatch.setattr(module, "_MANY", 60)
    tsne(FEATURES, perplexity=5, descent=SHORT, progress=True)
    assert "neighbors of 60 points (67 MB of memory)" in capsys.readouterr().err


def test_compiling_is_announced_timed_and_summed_up(capsys):
    import numba

    with Bar(True, 10) as bar:
        numba.njit(lambda x: x + 1)(np.float32(1))
        bar._clock.seconds += 1  # long enough to be worth a word
    err = capsys.readouterr().err
    assert "compiling kernels, once per installation" in err
    assert f"kernels were compiled for {bar.compile_s:.1f} s, once per installation" in err
    assert bar.compile_s > 1
