"""Which concepts an image shows, and the recipe of `tags` on a few pictures."""

from functools import partial

import pytest
import torch

from xailab.data.batch import Batch, Concept, Labels, Vocabulary
from xailab.data.minibroden.dataset import MiniBroden, make_vocabulary
from xailab.data.minibroden.vocabulary import MATERIALS, SCENES, STUFF, TEXTURES, THINGS
from xailab.errors import DataError, XailabError
from xailab.models import load
from xailab.training import tags
from xailab.training.tags import tag_names, tagged, tags_of

CONCEPTS = (
    Concept(3, "sand", "object"),
    Concept(9, "sand", "material"),
    Concept(5, "beach-s", "scene"),
    Concept(7, "dotted", "texture"),
)


def labelled(**maps) -> Batch:
    """One 8x8 image without tags, with the given label maps."""
    scenes = maps.pop("scenes", [[0]])
    return Batch(
        torch.zeros(1, 3, 8, 8), torch.zeros(1, dtype=torch.int64), Labels(maps, {"scene": torch.tensor(scenes).int()})
    )


def filled(number: int, pixels: int) -> torch.Tensor:
    plane = torch.zeros(64, dtype=torch.int32)
    plane[:pixels] = number
    return plane.view(1, 1, 8, 8)


def test_a_concept_counts_from_thirty_pixels_on():
    assert tags_of(labelled(object=filled(3, 30)), CONCEPTS).tolist() == [[1, 0, 0, 0]]
    assert tags_of(labelled(object=filled(3, 29)), CONCEPTS).tolist() == [[0, 0, 0, 0]]


def test_a_label_of_the_whole_image_counts_too():
    assert tags_of(labelled(object=filled(0, 64), scenes=[[5, 0]]), CONCEPTS).tolist() == [[0, 0, 1, 0]]


def test_concepts_that_are_no_tags_are_passed_over():
    assert tags_of(labelled(part=filled(50, 64), material=filled(9, 40)), CONCEPTS).tolist() == [[0, 1, 0, 0]]


def test_images_of_a_batch_do_not_mix():
    planes = torch.cat([filled(3, 64), filled(7, 64), filled(0, 64)])
    labels = Labels({"object": planes}, {"scene": torch.tensor([[0], [0], [5]]).int()})
    found = tags_of(Batch(torch.zeros(3, 3, 8, 8), torch.arange(3), labels), CONCEPTS)
    assert found.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]


def test_tags_agree_with_counting_pixel_by_pixel():
    data = MiniBroden("test-scenes", limit=20, progress=False)
    batch, concepts = data.read(range(20)), tagged(data.vocabulary)
    found = tags_of(batch, concepts)
    for image in range(20):
        for place, concept in enumerate(concepts):
            pixels = sum(int((planes[image] == concept.number).sum()) for planes in batch.labels.maps.values())
            as_a_whole = any(concept.number in of[image].tolist() for of in batch.labels.tags.values())
            assert found[image, place] == (pixels >= 30 or as_a_whole)


def test_images_without_labels_are_refused():
    with pytest.raises(DataError, match=r"expected images with concept labels to make tags from"):
        tags_of(Batch(torch.zeros(1, 3, 8, 8), torch.zeros(1, dtype=torch.int64)), CONCEPTS)


def test_the_twelve_things_come_first_and_parts_and_colors_are_no_tags():
    concepts = tagged(make_vocabulary())
    assert tuple(concept.name for concept in concepts[:12]) == THINGS
    assert len(concepts) == sum(map(len, (THINGS, STUFF, MATERIALS, TEXTURES, SCENES)))
    assert {concept.category for concept in concepts} == {"object", "material", "texture", "scene"}


def test_a_name_that_two_categories_share_says_which():
    assert tag_names(CONCEPTS) == ("sand (object)", "sand (material)", "beach", "dotted")


def test_the_order_is_by_category_and_then_by_number():
    vocabulary = Vocabulary(
        ("scene", "object"), (Concept(1, "beach-s", "scene"), Concept(2, "sea", "object"), Concept(4, "sky", "object"))
    )
    assert [concept.number for concept in tagged(vocabulary)] == [2, 4, 1]


def test_a_network_with_a_name_for_each_tag_is_written_that_load_takes(monkeypatch, tmp_path):
    monkeypatch.setattr(tags, "MiniBroden", partial(MiniBroden, limit=100))
    out = tmp_path / "mine.safetensors"
    report = tags.train_tags(out=out, epochs=1, progress=False)
    network = load("tags", weights=out)
    assert network.classes == tag_names(tagged(make_vocabulary()))
    assert len(set(network.classes)) == len(network.classes)
    assert 0 <= report.scores["mean average precision"] <= 1
    assert len(report.network.module.logits.bias) == len(network.classes)


def test_a_wrong_file_is_refused_before_anything_is_rendered(monkeypatch, tmp_path):
    monkeypatch.setattr(tags, "MiniBroden", lambda *args, **options: pytest.fail("rendered"))
    with pytest.raises(XailabError, match=r"should end in .safetensors"):
        tags.train_tags(out=tmp_path / "net.pth")
