"""Forces of t-SNE: attraction along edges, repulsion between all points, and the descent."""
