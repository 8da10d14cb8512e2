"""Pictures for the tests, rendered by a worker process: no shapes are checked there, and a thousand take seconds."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from xailab.data.minibroden.picture import Picture, sample


@pytest.fixture(scope="session")
def worker() -> Iterator[ProcessPoolExecutor]:
    """Return a pool of one fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="session")
def rendered(worker) -> Callable[..., list[Picture]]:
    """Return a function that renders the pictures of some seeds with equal options."""

    def render(seeds: Iterable[int], **options) -> list[Picture]:
        return list(worker.map(partial(sample, **options), seeds, chunksize=50))

    return render
