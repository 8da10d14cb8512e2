"""Compiled kernels of xailab: arrays and scalars in, arrays out; never torch.

- ``quantile``    keep the largest values of many units, exactly
- ``iou``         fused upsample + threshold + intersection counting
- ``resampling``  bilinear interpolation tables for the alignment conventions
"""
