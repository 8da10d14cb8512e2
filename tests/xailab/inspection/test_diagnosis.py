"""Planted faults are found, and nothing else is."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import PLAIN, Boxes
from xailab.errors import UnknownName, XailabError
from xailab.graph import trace
from xailab.inspection import KINDS, Diagnosis, Watch, diagnose, judge
from xailab.inspection.diagnosis import _of_length_one, _parallel, correlations
from xailab.inspection.nature import nature_of
from xailab.models.network import Network
from xailab.statistics import ChannelMoments

SOUND, DEAD, ALWAYS, CONSTANT, SCALED, MIXED = range(6)


def network(nonlinearity: nn.Module) -> Network:
    """Units with planted faults; the images are in [0, 1]."""
    conv = nn.Conv2d(3, 6, 2, stride=2)
    with torch.no_grad():
        conv.weight.zero_()
        conv.bias.zero_()
        conv.weight[SOUND, 0], conv.bias[SOUND] = 0.25, -0.2
        conv.weight[DEAD, 1], conv.bias[DEAD] = -0.25, -0.1
        conv.weight[ALWAYS, 2], conv.bias[ALWAYS] = 0.25, 0.5
        conv.bias[CONSTANT] = 0.7
        conv.weight[SCALED], conv.bias[SCALED] = 3 * conv.weight[SOUND], 3 * conv.bias[SOUND]
        conv.weight[MIXED, 0], conv.weight[MIXED, 1] = 0.25, -0.25
    return Network("planted", nn.Sequential(conv, nonlinearity), PLAIN, 16, ())


def by_kind(found: Diagnosis) -> dict[str, list[int]]:
    return {kind: units for kind in KINDS if (units := found.units(kind))}


def test_planted_faults_are_found_after_and_before_the_relu() -> None:
    planted = network(nn.ReLU(inplace=True))
    planted.module.train()
    found = diagnose(planted, ["1", "0"], Boxes(12), batch_size=5)
    assert planted.module.training
    expected = {"dead": [DEAD], "always on": [ALWAYS], "constant": [CONSTANT], "duplicate": [SCALED]}
    assert by_kind(found["1"]) == by_kind(found["0"]) == expected
    assert (found["1"].nature.words, found["0"].nature.words) == ("after a ReLU", "before a ReLU")
    assert found["1"].sound == 2
    assert found["1"].asked == ("not finite", "dead", "always on", "constant", "duplicate")
    (twin,) = (one for one in found["1"].findings if one.kind == "duplicate")
    assert twin.other == SOUND
    assert twin.evidence == "repeats unit 0, correlation 1, cosine of weights 1"
    assert all(sentence.endswith(".") for sentence in KINDS.values())


def test_saturated_units_are_those_most_often_at_a_bound() -> None:
    planted = network(nn.Tanh())
    with torch.no_grad():
        planted.module[0].weight[SOUND] *= 1000
        planted.module[0].bias[SOUND] = 20.0
    found = diagnose(planted, "1", Boxes(12))["1"]
    assert SOUND in found.units("saturated")
    assert MIXED not in found.units("saturated")
    assert "dead" not in found.asked
    (one,) = (one for one in found.findings if (one.kind, one.unit) == ("saturated", SOUND))
    assert one.numbers["share at the upper bound"] > 0.5


def test_a_relu_that_is_cut_saturates_at_its_top_only() -> None:
    planted = network(nn.ReLU6())
    with torch.no_grad():
        planted.module[0].bias[ALWAYS] = 5.99
    found = diagnose(planted, "1", Boxes(12))["1"]
    assert found.units("saturated") == [ALWAYS]
    assert found.units("dead") == [DEAD]


def test_units_that_are_not_finite_are_found_and_compared_with_none() -> None:
    planted = network(nn.Sigmoid())
    with torch.no_grad():
        planted.module[0].bias[[SOUND, SCALED]] = torch.nan
    found = diagnose(planted, "0", Boxes(12))["0"]
    assert found.units("not finite") == [SOUND, SCALED]
    assert found.units("duplicate") == []
    assert found.findings[0].numbers == {"cells": 12 * 64}


def test_too_few_cells_show_no_duplicates_but_equal_weights_do() -> None:
    planted = network(nn.Flatten())
    moments = ChannelMoments(2)
    moments.add(torch.tensor([[1.0, 2.0], [2.0, 4.0], [0.0, 0.1]]))
    watch = Watch(2)
    watch.add(torch.tensor([[1.0, 2.0], [2.0, 4.0], [0.0, 0.1]])[:, :, None, None])
    nature = nature_of(trace(planted.module, 16), "0")
    summary = watch.statistics.result()
    assert judge("x", nature, summary, moments.result()).findings == ()
    rows = torch.tensor([[1.0, 2.0], [0.5, 1.0]])
    assert judge("x", nature, summary, moments.result(), weights=rows).units("duplicate") == [1]
    assert judge("x", nature, summary, moments.result(), weights=-rows * torch.tensor([[1.0], [-1]])).findings == ()


def test_long_rows_of_weights_are_compared_exactly_where_their_projections_agree() -> None:
    rows = torch.randn(5, 700, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rows[2] = 4 * rows[0]
    rows[3] = rows[1] + 0.01 * torch.roll(rows[1], 1)  # nearly parallel, and not parallel
    rows[4] = 0
    expected = np.zeros((5, 5), bool)
    expected[0, 2] = expected[2, 0] = True
    assert np.array_equal(_parallel(_of_length_one(rows)), expected)
    assert np.array_equal(_parallel(_of_length_one(rows[:, :30])), expected)


def test_the_opposite_of_a_unit_is_no_duplicate_and_a_constant_has_no_correlation() -> None:
    values = torch.randn(40, 1, generator=torch.Generator().manual_seed(0))
    moments = ChannelMoments(3)
    moments.add(torch.cat([values, -values, torch.ones(40, 1)], 1))
    np.testing.assert_allclose(correlations(moments.result()), [[1, -1, 0], [-1, 1, 0], [0, 0, 0]], atol=1e-12)


def test_watches_of_shards_and_saved_ones_say_the_same() -> None:
    planted = network(nn.ReLU())
    graph, images = trace(planted.module, 16), Boxes(12).images
    with torch.no_grad():
        maps = planted.module(images)
    whole, parts = Watch(6), [Watch(6), Watch(6)]
    whole.add(maps)
    parts[0].add(maps[:5], torch.arange(5))
    parts[1].add(maps[5:])
    joined = Watch.from_state(parts[1].state())
    joined.merge(parts[0])
    assert by_kind(joined.diagnosis(graph, "1")) == by_kind(whole.diagnosis(graph, "1"))


def test_what_cannot_be_diagnosed_is_refused() -> None:
    planted = network(nn.ReLU())
    with pytest.raises(UnknownName, match="no layer '2'"):
        diagnose(planted, "2", Boxes(2))
    with pytest.raises(XailabError, match="boxes has no images"):
        diagnose(planted, "1", Boxes(0))
    tokens = Network("tokens", nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.Flatten(2)), PLAIN, 16, ())
    with pytest.raises(XailabError, match=r"layer '1' of tokens gives 4 x 16 numbers for an image; a diagnosis needs"):
        diagnose(tokens, "1", Boxes(2))
    found = diagnose(planted, "1", Boxes(3))["1"]
    with pytest.raises(XailabError, match="no kind 'lazy' of finding; there are not finite, dead"):
        found.units("lazy")
    with pytest.raises(ValueError, match="numbers of 6 units, moments of 2"):
        judge("1", found.nature, found.summary, _two_units())


def _two_units() -> object:
    moments = ChannelMoments(2)
    moments.add(torch.rand(2, 2))
    return moments.result()
