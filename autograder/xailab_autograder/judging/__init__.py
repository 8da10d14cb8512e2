"""The judge: runs the checks of an exercise against a student's function and writes down what came of it.

- ``records``     what is written down; every page, table and export is a view of it
- ``judge``       one submission, one exercise
- ``comparing``   is a value right?
- ``invariants``  properties that hold between calls
- ``describing``  in which way is it wrong?
- ``naming``      which known mistake gives exactly this?
- ``seeds``       the random cases of a student: the same at every regrading
- ``threads``     linear algebra on one thread
- ``local``       trusted functions in place of a student, for the tests of the grader

Everything here runs on the trusted side.
"""
