"""What ``hooks`` promises: the right values, and a network that is exactly as it was, whatever happened."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from xailab.errors import UnknownName, XailabError
from xailab.hooks import Capture, ablate, activations, evaluating, followed, hooks_left, layer_names, shapes


class Block(nn.Module):
    """A residual block with one in-place ReLU for both activations, as in ResNet."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.conv2(self.relu(self.conv1(x))))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.block = Block(4)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(4, 5)
        self.auxiliary = nn.Linear(4, 5)
        self.runs: list[str] = []

    def forward(self, x: Tensor) -> Tensor:
        x = self.block(self.stem(x))
        self.runs.append("block")
        logits: Tensor = self.head(self.dropout(x.mean((2, 3))))
        self.runs.append("head")
        return logits


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 2, batch_first=True)
        self.last = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.last(self.lstm(x)[0])
        return logits


@pytest.fixture
def model() -> Iterator[Net]:
    """A network that must come out of every test without a hook, a gradient, or a changed parameter, flag or buffer."""
    torch.manual_seed(0)
    net = Net().eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    yield net
    assert hooks_left(net) == 0
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not any(module.training for module in net.modules())


@pytest.fixture
def images() -> Tensor:
    return torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))


# ---- reading


def test_captured_layers_equal_the_forward_written_by_hand(model: Net, images: Tensor) -> None:
    with torch.no_grad():
        conv = model.stem[0](images)
        stem = model.stem[1](conv).relu()
        inner = model.block.conv1(stem)
        block = (stem + model.block.conv2(inner.relu())).relu()
        logits = model.head(block.mean((2, 3)))
    with Capture(model, ["block.conv1", "stem", "stem.0", "block", ""]) as capture:
        outputs = capture(images)
    assert list(outputs) == ["block.conv1", "stem", "stem.0", "block", ""]
    for name, expected in {"stem.0": conv, "stem": stem, "block.conv1": inner, "block": block, "": logits}.items():
        torch.testing.assert_close(outputs[name], expected, rtol=0, atol=0)


def test_a_layer_before_an_inplace_relu_keeps_its_negative_values(model: Net, images: Tensor) -> None:
    for detach in (True, False):
        with Capture(model, ["stem.1", "stem.2"], detach=detach) as capture:
            outputs = capture(images)
        assert outputs["stem.1"].min() < 0
        assert torch.equal(outputs["stem.1"].relu(), outputs["stem.2"])


def test_one_name_may_be_given_as_a_string_and_is_read_after_the_block(model: Net, images: Tensor) -> None:
    with Capture(model, "block") as capture:
        model(images)
    assert capture["block"].shape == (2, 4, 6, 6)


def test_every_forward_in_the_block_records_and_the_latest_is_kept(model: Net, images: Tensor) -> None:
    with Capture(model, "block") as capture:
        model(images)
        first = capture["block"]
        model(images * 0)
        assert not torch.equal(capture["block"], first)
        model.block(torch.ones(1, 4, 2, 2))  # a part of the model on its own records too
        assert capture["block"].shape == (1, 4, 2, 2)
        model.block(torch.ones(3, 4, 2, 2))
        assert capture["block"].shape == (3, 4, 2, 2)


def test_a_layer_that_runs_twice_gives_its_first_output_with_and_without_stop(model: Net, images: Tensor) -> None:
    captured = []
    for stop in (False, True):
        with Capture(model, ["block.conv1", "block.relu"], stop=stop) as capture:
            captured.append(capture(images))
    for outputs in captured:
        assert torch.equal(outputs["block.relu"], outputs["block.conv1"].relu())


def test_writing_into_a_captured_tensor_does_not_change_the_network(model: Net, images: Tensor) -> None:
    expected = model(images)

    def zero(*_: object) -> None:
        capture["stem.0"].zero_()

    with Capture(model, "stem.0") as capture:
        handle = model.stem[0].register_forward_hook(zero)  # runs after ours, before the in-place ReLU
        got = model(images)
        handle.remove()
    assert not capture["stem.0"].any()
    assert torch.equal(got, expected)


