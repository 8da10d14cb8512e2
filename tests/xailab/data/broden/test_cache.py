import numpy as np
import pytest

from xailab.data.broden import cache
from xailab.data.broden.cache import LabelCache


def planes_of(index: int) -> dict[str, np.ndarray]:
    """Some images have nothing, some one category, some two with several planes."""
    draw = np.random.default_rng(index)
    names = {0: [], 1: ["color"]}.get(index % 3, ["color", "part"])
    return {name: draw.integers(0, 65536, (1 + index % 2, 4, 5)).astype(np.int32) for name in names}


@pytest.mark.parametrize("order", [range(10), [9, 0, 5, 5, 1], [2], []])
def test_planes_come_back_exactly_in_any_order_over_several_files(tmp_path, monkeypatch, order):
    monkeypatch.setattr(cache, "CHUNK", 3)
    decoded: list[int] = []

    def decode(indices):
        decoded.extend(indices)
        return [planes_of(index) for index in indices]

    for _ in range(2):
        store = LabelCache(tmp_path / "labels", 10, decode)
        for found, index in zip(store.read(order), order, strict=True):
            assert set(found) == set(planes_of(index))
            for name, numbers in planes_of(index).items():
                assert found[name].dtype == np.int32
                assert np.array_equal(found[name], numbers)
        assert len(store._recent) <= cache.CHUNKS_IN_MEMORY
    assert len(decoded) == len(set(decoded))
    assert len(list((tmp_path / "labels").glob("*.npz"))) == len({index // 3 for index in order})
