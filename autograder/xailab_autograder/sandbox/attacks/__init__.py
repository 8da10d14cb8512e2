"""The attack corpus: submissions that try what they must not. ``xailab doctor`` runs them against this machine.

- ``CORPUS``   all of them
- ``Attack``   what each is
- ``firing_range``  where they are run, and how a breach is seen from outside
"""

from xailab_autograder.sandbox.attacks import deception, exhaustion, files, kernel, network, processes, protocol
from xailab_autograder.sandbox.attacks.attack import Attack

CORPUS: tuple[Attack, ...] = (
    *files.ATTACKS,
    *network.ATTACKS,
    *processes.ATTACKS,
    *kernel.ATTACKS,
    *exhaustion.ATTACKS,
    *protocol.ATTACKS,
    *deception.ATTACKS,
)
"""Every attack, each with a name of its own."""

__all__ = ["CORPUS", "Attack"]
