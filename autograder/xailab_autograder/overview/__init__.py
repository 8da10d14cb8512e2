"""The class at a glance: one page for the lecturer."""
