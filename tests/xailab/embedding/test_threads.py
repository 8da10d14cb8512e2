"""The number of threads is set for a block and put back."""

import numba
import pytest

from xailab.embedding.threads import threads


def test_it_is_put_back_also_after_an_error():
    before = numba.get_num_threads()
    with threads(1) as count:
        assert count == numba.get_num_threads() == 1
    assert numba.get_num_threads() == before
    with pytest.raises(KeyError), threads(1):
        raise KeyError
    assert numba.get_num_threads() == before
    with threads(None) as count:
        assert count == before


@pytest.mark.parametrize(
    ("count", "error"), [(0, ValueError), (10**6, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_what_is_no_number_of_threads(count, error):
    with pytest.raises(error, match="threads must be"), threads(count):
        pass
