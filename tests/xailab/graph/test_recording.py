"""What ``trace`` sees: every call as what it is, or a refusal; and a network that is as it was."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from xailab import hooks
from xailab.errors import UnknownName, XailabError
from xailab.graph import Graph, trace
from xailab.graph.operations import (
    AdaptiveAveragePooling,
    Affine,
    AveragePooling,
    BatchNormalization,
    Concatenation,
    Convolution,
    FullyConnected,
    Identity,
    Input,
    MaxPooling,
    Nonlinearity,
    Rectification,
    Sum,
    Unknown,
)


class Does(nn.Module):
    """A network that is one function of the image, with a parameter of its own."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.linspace(-1, 1, 27).view(1, 3, 3, 3))

    def forward(self, x: Tensor) -> object:
        return self.function(x)


def kinds(graph: Graph) -> list[type]:
    return [type(step.operation) for step in graph.steps]


def last(function: Callable[..., object], size: int | tuple[int, int] = 6, *, channels: int = 3) -> object:
    return trace(Does(function), size, channels=channels).steps[-1].operation


def reason(function: Callable[..., object], *, channels: int = 3) -> str:
    """Return why the network's output cannot be followed."""
    graph = trace(Does(function), 6, channels=channels)
    unknown = [graph.steps[place].operation for place in graph.leading_to(graph.position(""))]
    refused = [operation for operation in unknown if isinstance(operation, Unknown)]
    assert refused, "nothing was refused"
    return refused[0].reason


def same(network: nn.Module, size: tuple[int, int] = (7, 9), *, channels: int = 3, count: int = 3) -> Graph:
    """Check that the steps compute for other images, and another number of them, the very bits of the network."""
    graph = trace(network, size, channels=channels)
    like = next(network.parameters())
    images = torch.randn(count, channels, *size, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    images = images.to(like.dtype)
    with hooks.evaluating(network), torch.no_grad():
        expected = network(images.clone())
    found = graph.outputs(images, [graph.position("")])[graph.position("")]
    assert torch.equal(found, expected)
    return graph


class Untidy(nn.Module):
    """All that a list of modules would get wrong: shared, functional and in-place ReLUs, a module used twice, views."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.unused = nn.Linear(2, 2)
        self.head = nn.Linear(12, 5)
        nn.init.normal_(self.norm.weight, generator=torch.Generator().manual_seed(1))
        self.norm.running_mean.uniform_(-1, 1, generator=torch.Generator().manual_seed(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.conv(x)))
        y = functional.relu(self.twice(x))
        y = self.relu(self.twice(y))
        y += x
        first, second = y.chunk(2, 1)
        y = torch.cat([second, first, x[:, :1] * 2 - 1], dim=1)
        y = functional.pad(y, (1, 0, 0, 1)).clamp(min=0)
        y = torch.cat((functional.max_pool2d(y, 2), functional.avg_pool2d(y, 2)[:, 1:]), 1)
        y = self.dropout(functional.adaptive_avg_pool2d(y, (1, 2))).flatten(1)
        logits: Tensor = self.head(y[:, :12])
        return logits


@pytest.fixture
def untidy() -> Iterator[Untidy]:
    """It must come out of every test as it went in: in training mode here, and without a hook."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Untidy().train()
    network.norm.eval()
    parameters = dict(network.named_parameters())
    before = {name: (value.clone(), value._version) for name, value in network.state_dict(keep_vars=True).items()}
    yield network
    assert hooks.hooks_left(network) == 0
    assert network.training
    assert network.conv.training
    assert not network.norm.training
    for name, value in network.state_dict(keep_vars=True).items():
        assert torch.equal(value, before[name][0]), name
        assert value._version == before[name][1], name
    for name, value in network.named_parameters():
        assert value is parameters[name]
        assert value.grad is None
        assert value.requires_grad


# ---- what is seen


def test_untidy_networks_are_replayed_bit_for_bit(untidy: Untidy) -> None:
    graph = same(untidy)
    assert not any(isinstance(step.operation, Unknown) for step in graph.steps)
    assert kinds(graph).count(Rectification) == 4  # two modules' runs, a function, a clamp
    assert kinds(graph).count(Convolution) == 3


def test_steps_are_named_after_the_innermost_module_or_the_function(untidy: Untidy) -> None:
    names = [step.name for step in trace(untidy, (7, 9)).steps]
    assert names[:5] == ["input", "conv", "norm", "relu", "twice"]
    assert names[5:10] == ["relu", "twice", "relu", "add_", "chunk"]
    assert names[-1] == "head"
    inside = nn.Sequential(OrderedDict(block=nn.Sequential(Does(torch.relu))))
    assert [step.name for step in trace(inside, 4).steps] == ["input", "block.0"]
    calls = nn.Sequential(OrderedDict(block=Does(lambda x: functional.relu(x).add(1))))
    assert [step.name for step in trace(calls, 4).steps] == ["input", "block relu", "block"]


def test_layers_are_those_of_hooks_and_are_the_same_tensors(untidy: Untidy) -> None:
    graph = trace(untidy, (7, 9))
    shapes = hooks.shapes(untidy, (7, 9))
    assert {name for name in graph.layers if name} == set(shapes)
    assert "unused" not in graph.layers
    images = torch.randn(2, 3, 7, 9, generator=torch.Generator().manual_seed(3))
    captured = hooks.activations(untidy, images, list(shapes))
    found = graph.outputs(images, [graph.position(name) for name in shapes])
    for name, shape in shapes.items():
        assert graph.steps[graph.position(name)].shape == shape
        assert torch.equal(found[graph.position(name)], captured[name]), name  # of "relu" and "twice" the first run


def test_the_layer_before_an_in_place_relu_is_the_step_before_it() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=True), nn.Identity(), nn.Dropout())
    graph = trace(network, 5)
    assert [graph.position(name) for name in ("0", "1", "2", "3", "")] == [1, 2, 2, 3, 3]
    assert kinds(graph) == [Input, Convolution, Rectification, Identity]


