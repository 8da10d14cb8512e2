"""Maps of features in two dimensions: t-SNE."""
