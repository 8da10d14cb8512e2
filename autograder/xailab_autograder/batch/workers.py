"""What the run needs of whoever works, be it processes of this machine or of a cluster.

- ``Workers``    an executor that knows how many jobs it does at once
- ``Died``       the process that did a job died, more than once
- ``NoWorkers``  nobody is there to work
"""

from abc import abstractmethod
from concurrent.futures import Executor

from xailab.errors import XailabError


class Died(XailabError):
    """The process that did a job died, and did so again when the job was tried once more."""


class NoWorkers(XailabError):
    """Nobody is there to work (any more). What has come is kept; the same command goes on."""


class Workers(Executor):
    """An executor that knows how many jobs it does at once. Use it as a context: that ends whatever still runs.

    Jobs are functions that can be tried again. A future gets ``Died`` where the process died at a job twice,
    ``NoWorkers`` where no process can be had.
    """

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many jobs are done at once, at this moment."""
