"""The same suite for every way in which the statistics compute."""

import pytest


@pytest.fixture(params=["kernel", "torch", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request, monkeypatch):
    """The device to put data on: compiled kernels on the CPU, the torch path on the CPU, the torch path on CUDA."""
    from xailab.statistics import IoUTally, TopQuantile

    if request.param == "torch":
        monkeypatch.setattr(IoUTally, "_count_compiled", IoUTally._count_on_device)
        monkeypatch.setattr(TopQuantile, "_add_compiled", TopQuantile._add_on_device)
    return "cuda" if request.param == "cuda" else "cpu"
