"""Known wrong ways to compute a receptive field, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``receptive_field``
"""

from collections.abc import Sequence

from xailab_autograder.exercises import Misconception

from .reference import receptive_field

Layers = Sequence[tuple[int, int, int]]
Field = tuple[float, float, float]


def _jump_first(layers: Layers) -> Field:
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        jump *= s
        size += (k - 1) * jump
        start += ((k - 1) / 2 - p) * jump
    return size, jump, start


def _jump_first_in_size(layers: Layers) -> Field:
    size, jump = 1.0, 1.0
    for k, s, _ in layers:
        jump *= s
        size += (k - 1) * jump
    return size, jump, receptive_field(layers)[2]


def _jump_first_in_start(layers: Layers) -> Field:
    start, jump = 0.5, 1.0
    for k, s, p in layers:
        jump *= s
        start += ((k - 1) / 2 - p) * jump
    return *receptive_field(layers)[:2], start


def _no_jump(layers: Layers) -> Field:
    return (
        1.0 + sum(k - 1 for k, _, _ in layers),
        receptive_field(layers)[1],
        0.5 + sum((k - 1) / 2 - p for k, _, p in layers),
    )


def _no_jump_in_size(layers: Layers) -> Field:
    return _no_jump(layers)[0], *receptive_field(layers)[1:]


def _no_jump_in_start(layers: Layers) -> Field:
    return *receptive_field(layers)[:2], _no_jump(layers)[2]


def _own_stride(layers: Layers) -> Field:
    size = 1.0 + sum((k - 1) * s for k, s, _ in layers)
    start = 0.5 + sum(((k - 1) / 2 - p) * s for k, s, p in layers)
    return size, receptive_field(layers)[1], start


def _last_stride(layers: Layers) -> Field:
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        size += (k - 1) * jump
        start += ((k - 1) / 2 - p) * jump
        jump = float(s)
    return size, jump, start


def _strides_added(layers: Layers) -> Field:
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        size += (k - 1) * jump
        start += ((k - 1) / 2 - p) * jump
        jump += s - 1
    return size, jump, start


def _k_for_steps(layers: Layers) -> Field:
    size, jump = 1.0, 1.0
    for k, s, _ in layers:
        size += k * jump
        jump *= s
    return size, *receptive_field(layers)[1:]


def _k_for_steps_everywhere(layers: Layers) -> Field:
    start, jump = 0.5, 1.0
    for k, s, p in layers:
        start += (k / 2 - p) * jump
        jump *= s
    return _k_for_steps(layers)[0], jump, start


def _no_padding(layers: Layers) -> Field:
    return receptive_field([(k, s, 0) for k, s, _ in layers])


def _padding_added(layers: Layers) -> Field:
    return receptive_field([(k, s, -p) for k, s, p in layers])


def _padding_without_jump(layers: Layers) -> Field:
    size, jump, start = _no_padding(layers)
    return size, jump, start - sum(p for _, _, p in layers)


def _padding_in_size(layers: Layers) -> Field:
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        size += (k - 1 - 2 * p) * jump
        start += ((k - 1) / 2 - p) * jump
        jump *= s
    return size, jump, start


def _from_center_of_first_pixel(layers: Layers) -> Field:
    size, jump, start = receptive_field(layers)
    return size, jump, start - 0.5


def _half_a_pixel_more(layers: Layers) -> Field:
    size, jump, start = receptive_field(layers)
    return size, jump, start + 0.5


