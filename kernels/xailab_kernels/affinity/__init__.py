"""Affinities of t-SNE: how likely points are neighbors, calibrated to a perplexity."""
