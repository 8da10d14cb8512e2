"""The few loops in which vector instructions are written by hand, as LLVM's intermediate code. The only such file.

- ``WIDE``  whether this processor, as numba compiles for it, has the 512-bit registers that these loops are laid out for

Everything here has a plain numba version beside the kernel that uses it; every machine can run that one, and the tests
compare the two. A kernel chooses when it is imported: ``fill = _fill_wide if WIDE else _fill_plain``. Set
``XAILAB_PLAIN_KERNELS=1`` to have the plain ones on any machine.
"""

import os

from llvmlite import ir
from numba import config
from numba.core.codegen import get_host_cpu_features

F32, I32, I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
LANES = 16
"""float32 values in a 512-bit register."""


def _wide() -> bool:
    """Ask numba what it compiles for; ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` are respected."""
    if os.environ.get("XAILAB_PLAIN_KERNELS") or config.CPU_NAME == "generic" or config.DISABLE_JIT:
        return False
    features = config.CPU_FEATURES if config.CPU_FEATURES is not None else get_host_cpu_features()
    return all(f"+{name}" in features.split(",") for name in ("avx512f", "avx512dq", "avx512vl", "fma"))


WIDE = _wide()
