"""Marks and comments by people, on a local page that writes to the gradebook."""
