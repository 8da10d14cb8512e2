"""Compiled kernels of xailab: arrays and scalars in, arrays out; never torch.

- ``quantile``    keep the largest values of many units, exactly
- ``labels``      the labels of a batch as runs, and the pixels of each concept
- ``iou``         fused upsampling, thresholding and counting of intersections
- ``resampling``  bilinear interpolation tables for the alignment conventions
- ``pooling``     max pooling with switches, and unpooling
- ``affinity``    nearest neighbors, calibration to a perplexity, joint probabilities
- ``embedding``   the forces of t-SNE, and its descent
- ``intrinsics``  the few loops written for a processor's vector registers
- ``compiling``   how everything here is compiled and run
"""
