"""Hand-ins that resemble each other: a list to look at, never a verdict."""