def _halves_rounded(layers: Layers) -> Field:
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        size += (k - 1) * jump
        start += ((k - 1) // 2 - p) * jump
        jump *= s
    return size, jump, start


def _halves_rounded_up(layers: Layers) -> Field:
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        size += (k - 1) * jump
        start += (k // 2 - p) * jump
        jump *= s
    return size, jump, start


def _edge_for_center(layers: Layers) -> Field:
    size, jump, start = receptive_field(layers)
    return size, jump, start - size / 2


def _backwards(layers: Layers) -> Field:
    return receptive_field(layers[::-1])


def _without_last(layers: Layers) -> Field:
    return receptive_field(layers[:-1])


def _first_is_kernel(layers: Layers) -> Field:
    size, jump, start = receptive_field(layers)
    return size - 1, jump, start


MISCONCEPTIONS = (
    Misconception(
        "new-jump-used",
        _jump_first,
        "You multiply the jump by the stride before you use it. The kernel of a layer steps over the cells of the "
        "layer below: their distance is the old jump. The new one is for the layer above.",
        "Araujo et al. 2019, eq. 2",
        also=(_jump_first_in_size, _jump_first_in_start),
    ),
    Misconception(
        "jump-not-used",
        _no_jump,
        "You count steps of a kernel as pixels. Behind a stride, one step to the next cell is a step of several "
        "pixels: multiply by the jump.",
        "notebook, section 4",
        also=(_no_jump_in_size, _no_jump_in_start),
    ),
    Misconception(
        "own-stride-for-jump",
        _own_stride,
        "You multiply by the layer's own stride. What counts is the distance of the cells below, the product of "
        "the strides of all earlier layers.",
        "notebook, section 4",
    ),
    Misconception(
        "jump-of-last-layer",
        _last_stride,
        "Your jump is the stride of the last layer alone. Strides multiply: a step of 2 over steps of 2 is one of 4.",
        "notebook, section 4",
    ),
    Misconception(
        "strides-added",
        _strides_added,
        "You add strides. They multiply: a step of 2 over steps of 3 is one of 6.",
        "notebook, section 4",
    ),
    Misconception(
        "k-for-k-minus-one",
        _k_for_steps,
        "Each layer makes the field too large by one step. A kernel of k cells spans k - 1 steps.",
        "notebook, section 4",
        also=(_k_for_steps_everywhere,),
    ),
    Misconception(
        "padding-ignored",
        _no_padding,
        "The padding is missing in the start. It moves the first cell up and to the left, by p times the jump.",
        "notebook, section 4",
    ),
    Misconception(
        "padding-wrong-sign",
        _padding_added,
        "The padding moves the start in the wrong direction: the first window begins above and left of the image.",
        "notebook, section 4",
    ),
    Misconception(
        "padding-without-jump",
        _padding_without_jump,
        "You subtract the padding in pixels. It is counted in cells of the layer below: multiply by the jump.",
        "notebook, section 4",
    ),
    Misconception(
        "padding-in-the-size",
        _padding_in_size,
        "You subtract the padding from the size. Padding moves the box, it does not make it smaller; the part "
        "outside the image is a part of the field that sees zeros.",
        "notebook, section 4",
    ),
    Misconception(
        "first-pixel-at-zero",
        _from_center_of_first_pixel,
        "Your start is 0.5 less than asked, everywhere: you count from the center of pixel 0 (many papers and "
        "programs do). Here pixel 0 reaches from 0 to 1, so its center is at 0.5, where the start begins.",
        "notebook, section 4",
    ),
    Misconception(
        "half-pixel-too-much",
        _half_a_pixel_more,
        "Your start is 0.5 too large: the center of pixel 0 is at 0.5, not at 1.",
        "notebook, section 4",
    ),
    Misconception(
        "halves-rounded",
        _halves_rounded,
        "You round half of k - 1. An even kernel has its center between two cells: keep the half.",
        "notebook, section 4",
        also=(_halves_rounded_up,),
    ),
    Misconception(
        "edge-for-center",
        _edge_for_center,
        "Your start is the left edge of the first box. Asked is its center.",
        "notebook, section 4",
    ),
    Misconception(
        "backwards",
        _backwards,
        "You go through the layers from the last to the first. The formulas begin at the image.",
        "notebook, section 4",
    ),
    Misconception(
        "last-layer-missing",
        _without_last,
        "The last layer is missing.",
        "notebook, section 4",
    ),
    Misconception(
        "size-begins-at-zero",
        _first_is_kernel,
        "Your size is 1 less than it should be: before the first layer a pixel sees itself, so it begins at 1.",
        "notebook, section 4",
    ),
)
