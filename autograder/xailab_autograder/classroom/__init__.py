"""A class from the command line: where its results are, grading, publishing, regrading, rehearsing.

- ``place``       the results folder: its gradebook, its key
- ``grading``     collect, register, grade what is out of date
- ``publishing``  the pages and tables of a gradebook
- ``regrading``   one exercise again, for everybody
- ``rehearsing``  a synthetic class: make, grade, compare
"""
