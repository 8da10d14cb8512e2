import pytest
import torch

from xailab.data.broden import BrodenFolder, export_broden
from xailab.data.minibroden.dataset import MiniBroden


@pytest.fixture(scope="module")
def source():
    return MiniBroden(size=32, limit=60, progress=False)


@pytest.fixture(scope="module")
def folder(source, tmp_path_factory):
    return export_broden(source, tmp_path_factory.mktemp("export") / "minibroden", progress=False).root


def test_minibroden_comes_back_with_the_same_images_and_concepts(source, folder):
    back = BrodenFolder(folder, sort_by_name=True)
    assert torch.equal(back.read(range(60)).images, source.read(range(60)).images)
    assert back.vocabulary.categories == source.vocabulary.categories
    assert back.vocabulary.concepts == source.vocabulary.concepts


def test_minibroden_comes_back_with_the_same_labels(source, folder):
    found = BrodenFolder(folder, sort_by_name=True).read_labels(range(60))
    expected = source.read_labels(range(60))
    assert set(found.maps) == {category for category, maps in expected.maps.items() if maps.any()}
    assert all(torch.equal(maps, expected.maps[category]) for category, maps in found.maps.items())
    assert {name: tags.tolist() for name, tags in found.tags.items()} == {
        name: tags.tolist() for name, tags in expected.tags.items()
    }


def test_the_order_of_the_file_is_a_permutation_of_the_source(source, folder):
    back = BrodenFolder(folder)
    order = [int(row.image.rpartition("/")[2].removesuffix(".png")) for row in back.rows]
    assert sorted(order) == list(range(60))
    assert order != sorted(order)
    assert torch.equal(back.read(range(60)).images, source.read(order).images)
