"""Whether the loops that are written for 512-bit registers can run here.

- ``WIDE``  whether this processor, as numba compiles for it, has them
"""

import os

from numba import config
from numba.core.codegen import get_host_cpu_features

LANES = 16
"""float32 values in a 512-bit register."""


def _wide() -> bool:
    """Ask numba what it compiles for; ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` are respected."""
    if os.environ.get("XAILAB_PLAIN_KERNELS") or config.CPU_NAME == "generic" or config.DISABLE_JIT:
        return False
    features = config.CPU_FEATURES if config.CPU_FEATURES is not None else get_host_cpu_features()
    return all(f"+{name}" in features.split(",") for name in ("avx512f", "avx512dq", "avx512vl", "fma"))


WIDE = _wide()
