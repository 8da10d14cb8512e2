"""Deconvnets: from the activation of a unit back to the pixels that caused it.

Projections:

- ``project``         units of a layer, at one cell or at all, back to the pixels of their images -> ``Projection``
- ``project_signal``  the general form: any signal at a layer
- ``replay``          the forward run of some images, checked and kept: project unit after unit without running it again
- ``trace_projection``  the same projection step by step, for teaching: what each layer hands down -> ``Passage``

Functions to choose from:

- ``deconv``, ``guided``, ``gradient``  what a ReLU lets through on the way back; by name in ``RULES``
- ``strongest``, ``everywhere``         which cells of a unit's map are handed down

To look at them:

- ``grids``     ``zeiler_grid``: projections beside patches, for any units; ``rules_grid``: three rules and the controls
- ``pictures``  a projection as a picture, and what is done to its numbers
- ``examples``, ``controls``, ``choosing``  a unit's best images, projected; what should look different; which units
- ``report``    the page of ``xailab deconv``

Source: Zeiler and Fergus 2014.
"""

from xailab.deconvnet.projecting import Projection, project, project_signal
from xailab.deconvnet.replaying import Replay, replay
from xailab.deconvnet.rules import RULES, Rule, deconv, gradient, guided
from xailab.deconvnet.selecting import everywhere, strongest
from xailab.deconvnet.tracing import Passage, trace_projection

__all__ = [
    "RULES",
    "Passage",
    "Projection",
    "Replay",
    "Rule",
    "deconv",
    "everywhere",
    "gradient",
    "guided",
    "project",
    "project_signal",
    "replay",
    "strongest",
    "trace_projection",
]
