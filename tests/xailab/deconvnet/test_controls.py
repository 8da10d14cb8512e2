"""Examples, their controls, and the choice of units, on a network that can be followed by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.toys import Boxes, watcher
from xailab.deconvnet import gradient, project
from xailab.deconvnet.choosing import standing_out, striking_units
from xailab.deconvnet.controls import ANOTHER, RANDOM, another_unit, likeness, random_weights
from xailab.deconvnet.examples import (
    Subject,
    UnitExamples,
    checked_units,
    projected,
    run_forward,
    subject_of,
    unit_examples,
)
from xailab.deconvnet.report.stepping import steps_of
from xailab.errors import UnknownName, XailabError
from xailab.exemplars import Plan, gather
from xailab.models.feeding import prepare
from xailab.models.randomizing import randomized
from xailab.receptive import Box

DATA = Boxes(24)
WHOLE = Box(0, 0, 16, 16)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return subject_of(watcher(), "1", rules=("deconv", "gradient"))


def examples(subject: Subject, unit: int = 1) -> UnitExamples:
    best = gather(subject.network, "1", DATA, plan=Plan(count=4, sample=0), progress=False)["1"].best
    forward = run_forward(subject, DATA, best.indices[unit].tolist(), best.positions[unit])
    return unit_examples(subject, forward, unit)


def test_an_example_holds_what_project_gives(subject: Subject) -> None:
    found = examples(subject)
    inputs = prepare(subject.network, DATA.read([one.image for one in found.examples]).images, 16, torch.device("cpu"))
    for one, row in zip(found.examples, range(4), strict=True):
        direct = project(subject.network.module, inputs[row : row + 1], "1", 1, cells=one.cell, rule=gradient)
        torch.testing.assert_close(one.projections["gradient"], direct.pixels[0])
        assert one.value == pytest.approx(float(direct.values[0]))
        top, left = (2 * place for place in one.cell)  # windows of 2 x 2, one beside the other
        assert one.box == Box(top, left, top + 2, left + 2)
        assert (
            one.projections["gradient"][1, top : top + 2, left : left + 2].tolist()
            == [[pytest.approx(one.value / 4)] * 2] * 2
        )
    assert [one.value for one in found.examples] == sorted((one.value for one in found.examples), reverse=True)


def test_missing_images_are_left_out(subject: Subject) -> None:
    forward = run_forward(subject, DATA, [3, -1], torch.tensor([[0, 0], [-1, -1]]))
    assert [one.image for one in unit_examples(subject, forward, 0).examples] == [3]
    with pytest.raises(ValueError, match="no images to project"):
        run_forward(subject, DATA, [-1], torch.tensor([[-1, -1]]))


def test_another_unit_is_one_that_is_on_at_the_same_cell(subject: Subject) -> None:
    found = examples(subject)
    forward = run_forward(
        subject, DATA, [one.image for one in found.examples], torch.tensor([one.cell for one in found.examples])
    )
    drawn = another_unit(subject, forward, found, seed=3)
    assert drawn.examples[0].controls[ANOTHER].keys() == {"deconv", "gradient"}
    possible = {unit: projected(subject, forward, torch.full((4,), unit))["gradient"] for unit in (0, 2, 3, 4)}
    for row, one in enumerate(drawn.examples):
        on = [unit for unit in possible if forward.here()[row, unit] > 0]
        assert any(torch.equal(one.controls[ANOTHER]["gradient"], possible[unit][row]) for unit in on)
    again = another_unit(subject, forward, found, seed=3)
    for one, other in zip(drawn.examples, again.examples, strict=True):
        assert torch.equal(one.controls[ANOTHER]["deconv"], other.controls[ANOTHER]["deconv"])


def test_a_random_network_gives_something_else(subject: Subject) -> None:
    found = examples(subject)
    random = subject_of(randomized(watcher(), seed=1), "1", rules=("deconv", "gradient"))
    cells = torch.tensor([one.cell for one in found.examples])
    forward = run_forward(random, DATA, [one.image for one in found.examples], cells)
    for one in random_weights(random, forward, found).examples:
        assert not torch.allclose(one.controls[RANDOM]["gradient"], one.projections["gradient"])
        assert likeness(one.controls[RANDOM]["gradient"], one.projections["gradient"], WHOLE) > 0.3  # the same place


def test_likeness_is_of_strengths_at_places() -> None:
    pixels = torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert likeness(pixels, -2 * pixels.flip(0), WHOLE) == pytest.approx(1)
    assert abs(likeness(pixels, pixels.roll(5, 2), WHOLE)) < 0.3
    assert np.isnan(likeness(pixels, torch.zeros(3, 16, 16), WHOLE))


def test_units_stand_out_by_their_last_best_image_over_ordinary_ones() -> None:
    found = gather(watcher(), "1", DATA, plan=Plan(count=4, sample=24), progress=False)["1"]
    usual = found.sample.values[:, 0].astype(float)
    expected = (float(found.best.values[0, 3]) - usual.mean()) / usual.std()
    assert standing_out(found)[0] == pytest.approx(expected)
    assert standing_out(found)[3] == -np.inf  # constant
    chosen = striking_units(found, 5)
    assert 3 not in chosen
    assert chosen == sorted(chosen, key=lambda unit: -standing_out(found)[unit])
    with pytest.raises(ValueError, match=r"gather with Plan\(sample=512\)"):
        standing_out(
            replace(found, sample=gather(watcher(), "1", DATA, plan=Plan(sample=0), progress=False)["1"].sample)
        )


def test_a_subject_is_checked_before_any_work(subject: Subject) -> None:
    with pytest.raises(XailabError, match="no unit 5 in layer '1' of watcher: it has 5, 0 to 4"):
        checked_units(subject, [0, 5])
    with pytest.raises(UnknownName, match="no rule 'guide'; did you mean 'guided'"):
        subject_of(watcher(), "1", rules=("guide",))
    with pytest.raises(XailabError, match="no rule was given; there are deconv, guided, gradient"):
        subject_of(watcher(), "1", rules=())
    with pytest.raises(UnknownName, match="no layer"):
        subject_of(watcher(), "conv")
    with pytest.raises(XailabError, match="cannot take images of 8 x 8"):
        subject_of(watcher(), "1", image_size=8)
    bent = watcher()
    bent = replace(bent, module=torch.nn.Sequential(bent.module[0], torch.nn.GELU()).eval())  # type: ignore[index]
    with pytest.raises(XailabError, match="no deconv rule for gelu; rule gradient works"):
        subject_of(bent, "1")
    assert subject_of(bent, "1", rules=("gradient",)).units == 5


def test_steps_are_those_that_get_a_signal() -> None:
    class Branched(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = torch.nn.Conv2d(3, 2, 1), torch.nn.Conv2d(3, 2, 1)
            self.drop, self.head = torch.nn.Dropout(), torch.nn.Conv2d(4, 4, 1, groups=2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            joined = torch.cat([self.left(images), self.right(images)], 1)
            return self.head(self.drop(joined))  # type: ignore[no-any-return]

    bent = subject_of(replace(watcher(), module=Branched().eval()), "head")
    forward = run_forward(bent, DATA, [0, 1], torch.tensor([[0, 0], [3, 4]]))
    steps, left_out = steps_of(bent, forward, 1, 3, rule="deconv")
    assert [step.name for step in steps] == ["head", "cat", "right", "input"]
    assert left_out == 0
    assert [step.shape for step in steps] == [(4, 16, 16), (2, 16, 16), (3, 16, 16), (3, 16, 16)]
    assert steps[0].nonzero == 2 / (4 * 256)  # the two channels of its group, at one cell
    assert steps[-1].projection


def test_of_many_steps_some_are_shown_and_the_rest_counted() -> None:
    deep = torch.nn.Sequential(*(torch.nn.Conv2d(3, 3, 1) for _ in range(30)))
    subject = subject_of(replace(watcher(), module=deep.eval()), "29")
    forward = run_forward(subject, DATA, [0], torch.tensor([[2, 2]]))
    steps, left_out = steps_of(subject, forward, 0, 0, rule="deconv")
    assert (len(steps), left_out) == (20, 11)
    assert (steps[0].name, steps[-1].name) == ("29", "input")