def test_parameters_are_the_networks_own() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
    graph = trace(network, 5)
    assert graph.steps[1].operation.weight is network[0].weight
    assert graph.steps[2].operation.mean is network[1].running_mean
    with torch.no_grad():
        network[0].weight.mul_(2)
    images = torch.ones(1, 3, 5, 5)
    with hooks.evaluating(network), torch.no_grad():
        assert torch.equal(graph.outputs(images, [2])[2], network(images))


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (functional.relu, Rectification),
        (lambda x: x.clone().relu_(), Rectification),
        (lambda x: torch.clamp(x, min=0), Rectification),
        (lambda x: x.clamp_min(0), Rectification),
        (functional.relu6, Rectification),
        (lambda x: x.clamp(-1, 1), Nonlinearity),
        (functional.silu, Nonlinearity),
        (lambda x: functional.leaky_relu(x, 0.1), Nonlinearity),
        (lambda x: x.softmax(1), Nonlinearity),
        (lambda x: functional.max_pool2d(x, 2, ceil_mode=True), MaxPooling),
        (nn.MaxPool2d(3, stride=1, padding=1, dilation=2), MaxPooling),
        (nn.AvgPool2d((2, 3), count_include_pad=False), AveragePooling),
        (nn.AdaptiveAvgPool2d((None, 4)), AdaptiveAveragePooling),
        (lambda x: functional.linear(x, torch.ones(2, 9)), FullyConnected),
        (lambda x: x + x.relu(), Sum),
        (lambda x: torch.sub(x, x.relu(), alpha=3), Sum),
        (lambda x: torch.cat((x, x.relu()), -1), Concatenation),
        (lambda x: x + torch.ones(3, 1, 1), Affine),
        (lambda x: 2.5 * x, Affine),
        (lambda x: x / 3, Affine),
        (lambda x: x.permute(0, 2, 3, 1), Affine),
        (lambda x: x[:, [2, 0]], Affine),
        (lambda x: x[..., ::2, None], Affine),
        (lambda x: x.split([1, 2], 1)[1], Affine),
        (lambda x: x.unbind(1)[2], Affine),
        (lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear"), Affine),
        (lambda x: functional.dropout(x, training=False), Identity),
        (lambda x: x.contiguous(), Identity),
    ],
)
def test_functions_are_read_as_what_they_are_and_replayed(function: Callable[..., object], kind: type) -> None:
    graph = same(Does(function))
    assert kind in kinds(graph)
    assert kinds(graph)[-1] in (kind, Affine)
    assert Unknown not in kinds(graph)


@pytest.mark.parametrize("padding", ["same", "valid", 1, (2, 0)])
def test_convolutions_keep_their_geometry(padding: str | int | tuple[int, int]) -> None:
    conv = nn.Conv2d(4, 6, (3, 5), padding=padding, dilation=(2, 1), groups=2)
    graph = same(conv, (12, 11), channels=4)
    assert kinds(graph) == [Input, Convolution]
    sides = {"same": ((2, 2), (2, 2)), "valid": ((0, 0), (0, 0)), 1: ((1, 1), (1, 1)), (2, 0): ((2, 2), (0, 0))}
    assert graph.steps[1].operation.windows.padding == sides[padding]
    assert graph.steps[1].operation.groups == 2


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # torch's, on speed
def test_same_padding_of_even_kernels_is_asymmetric() -> None:
    graph = same(nn.Conv2d(3, 2, (2, 4), padding="same"))
    assert graph.steps[1].operation.windows.padding == ((0, 1), (1, 2))


