"""Unit after unit: projected, drawn, written.

- ``Showing``  what has been made so far; ``show`` makes one more unit
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from xailab import render
from xailab.data.batch import Dataset
from xailab.data.naming import image_name
from xailab.deconvnet.controls import another_unit, random_weights
from xailab.deconvnet.examples import Subject, UnitExamples, run_forward, unit_examples
from xailab.deconvnet.grids import rules_grid, unit_block
from xailab.deconvnet.report.cards import Card, card_of
from xailab.deconvnet.report.stepping import steps_of
from xailab.deconvnet.report.writing import Numbers, unit_record, write_bytes
from xailab.exemplars import LayerExemplars


@dataclass(eq=False)
class Showing:
    """The units of a page.

    Parameters
    ----------
    subject
        The layer.
    random
        The same layer with random weights; None for no controls.
    dataset
        Where the images are.
    gathered
        Which of them are the best.
    out
        The folder.
    seed
        Of the control ``another unit``.

    Attributes
    ----------
    cards, blocks, records
        One per unit so far: for the page, for ``grid.png``, for the record.
    sanity
        The first example under all rules with its controls, if there are controls.
    """

    subject: Subject
    random: Subject | None
    dataset: Dataset
    gathered: LayerExemplars
    out: Path
    seed: int = 0
    cards: list[Card] = field(default_factory=list)
    blocks: list[Image.Image] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    sanity: Image.Image | None = None

    def show(self, unit: int, numbers: Numbers) -> Path:
        """Make everything of one unit; return its picture, which is written first."""
        subject, best = self.subject, self.gathered.best
        indices, cells = best.indices[unit].tolist(), best.positions[unit]
        forward = run_forward(subject, self.dataset, indices, cells)
        found = unit_examples(subject, forward, unit)
        numbers.add(found)
        self.blocks.append(unit_block(found, rule=subject.rules[0]))
        picture = self.out / f"grid-{unit}.png"
        write_bytes(picture, render.to_png_bytes(self.blocks[-1]))
        if self.random is not None:
            found = another_unit(subject, forward, found, seed=self.seed)
            found = random_weights(self.random, run_forward(self.random, self.dataset, indices, cells), found)
            self.sanity = self.sanity or rules_grid(found.examples[0])
        self.records.append(unit_record(found))
        rows = range(len(found.examples))
        self.cards.append(
            card_of(
                found,
                [steps_of(subject, forward, row, unit, rule=subject.rules[0]) for row in rows],
                [image_name(self.dataset, example.image) for example in found.examples],
                facts=self._facts(found),
                rule=subject.rules[0],
            )
        )
        return picture

    def _facts(self, found: UnitExamples) -> str:
        """Say how strong the examples are, beside images at random."""
        values = [example.value for example in found.examples]
        if not any(values):
            return "0 in all images: nothing to project"
        usual, part = self.gathered.sample.values[:, found.unit], found.examples[0].part
        return (
            f"activation {values[0]:.3g} to {values[-1]:.3g}; images at random {usual.mean():.2g} ± {usual.std():.2g}; "
            f"{part.height} × {part.width} px shown"
        )
