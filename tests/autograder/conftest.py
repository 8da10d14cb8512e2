"""One zygote for all tests that run student code."""

from collections.abc import Iterator

import pytest
from xailab_autograder.sandbox.zygote import Zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with Zygote() as started:
        yield started
