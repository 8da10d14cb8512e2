"""Repulsion between all points in time that grows with their number, by way of a grid."""
