"""Device follows the data: which functions compute what, compiled kernels or torch.

- ``device_of``  the CUDA device of some features, or None for the kernels
"""

from typing import Any


def device_of(features: object) -> Any:
    """Return the torch.device of a tensor that is not on the CPU; None for everything else."""
    device = getattr(features, "device", None)
    kind = getattr(device, "type", "cpu")  # arrays of NumPy have a device too, whose type is str
    return None if not isinstance(kind, str) or kind == "cpu" else device
