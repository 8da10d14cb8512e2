"""A synthetic class with known true marks."""
