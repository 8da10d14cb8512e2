"""The functions behind t-SNE in torch, for features that live on a CUDA device.

They mean the same as the compiled kernels of ``xailab_kernels.affinity`` and ``xailab_kernels.embedding``, tensors in,
tensors out, on whatever device the tensors are; on a CPU they are slower than the kernels.

- ``neighbors``    ``nearest``, ``nearest_among``: exact
- ``affinity``     ``conditional``, ``conditional_mean``, ``joint``
- ``symmetric``    ``symmetrize``; ``sparse``: from features to a sparse matrix; ``rows_of`` a dense one
- ``attraction``   ``pack``, ``attract``, ``cross_term``
- ``repulsion``    ``repel``, ``normalization``: exact, all pairs
- ``grid``         ``repel_interpolated``: by Fourier transform on a grid
- ``descent``      ``step``
- ``engine``       ``TorchEngine``: what a driver runs
- ``arrays``       the same for NumPy arrays: ``affinities_on``, ``joint_on``, ``engine_on`` a device

Everything is deterministic: the same tensors give the same bits on the same device and version of torch, without
``torch.use_deterministic_algorithms``. Each file says how. What they rely on is not in torch's list of nondeterministic
operations: elementwise functions, reading by index, writing by index where each place is written once, reductions over
axes, ``sort``, ``cumsum`` of integers, ``repeat_interleave``, ``searchsorted``, ``rfft2`` and ``irfft2``, and matrix
products in one stream. Where several values go to one place, they are integers (``index_add_`` of int64: the order
cannot matter), or follow tables in which every value has a place of its own. Not used: ``index_add_``, ``scatter_add_``
or ``cumsum`` of floating point, ``bincount`` with weights, ``histc``.
"""
