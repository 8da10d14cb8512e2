"""What does not fit is refused before it is begun."""

import numpy as np
import pytest

from xailab.embedding import memory
from xailab.embedding.affinity import dense_affinities
from xailab.embedding.tsne import tsne


def test_the_estimate_grows_with_points_features_and_perplexity():
    base = memory.estimate(200_000, 50)
    assert 0.5e9 < base < 2e9
    assert memory.estimate(400_000, 50) > 1.9 * base
    assert memory.estimate(200_000, 2048) > base + 2e9
    assert memory.estimate(200_000, 50, 100.0) > 2 * base


def test_something_is_known_of_this_machine():
    free = memory.available()
    assert free is None or 2**20 < free < 2**50


@pytest.mark.parametrize(("size", "text"), [(12, "12 bytes"), (1500, "1.5 kB"), (2.5e6, "2.5 MB"), (3.2e11, "320 GB")])
def test_sizes_are_readable(size, text):
    assert memory.readable(size) == text


def test_an_affinity_of_all_pairs_of_two_hundred_thousand_points_is_refused_before_it_is_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 20 * 10**9)
    message = "of all pairs of 200,000 points needs about 160 GB of memory, 20 GB are free; affinities"
    with pytest.raises(ValueError, match=message):
        dense_affinities(np.zeros((200_000, 1), np.float32))


def test_a_map_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**6)
    with pytest.raises(ValueError, match=r"a map of 50 points needs about 67 MB of memory, 1.0 MB are free; use fewer"):
        tsne(np.eye(50), perplexity=5)


def test_where_nothing_is_known_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: None)
    memory.refuse_too_large(10**18, "a map", "no")


def test_a_container_allows_what_it_has_left(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\nfile 200\n")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    assert memory._of_container() == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._of_container() is None