@pytest.mark.parametrize("mode", ["reflect", "circular", "replicate"])
def test_convolutions_that_pad_with_pixels_are_two_steps(mode: str) -> None:
    assert kinds(same(nn.Conv2d(3, 2, 3, padding=1, padding_mode=mode))) == [Input, Affine, Convolution]


def test_options_of_layer_normalization_and_softmax_say_which_axes_they_mix() -> None:
    mixed = {
        (-1,): [lambda x: functional.layer_norm(x, (6,)), lambda x: functional.softmax(x, dim=3)],
        (-2, -1): [lambda x: functional.layer_norm(x, (6, 6))],
        (-3,): [lambda x: x.softmax(1), lambda x: torch.log_softmax(x, dim=-3)],
        None: [lambda x: functional.group_norm(x, 1), lambda x: functional.adaptive_max_pool2d(x, 2)],
    }
    for axes, functions in mixed.items():
        for function in functions:
            operation = last(function)
            assert isinstance(operation, Nonlinearity)
            assert operation.mixes == axes


def test_a_network_of_double_precision_one_channel_and_any_shape_of_images() -> None:
    graph = same(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).double(), (5, 11), channels=1)
    assert graph.steps[0].shape == (1, 5, 11)
    assert graph.steps[-1].shape == (2, 3, 9)


def test_structures_without_numbers_can_be_traced() -> None:
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64 * 222 * 222, 9))
    assert trace(network, 224).steps[-1].shape == (9,)


def test_numbers_are_not_put_into_structures_without_numbers() -> None:
    weight = torch.ones(3, 1, 2, 2, device="meta")
    graph = trace(Does(lambda x: functional.conv_transpose2d(x, weight)).to("meta"), 6)
    operation = graph.steps[-1].operation
    assert operation.apply(torch.ones(1, 3, 6, 6, device="meta")).shape == (1, 1, 7, 7)
    with pytest.raises(RuntimeError, match="a tensor on meta meets one on cpu"):  # torch gives what lies in memory
        operation.apply(torch.ones(1, 3, 6, 6))


def test_what_does_not_come_from_the_image_is_no_step() -> None:
    network = Does(lambda x: functional.conv2d(x, torch.ones(2, 3, 1, 1).mul(3).relu()))
    assert kinds(same(network)) == [Input, Convolution]


# ---- what is refused


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (functional.dropout, "drops units also in evaluation mode"),
        (lambda x: functional.batch_norm(x, None, None, training=True), "statistics of the batch"),
        (nn.BatchNorm2d(3, track_running_stats=False), "statistics of the batch"),
        (lambda x: x * x.mean((2, 3), keepdim=True), "takes 2 tensors that depend on the image"),
        (lambda x: functional.conv2d(x[:1], x)[0], "does not keep images apart"),
        (lambda x: x - x.mean(0), "does not keep images apart"),
        (lambda x: x.flatten(0, 1), "does not keep images apart"),
        (lambda x: x + torch.randn_like(x), "no function that xailab.graph knows"),
        (lambda x: torch.fft.fft(x).real, "no function that xailab.graph knows"),
        (lambda x: torch.div(1, x + 2), "divides by something that depends on the image"),
        (lambda x: x.to(torch.float64), "changes the type of the numbers"),
        (lambda x: x.clamp(min=torch.zeros(3, 1, 1)), "bounds are tensors"),
        (lambda x: x + x.mean() * torch.ones(()), "does not keep images apart"),
        (lambda x: x + x[:, :1], "adds tensors of different shapes"),
        (lambda x: torch.cat((x, torch.ones(2, 1, 6, 6)), 1), "something that does not depend on them"),
        (lambda x: x + torch.rand(x.shape), "a value for every image that does not come from the images"),
        (lambda x: x * torch.rand(x.shape[0], 1, 1, 1), "a value for every image that does not come from the images"),
    ],
)
def test_what_cannot_be_described_is_refused_with_its_reason(function: Callable[..., object], why: str) -> None:
    assert why in reason(function)


def _changed_behind_its_back(x: Tensor) -> Tensor:
    x = x.clone()
    x[:, :1].relu_()
    return x


def _item_assigned(x: Tensor) -> Tensor:
    x = x.clone()
    x[:, 0] = 0
    return x.relu()


def _filled_constant(x: Tensor) -> Tensor:
    canvas = torch.zeros(len(x), 3, 8, 8)
    canvas[:, :, 1:-1, 1:-1] = x
    return functional.avg_pool2d(canvas, 2)


def _filled_view_of_a_constant(x: Tensor) -> Tensor:
    canvas = torch.zeros(len(x), 3, 8, 8)
    canvas[:, :, 1:7, 1:7].copy_(x)
    return canvas * 2


