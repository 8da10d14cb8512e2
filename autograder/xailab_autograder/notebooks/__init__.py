"""Notebooks: what was handed in is read, and what is handed out is made.

- ``submission``  a handed-in notebook or ``.py`` file as cells; never parses Python
- ``source``      a lab's ``lab.py`` as marked cells
- ``generate``    the student's and the instructor's notebook
- ``nbgrader``    nbgrader's cell metadata
- ``leaks``       what of a solution can be read in the student's notebook
- ``handout``     notebooks as pages to read
- ``formulas``    LaTeX formulas as pictures, so that a page needs no network
- ``start``       a student's working folder
- ``build``       what an instructor gives away or keeps
"""
