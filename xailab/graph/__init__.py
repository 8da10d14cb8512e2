"""A network as the steps that really ran: what an explanation that goes backward through it needs to know.

- ``trace``   run a network once and record its steps
- ``Graph``, ``Step``   the record
- ``operations``        what a step can be: ``Convolution``, ``MaxPooling``, ``Rectification``, ``Sum`` ...

The record is made from the calls of torch's functions, not from a list of modules. So a ReLU that is called as a
function, a module that is used twice, an in-place ReLU and branches are all seen as what they are. What cannot be
described is recorded as ``Unknown``, and refused by whoever would have to pass through it.
"""

from xailab.graph import operations
from xailab.graph.graph import Graph, Step
from xailab.graph.recording import trace

__all__ = ["Graph", "Step", "operations", "trace"]
