"""Layers in another basis: the numbers of a network with mixed weights, thresholds of their own, clear refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import Boxes, watcher
from xailab.dissection import Conventions, MixedLayer, Plan, dissect
from xailab.dissection.alignment import permutation, random_rotation
from xailab.dissection.subject import activations, layer_maps, mixed, subject_of
from xailab.errors import UnknownName, XailabError
from xailab.models.network import Network

PLAN = Plan(Conventions("toy", quantile=0.05), quantiles=(0.1,), batch_size=5)


def rotation(units: int = 5, *, seed: int = 0) -> np.ndarray:
    return random_rotation(units, np.random.default_rng(seed))


def with_mixed_weights(basis: np.ndarray) -> Network:
    """The watcher whose convolution itself gives the mixed units."""
    network = watcher()
    conv, matrix = network.module[0], torch.from_numpy(basis).float()
    changed = nn.Conv2d(3, len(basis), 2, stride=2)
    with torch.no_grad():
        changed.weight.copy_(torch.einsum("ij,jcyx->icyx", matrix, conv.weight))
        changed.bias.copy_(matrix @ conv.bias)
    return replace(network, module=nn.Sequential(changed).eval())


@pytest.mark.parametrize("rows", [5, 3])
def test_a_layer_in_a_basis_is_a_network_with_mixed_weights(rows: int) -> None:
    basis, data = rotation()[:rows], Boxes()
    found = dissect(watcher(), data, [MixedLayer("0", basis, "turned")], plan=PLAN, progress=False)["turned"]
    expected = dissect(with_mixed_weights(basis), data, ["0"], plan=PLAN, progress=False)["0"]
    np.testing.assert_allclose(found.thresholds[0.05], expected.thresholds[0.05], rtol=1e-4)
    # A pixel whose value is the threshold but for rounding may fall to either side.
    np.testing.assert_allclose(found.main.iou().numpy(), expected.main.iou().numpy(), atol=2e-3)
    assert found.null is not None
    assert expected.null is not None
    np.testing.assert_allclose(found.null.iou().numpy(), expected.null.iou().numpy(), atol=2e-3)
    assert (found.layer, found.units, found.map_size) == ("turned", rows, (8, 8))


def test_thresholds_are_quantiles_of_the_mixed_maps() -> None:
    basis, data = rotation(seed=1), Boxes()
    found = dissect(watcher(), data, [MixedLayer("1", basis, "turned")], plan=PLAN, progress=False)["turned"]
    with torch.no_grad():
        maps = torch.einsum("ij,bjyx->ibyx", torch.from_numpy(basis).float(), watcher().module[:2](data.images))
    ordered = maps.flatten(1).sort(1, descending=True).values
    expected = ordered[:, int(0.05 * ordered.shape[1])].numpy()
    np.testing.assert_allclose(found.thresholds[0.05], expected, rtol=1e-4)
    plain = dissect(watcher(), data, ["1"], plan=PLAN, progress=False)["1"]
    assert np.abs(found.thresholds[0.05] - basis @ plain.thresholds[0.05]).max() > 0.01


def test_units_in_another_order_give_the_same_table_in_that_order_to_the_bit() -> None:
    order, data = np.array([3, 0, 4, 1, 2]), Boxes()
    layers = ["1", MixedLayer("1", permutation(order), "reordered")]
    found = dissect(watcher(), data, layers, plan=PLAN, progress=False)
    one, other = found["1"], found["reordered"]
    assert torch.equal(one.main.intersection[order], other.main.intersection)
    assert torch.equal(one.main.activation[order], other.main.activation)
    np.testing.assert_array_equal(one.thresholds[0.05][order], other.thresholds[0.05])
    assert torch.equal(one.exemplars.indices[order], other.exemplars.indices)


def test_the_sign_of_an_axis_matters() -> None:
    """Network Dissection looks at the top of a unit's activations: the other end is another unit."""
    layers = ["0", MixedLayer("0", -np.eye(5), "mirrored")]
    found = dissect(watcher(), Boxes(), layers, plan=PLAN, progress=False)
    assert not torch.equal(found["0"].main.intersection, found["mirrored"].main.intersection)


