"""What is compiled is kept for exactly these sources, and nobody else's cache is touched."""

import os
import time

import numba
import pytest
from xailab_kernels import compiling
from xailab_kernels.compiling import CompileTime


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where compiled code goes, asked anew, below a folder that the user has chosen."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return compiling._cache_folder.__wrapped__


def test_a_change_in_any_source_or_another_kind_of_kernels_has_a_folder_of_its_own(tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("caller.py", "inner/called.py"):
        (tmp_path / name).write_text("x = 1")
    first = compiling._digest(tmp_path, "wide")
    assert compiling._digest(tmp_path, "wide") == first
    assert compiling._digest(tmp_path, "plain") != first
    (tmp_path / "inner/called.py").write_text("x = 2")
    assert compiling._digest(tmp_path, "wide") != first


def test_the_users_own_choice_of_a_folder_is_respected_and_left_as_it_is(folder, tmp_path):
    assert folder().parent == tmp_path
    compiling.serial(lambda x: x)
    assert str(tmp_path) == numba.config.CACHE_DIR


def test_wide_and_plain_kernels_do_not_meet(folder, monkeypatch):
    here = folder()
    monkeypatch.setattr(compiling, "WIDE", not compiling.WIDE)
    assert folder() != here


def test_what_was_compiled_of_former_sources_is_forgotten_after_a_while(folder, tmp_path):
    old, recent, foreign = tmp_path / "kernels-old", tmp_path / "kernels-recent", tmp_path / "other"
    for place in (old, recent, foreign):
        place.mkdir()
    for place in (old, foreign):
        os.utime(place, (time.time() - 86400 * 15,) * 2)
    folder()
    assert sorted(place.name for place in tmp_path.iterdir()) == ["kernels-recent", "other"]


def test_compile_time_is_that_of_the_compiler_and_what_is_compiled_costs_nothing():
    @numba.njit
    def function(x):
        return x + 1

    with CompileTime() as first:
        function(1)
    with CompileTime() as second:
        function(1)
    assert first.seconds > 0
    assert second.seconds == 0
