"""The few loops in which vector instructions are written by hand, as LLVM's intermediate code. The only such folder.

- ``width``       ``WIDE``: whether the processor has the registers for them
- ``distances``   tiles of squared distances
- ``forces``      forces of an embedding
- ``patches``     reading and writing grids (small vectors that every processor has)
- ``references``  arrays without reference counts (every processor)
- ``building``    what these are built of

Everything that needs ``WIDE`` has a plain numba version beside the kernel that uses it; every machine can run that one,
and the tests compare the two. A kernel chooses when it is imported: ``fill = _fill_wide if WIDE else _fill_plain``. Set
``XAILAB_PLAIN_KERNELS=1`` to have the plain ones on any machine.
"""