def test_outputs_do_not_depend_on_the_capture(model: Net, images: Tensor) -> None:
    expected = model(images)
    for detach in (True, False):
        with Capture(model, layer_names(model)[:-1], detach=detach):
            assert torch.equal(model(images), expected)


def test_a_layer_with_two_names_answers_to_both() -> None:
    layer = nn.Linear(2, 2)
    net = nn.ModuleDict({"one": layer, "two": layer})
    assert layer_names(net) == ("one", "two")
    with Capture(net, ["one", "two"]) as capture:
        layer(torch.ones(1, 2))
    assert torch.equal(capture["one"], capture["two"])


# ---- gradients


def test_detached_captures_require_no_gradient(model: Net, images: Tensor) -> None:
    with Capture(model, "block") as capture:
        assert not capture(images)["block"].requires_grad


def test_gradients_reach_a_captured_tensor_that_is_not_detached(model: Net, images: Tensor) -> None:
    with Capture(model, "block", detach=False) as capture:
        logits = model(images)
    (gradient,) = torch.autograd.grad(logits[:, 2].sum(), capture["block"])
    expected = model.head.weight[2].view(1, 4, 1, 1).expand(2, 4, 6, 6) / 36
    torch.testing.assert_close(gradient, expected)


def test_retain_grad_works_on_a_captured_tensor(model: Net, images: Tensor) -> None:
    with Capture(model, "stem.1", detach=False) as capture:
        logits = model(images)
    capture["stem.1"].retain_grad()
    logits.sum().backward(inputs=[capture["stem.1"]])
    gradient = capture["stem.1"].grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_a_frozen_network_can_still_be_differentiated_by_its_activations(model: Net, images: Tensor) -> None:
    model.requires_grad_(False)
    with Capture(model, "block", detach=False) as capture:
        logits = model(images)
    (gradient,) = torch.autograd.grad(logits[:, 0].sum(), capture["block"])
    torch.testing.assert_close(gradient[0, :, 0, 0], model.head.weight[0] / 36)
    assert not images.requires_grad
    model.requires_grad_(True)


def test_the_images_themselves_are_never_made_to_require_a_gradient(images: Tensor) -> None:
    with Capture(nn.Sequential(nn.Identity()), "0", detach=False) as capture:
        assert capture(images)["0"].requires_grad
    assert not images.requires_grad


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("detach", [True, False])
def test_without_gradients_captures_hold_the_same_values(
    model: Net, images: Tensor, mode: type[torch.no_grad], detach: bool
) -> None:
    with Capture(model, "stem.1") as capture:
        expected = capture(images)["stem.1"]
    with mode(), Capture(model, "stem.1", detach=detach) as capture:
        got = capture(images)["stem.1"]
    assert torch.equal(got, expected)
    assert not got.requires_grad


def test_dtype_is_the_layers_own(images: Tensor) -> None:
    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU()).to(torch.bfloat16)
    with Capture(net, "0") as capture:
        assert capture(images.to(torch.bfloat16))["0"].dtype == torch.bfloat16


