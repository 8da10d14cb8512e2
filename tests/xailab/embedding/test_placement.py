"""Device follows the data, and the path in torch makes maps as good as the kernels'."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.xailab.embedding.examples import groups
from xailab.embedding.affinity import affinities, dense_affinities
from xailab.embedding.cuda.engine import TorchEngine
from xailab.embedding.descent import choose_engine
from xailab.embedding.placement import device_of
from xailab.embedding.quality import kl_divergence
from xailab.embedding.schedule import Descent, Exact, Interpolated
from xailab.embedding.start import pca_start
from xailab.embedding.tsne import embed, tsne

FEATURES, _ = groups(120)
CPU = torch.device("cpu")
SHORT = Descent(iterations=40, exaggerated_iterations=20)


@pytest.fixture(autouse=True)
def one_thread_for_torch():
    """Operations this small only wait for further threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_only_tensors_elsewhere_have_a_device():
    assert device_of(FEATURES) is None
    assert device_of(FEATURES.tolist()) is None
    assert device_of(torch.tensor(FEATURES)) is None
    assert device_of(torch.empty(2, device="meta")) == torch.device("meta")


def on_torch(monkeypatch):
    """Send everything through the functions for CUDA devices; they run on any."""
    for name in ("affinity", "tsne"):
        monkeypatch.setattr(importlib.import_module(f"xailab.embedding.{name}"), "device_of", lambda _: CPU)


@pytest.mark.parametrize("repulsion", [None, Interpolated()])
def test_a_map_by_torch_is_as_good(monkeypatch, repulsion):
    plain = tsne(FEATURES, perplexity=10, descent=SHORT)
    on_torch(monkeypatch)
    found = tsne(FEATURES, perplexity=10, descent=replace(SHORT, repulsion=repulsion))
    assert found.kl == pytest.approx(plain.kl, rel=0.05)
    assert kl_divergence(plain.affinity, found.points) == pytest.approx(found.kl, abs=2e-3)
    np.testing.assert_allclose(found.affinity.matrix.toarray(), plain.affinity.matrix.toarray(), atol=1e-6)


def test_dense_affinities_by_torch_are_the_same(monkeypatch):
    plain = dense_affinities(FEATURES, perplexity=10)
    on_torch(monkeypatch)
    np.testing.assert_allclose(dense_affinities(FEATURES, perplexity=10), plain, atol=1e-7)


def test_embed_takes_a_device():
    known = affinities(FEATURES, perplexity=10)
    found = embed(known, descent=Descent(iterations=3, exaggerated_iterations=2), device=CPU)
    plain = embed(known, descent=Descent(iterations=3, exaggerated_iterations=2))
    assert found.kl == pytest.approx(plain.kl, rel=1e-3)


@pytest.mark.parametrize("repulsion", [None, Exact(), Interpolated()])
def test_the_engine_of_a_device_is_that_of_torch(repulsion):
    known, start = affinities(FEATURES, perplexity=10), pca_start(FEATURES)
    assert type(choose_engine(known, start, dof=1.0, repulsion=repulsion, device=CPU)) is TorchEngine
    if not isinstance(repulsion, Interpolated):
        joint = known.matrix.toarray()
        assert type(choose_engine(joint, start, dof=1.0, repulsion=repulsion, device=CPU)) is TorchEngine


@pytest.mark.gpu
def test_features_on_a_gpu_are_mapped_there():
    plain = tsne(FEATURES, perplexity=10)
    found = tsne(torch.tensor(FEATURES, device="cuda"), perplexity=10)
    assert found.kl == pytest.approx(plain.kl, rel=0.02)
