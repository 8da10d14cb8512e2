"""Grading a whole class: what is out of date, by many processes, so that nothing is lost."""