def test_bases_of_several_layers_share_the_passes_with_plain_layers() -> None:
    data, one, two = Boxes(), rotation(seed=2), rotation(seed=3)
    layers = [MixedLayer("1", one, "a"), "0", MixedLayer("0", two, "b")]
    together = dissect(watcher(), data, layers, plan=PLAN, progress=False)
    assert set(together) == {"a", "0", "b"}
    for layer, name in ((layers[0], "a"), ("0", "0"), (layers[2], "b")):
        alone = dissect(watcher(), data, [layer], plan=PLAN, progress=False)[name]
        assert torch.equal(together[name].main.intersection, alone.main.intersection)


def test_activations_come_mixed_and_in_two_steps_too() -> None:
    basis, pictures = rotation(), Boxes(4).images
    subject = subject_of(watcher(), [MixedLayer("1", basis, "turned")])
    raw = layer_maps(subject, pictures)
    assert list(raw) == ["1"]
    found = activations(subject, pictures)
    assert list(found) == ["turned"]
    assert torch.equal(found["turned"], mixed(subject, raw)["turned"])
    expected = torch.einsum("ij,bjyx->biyx", torch.from_numpy(basis).float(), raw["1"])
    torch.testing.assert_close(found["turned"], expected)


def test_a_run_in_another_basis_does_not_take_up_the_state_of_this_one(tmp_path: Path) -> None:
    data = Boxes()
    for seed in (0, 1):
        layer = MixedLayer("1", rotation(seed=seed), "turned")
        found = dissect(watcher(), data, [layer], plan=PLAN, resume=tmp_path, progress=False)["turned"]
        fresh = dissect(watcher(), data, [layer], plan=PLAN, progress=False)["turned"]
        assert torch.equal(found.main.intersection, fresh.main.intersection)


def test_a_basis_that_does_not_fit_is_refused() -> None:
    with pytest.raises(XailabError, match=r"the basis 'x' is 4 x 4, but layer '1' has 5 units: expected 5 columns"):
        subject_of(watcher(), [MixedLayer("1", np.eye(4), "x")])
    with pytest.raises(XailabError, match="the basis 'x' is 0 x 5"):
        subject_of(watcher(), [MixedLayer("1", np.zeros((0, 5)), "x")])
    with pytest.raises(XailabError, match="the basis 'x' of layer '1' holds NaN or infinite numbers"):
        subject_of(watcher(), [MixedLayer("1", np.full((5, 5), np.nan), "x")])
    with pytest.raises(UnknownName, match="no layer 'conv9'"):
        subject_of(watcher(), [MixedLayer("conv9", np.eye(5), "x")])


@pytest.mark.parametrize("layers", [["1", "1"], ["0", "1"]])
def test_a_name_used_twice_is_refused(layers: list[str]) -> None:
    with pytest.raises(XailabError, match="two layers of one run are called '1'"):
        subject_of(watcher(), [layers[0], MixedLayer(layers[1], np.eye(5), "1")])
    with pytest.raises(XailabError, match="two layers of one run are called 'x'"):
        subject_of(watcher(), [MixedLayer("1", np.eye(5), "x"), MixedLayer("0", np.eye(5), "x")])


@pytest.mark.gpu
def test_a_basis_goes_where_the_network_goes() -> None:
    order, data = np.array([3, 0, 4, 1, 2]), Boxes()
    layers = ["1", MixedLayer("1", permutation(order), "reordered"), MixedLayer("1", rotation(), "turned")]
    here = dissect(watcher(), data, layers, plan=PLAN, progress=False)
    there = dissect(watcher(), data, layers, plan=PLAN, device="cuda", progress=False)
    assert torch.equal(there["1"].main.intersection[order], there["reordered"].main.intersection)
    for name, one in here.items():
        np.testing.assert_allclose(there[name].main.iou().numpy(), one.main.iou().numpy(), atol=5e-3)