def test_layers_with_integer_output_can_be_captured_in_the_graph() -> None:
    class Argmax(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.argmax(1)

    with Capture(nn.Sequential(Argmax()), "0", detach=False) as capture:
        assert capture(torch.eye(3))["0"].tolist() == [0, 1, 2]


# ---- stopping


def test_stop_ends_the_forward_after_the_last_layer_needed(model: Net, images: Tensor) -> None:
    with Capture(model, ["block", "stem.0"], stop=True) as capture:
        outputs = capture(images)
        assert model.runs == []
        assert set(outputs) == {"block", "stem.0"}


def test_a_plain_forward_inside_a_stopping_capture_completes(model: Net, images: Tensor) -> None:
    expected = model(images)
    with Capture(model, "stem", stop=True) as capture:
        capture(images)
        assert torch.equal(model(images), expected)


def test_stop_passes_through_a_model_that_catches_exceptions(images: Tensor) -> None:
    class Careless(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(3, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            try:
                self.layer(x)
            except Exception as error:
                raise AssertionError("swallowed") from error
            raise AssertionError("went on")

    with Capture(Careless(), "layer", stop=True) as capture:
        assert capture(images)["layer"].shape == (2, 1, 6, 6)


def test_captures_nest_and_each_stops_for_itself(model: Net, images: Tensor) -> None:
    with Capture(model, "block", stop=True) as outer, Capture(model, "stem", stop=True) as inner:
        assert set(inner(images)) == {"stem"}
        assert set(outer(images)) == {"block"}
        assert inner["stem"].shape == (2, 4, 6, 6)
    assert hooks_left(model) == 0


def test_the_stop_of_an_outer_capture_is_not_swallowed_by_an_inner_one(model: Net, images: Tensor) -> None:
    class Wrapper(nn.Module):
        """Its forward runs a whole stopping capture of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.net = model

        def forward(self, x: Tensor) -> Tensor:
            with Capture(self.net, "block", stop=True) as inner:
                inner(x)
            raise AssertionError("the outer capture should have stopped in net.stem")

    wrapper = Wrapper()
    with Capture(wrapper, "net.stem", stop=True) as outer:
        assert outer(images)["net.stem"].shape == (2, 4, 6, 6)
    assert hooks_left(wrapper) == 0


# ---- editing


def test_ablating_a_unit_equals_removing_its_weights(model: Net, images: Tensor) -> None:
    with Capture(model, [], edits={"block": ablate(1)}):
        ablated = model(images)
    with Capture(model, "block") as capture:
        pooled = capture(images)["block"].mean((2, 3))
    pooled[:, 1] = 0
    torch.testing.assert_close(ablated, model.head(pooled))


def test_an_edited_and_captured_layer_gives_the_edited_value(model: Net, images: Tensor) -> None:
    with Capture(model, "block", edits={"block": ablate([0, 3], value=2.0)}) as capture:
        block = capture(images)["block"]
    assert bool((block[:, [0, 3]] == 2).all())
    assert bool((block[:, [1, 2]] != 2).any())


def test_an_edit_that_writes_in_place_cannot_reach_what_shares_the_memory(images: Tensor) -> None:
    net = nn.Sequential(nn.Identity(), nn.ReLU())
    before = images.clone()
    with Capture(net, [], edits={"0": lambda output: output.zero_()}):
        assert net(images).sum() == 0
    assert torch.equal(images, before)


def test_an_edit_runs_at_every_call_of_its_layer(model: Net, images: Tensor) -> None:
    calls = []
    with Capture(model, [], edits={"block.relu": lambda output: (calls.append(1), output)[1]}):
        model(images)
    assert len(calls) == 2


def test_gradients_flow_through_an_ablation(model: Net, images: Tensor) -> None:
    with Capture(model, "stem", edits={"block": ablate(0)}, detach=False) as capture:
        logits = model(images)
    (gradient,) = torch.autograd.grad(logits.sum(), capture["stem"])
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize(
    ("edit", "error", "message"),
    [
        (
            lambda x: x[:, :2],
            ValueError,
            r"edit of layer 'block' returned shape \(2, 2, 6, 6\), expected \(2, 4, 6, 6\)",
        ),
        (
            lambda x: x.double(),
            ValueError,
            r"edit of layer 'block' returned dtype torch.float64, expected torch.float32",
        ),
        (lambda x: x.to("meta"), ValueError, r"edit of layer 'block' returned device meta, expected cpu"),
        (lambda x: None, TypeError, r"edit of layer 'block' returned a NoneType, expected a tensor"),
        (ablate(4), ValueError, r"no unit 4: there are 4, counted from 0"),
        (ablate([0, -1]), ValueError, r"no unit -1: there are 4"),
    ],
)
def test_a_wrong_edit_is_named_and_leaves_nothing_behind(
    model: Net, images: Tensor, edit: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message), Capture(model, [], edits={"block": edit}):
        model(images)
    assert hooks_left(model) == 0


def test_an_error_inside_an_edit_carries_the_layers_name(model: Net, images: Tensor) -> None:
    def broken(output: Tensor) -> Tensor:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as caught, Capture(model, [], edits={"stem.0": broken}):
        model(images)
    assert caught.value.__notes__ == ["in the edit of layer 'stem.0'"]


# ---- errors, and nothing left behind


def test_a_misspelt_layer_names_the_nearest_before_anything_is_touched(model: Net) -> None:
    with pytest.raises(UnknownName, match=r"no layer 'block.conv3'; did you mean 'block.conv[12]'\?"):
        Capture(model, ["stem", "block.conv3"])
    with pytest.raises(UnknownName, match="no layer 'sten'; did you mean 'stem'"):
        Capture(model, "stem", edits={"sten": ablate(0)})
    assert hooks_left(model) == 0


def test_an_error_in_the_body_leaves_no_hook(model: Net, images: Tensor) -> None:
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), Capture(model, ["stem", "block"]):
            assert hooks_left(model) == 4
            raise error
        assert hooks_left(model) == 0


def test_an_error_in_the_forward_leaves_no_hook_and_the_capture_usable(model: Net, images: Tensor) -> None:
    with Capture(model, "block", stop=True) as capture:
        with pytest.raises(RuntimeError, match="channels"):
            capture(images[:, :2])
        assert capture(images)["block"].shape == (2, 4, 6, 6)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_while_registering_takes_back_the_earlier_hooks(
    model: Net, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise error("no more hooks")

    monkeypatch.setattr(model.block, "register_forward_hook", refuse)
    capture = Capture(model, ["stem", "stem.0", "block"])
    with pytest.raises(error, match="no more hooks"):
        capture.__enter__()
    assert hooks_left(model) == 0


def test_hooks_of_others_survive(model: Net, images: Tensor) -> None:
    seen = []
    handle = model.stem.register_forward_hook(lambda *_: seen.append(1))
    with Capture(model, "stem") as capture:
        capture(images)
    assert hooks_left(model) == 1
    model(images)
    assert len(seen) == 2
    handle.remove()


def test_mode_gradients_and_random_state_are_untouched_by_all_of_it(model: Net, images: Tensor) -> None:
    state = torch.random.get_rng_state()
    with Capture(model, ["stem", "block"], edits={"block": ablate(0)}, stop=True) as capture:
        capture(images)
    activations(model, images, "head")
    shapes(model, 8)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_layer_that_gives_a_tuple_is_refused_by_its_kind() -> None:
    net = Recurrent()
    with pytest.raises(TypeError, match="layer 'lstm' gives a tuple, not one tensor"), Capture(net, "lstm") as capture:
        capture(torch.ones(1, 4, 3))
    assert hooks_left(net) == 0


def test_a_layer_that_did_not_run_is_an_error_and_never_an_old_value(model: Net, images: Tensor) -> None:
    with Capture(model, ["stem", "auxiliary"]) as capture:
        with pytest.raises(XailabError, match=r"layer 'stem' did not run .* \(no captured layer did\)"):
            capture["stem"]
        with pytest.raises(XailabError, match=r"layer 'auxiliary' did not run .* \(only \['stem'\] did\)"):
            capture(images)
        with pytest.raises(RuntimeError):
            model(images[:, :1])
        with pytest.raises(XailabError, match="layer 'stem' did not run"):
            capture["stem"]


def test_asking_for_a_layer_that_was_not_captured_names_the_nearest(model: Net, images: Tensor) -> None:
    with Capture(model, ["stem", "block"]) as capture:
        capture(images)
        with pytest.raises(UnknownName, match="no captured layer 'stm'; did you mean 'stem'"):
            capture["stm"]


def test_misuse_of_the_block_is_explained(model: Net, images: Tensor) -> None:
    capture = Capture(model, "stem")
    with pytest.raises(RuntimeError, match="works inside its with-block"):
        capture(images)
    with capture, pytest.raises(RuntimeError, match="open already"):
        capture.__enter__()
    with pytest.raises(ValueError, match="stop=True needs at least one layer"):
        Capture(model, [], stop=True)


def test_a_capture_can_be_opened_again(model: Net, images: Tensor) -> None:
    capture = Capture(model, "stem")
    for _ in range(2):
        with capture:
            assert capture(images)["stem"].shape == (2, 4, 6, 6)
    capture.__exit__(None, None, None)  # closing twice does nothing


# ---- listing


def test_layer_names_are_dotted_and_in_order(model: Net) -> None:
    names = layer_names(model)
    assert names[:4] == ("stem", "stem.0", "stem.1", "stem.2")
    assert names[-1] == "auxiliary"


def test_shapes_are_those_of_a_forward_without_the_batch(model: Net) -> None:
    found = shapes(model, (8, 6))
    assert found["stem.0"] == (4, 8, 6)
    assert found["head"] == (5,)
    assert "auxiliary" not in found
    assert list(found) == [name for name in layer_names(model) if name in found]


def test_shapes_leave_a_network_in_training_as_it_is(model: Net) -> None:
    model.train()
    model.block.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    shapes(model, 8)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    with pytest.raises(RuntimeError):
        shapes(nn.Sequential(nn.Linear(7, 7)).train(), 8)
    model.eval()


def test_shapes_restore_the_random_state_even_if_the_forward_draws() -> None:
    class Noise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.rand_like(x)

    state = torch.random.get_rng_state()
    assert shapes(nn.Sequential(Noise()), 4) == {"0": (3, 4, 4)}
    assert torch.equal(torch.random.get_rng_state(), state)


def test_shapes_refuse_a_size_below_one_pixel(model: Net) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel, got 0 x 4"):
        shapes(model, (0, 4))


def test_activations_are_those_of_evaluation_mode_whatever_the_mode(model: Net, images: Tensor) -> None:
    expected = activations(model, images, ["stem", "head"])
    model.train()
    got = activations(model, images, ["stem", "head"])
    assert model.training
    model.eval()
    assert all(torch.equal(got[name], expected[name]) for name in expected)
    assert not got["head"].requires_grad


def test_hooks_left_counts_forward_and_backward_hooks() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    handles = [
        net.register_forward_hook(lambda *_: None),
        net[0].register_forward_pre_hook(lambda *_: None),
        net[1].register_full_backward_hook(lambda *_: None),
        net[1].register_full_backward_pre_hook(lambda *_: None),
    ]
    assert hooks_left(net) == 4
    for handle in handles:
        handle.remove()
    assert hooks_left(net) == 0


def test_followed_tells_of_every_run_inner_modules_inside_outer_ones(model: Net, images: Tensor) -> None:
    told: list[str] = []
    outputs: dict[str, object] = {}

    def ended(name: str, output: object) -> None:
        told.append(f"-{name}")
        outputs.setdefault(name, output)

    with followed(model, ended, began=lambda name: told.append(f"+{name}")), torch.no_grad():
        logits = model(images)
    assert told[:4] == ["+", "+stem", "+stem.0", "-stem.0"]
    assert told[-3:] == ["+head", "-head", "-"]
    assert told.count("+block.relu") == told.count("-block.relu") == 2
    assert "+auxiliary" not in told
    assert outputs[""] is logits
    assert hooks_left(model) == 0


def test_followed_takes_its_hooks_back_after_an_error(model: Net) -> None:
    with pytest.raises(RuntimeError), followed(model, lambda name, output: None):
        model(torch.zeros(1, 7, 4, 4))
    assert hooks_left(model) == 0


def test_evaluating_puts_each_modules_own_mode_back(model: Net) -> None:
    model.train()
    model.block.eval()
    with pytest.raises(KeyError), evaluating(model):
        assert not any(module.training for module in model.modules())
        raise KeyError
    assert model.training
    assert model.stem.training
    assert not model.block.conv1.training
    model.eval()
