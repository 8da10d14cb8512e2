"""Receptive fields: which pixels a unit can see, and which of them it listens to.

- ``receptive_field``   size, jump and start of a layer, and the box of pixels of each of its cells
- ``receptive_fields``  of many layers of one network at once
- ``ReceptiveField``, ``Box``, ``Stage``  what they return
- ``as_text``           the derivation, step by step, as a table to print
- ``effective_field``   mean absolute gradient over the field: which pixels count; ``EffectiveField``
- ``on_image``          the field drawn over an image
"""

from xailab.receptive.effective import EffectiveField, effective_field
from xailab.receptive.field import Box, ReceptiveField, Stage, as_text, receptive_field, receptive_fields
from xailab.receptive.pictures import on_image

__all__ = [
    "Box",
    "EffectiveField",
    "ReceptiveField",
    "Stage",
    "as_text",
    "effective_field",
    "on_image",
    "receptive_field",
    "receptive_fields",
]