def _filled_branch(x: Tensor) -> Tensor:
    canvas = torch.zeros(len(x), 3, 6, 6)
    canvas[:, 1:] = x[:, 1:]
    return x + canvas


def _filled_parts_of_a_branch(x: Tensor) -> Tensor:
    canvas = torch.zeros(len(x), 3, 6, 6)
    part = canvas[:, 1:]
    part += x[:, 1:]
    return x.relu() + canvas.relu()


@pytest.mark.parametrize(
    "function",
    [
        _changed_behind_its_back,
        _item_assigned,
        _filled_constant,
        _filled_view_of_a_constant,
        _filled_branch,
        _filled_parts_of_a_branch,
    ],
)
def test_what_is_written_into_under_another_name_is_never_a_constant(
    function: Callable[..., object],
) -> None:
    assert "in place" in reason(function)


def test_unknown_steps_matter_only_on_the_way() -> None:
    network = Does(lambda x: (x.relu(), x.sort(1).values)[0])
    graph = trace(network, 4)
    assert torch.equal(graph.outputs(torch.ones(1, 3, 4, 4), [graph.position("")])[1], torch.ones(1, 3, 4, 4))


def test_replaying_an_unknown_step_names_it() -> None:
    graph = trace(Does(lambda x: x.sort(1).values), 4)
    with pytest.raises(XailabError, match=r"sort cannot be followed: it is no function that xailab\.graph knows"):
        graph.outputs(torch.ones(1, 3, 4, 4), [graph.position("")])


def test_layers_that_did_not_run_are_named() -> None:
    network = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 2, 1)))
    with pytest.raises(UnknownName, match="no layer 'cov1'; did you mean 'conv1'"):
        trace(network, 4).position("cov1")


@pytest.mark.parametrize(("size", "channels"), [(0, 3), ((4, -1), 3), (4, 0)])
def test_sizes_below_one_are_refused(size: int | tuple[int, int], channels: int) -> None:
    with pytest.raises(ValueError, match="images need at least 1 channel and 1 pixel"):
        trace(Does(torch.relu), size, channels=channels)


def test_images_that_the_network_cannot_take_are_refused(untidy: Untidy) -> None:
    with pytest.raises(XailabError, match=r"the network cannot take images of 1 x 8 x 8: .*channels"):
        trace(untidy, 8, channels=1)
    with pytest.raises(XailabError, match="the network cannot take images of 3 x 2 x 2"):
        trace(nn.Conv2d(3, 2, 3), 2)


def test_a_network_that_gives_nothing_of_the_image_is_refused() -> None:
    with pytest.raises(XailabError, match="nothing that the network gives was computed from its images"):
        trace(Does(lambda x: torch.ones(2, 3)), 4)


# ---- what is left behind


def test_nothing_is_left_after_an_error_of_the_network(untidy: Untidy) -> None:
    class Stop(Exception):
        pass

    def fail(x: Tensor) -> Tensor:
        raise Stop

    network = nn.Sequential(untidy, Does(fail))
    with pytest.raises(Stop):
        trace(network, (7, 9))
    assert hooks.hooks_left(network) == 0
    assert torch.ones(1).relu() == 1  # the recorder is off


def test_statistics_that_the_network_updates_itself_are_put_back() -> None:
    class Updating(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.ones(3))
            self.register_buffer("variance", torch.ones(3))

        def forward(self, x: Tensor) -> Tensor:
            return functional.batch_norm(x, self.mean, self.variance, training=True)

    network = Updating()
    mean = network.mean
    trace(network, 4)
    assert network.mean is mean
    assert torch.equal(mean, torch.ones(3))
    assert torch.equal(network.variance, torch.ones(3))


def test_the_random_state_is_as_before() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    trace(Does(lambda x: x.relu() * torch.rand(1)), 4)
    assert torch.equal(torch.get_rng_state(), state)


def test_tracing_works_whatever_mode_of_gradients_is_on(untidy: Untidy) -> None:
    expected = kinds(trace(untidy, (7, 9)))
    with torch.no_grad():
        assert kinds(trace(untidy, (7, 9))) == expected
    with torch.inference_mode():
        assert kinds(trace(untidy, (7, 9))) == expected
        made_here = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True))
    assert kinds(trace(made_here, 5)) == [Input, Convolution, BatchNormalization, Rectification]


def test_a_path_that_depends_on_values_is_recorded_as_it_was_for_zeros() -> None:
    network = Does(lambda x: x.relu() if bool(x.mean() > 0) else x * 2)
    graph = trace(network, 4)
    assert isinstance(graph.steps[graph.position("")].operation, Affine)
