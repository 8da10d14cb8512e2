"""Files that platforms and programs take back: views of the gradebook, one small renderer each.

- ``csv_marks``, ``jsonl_records``   for spreadsheets; for programs
- ``canvas``, ``moodle``             the instructor's own download, with marks filled in and every other byte unchanged
- ``nbgrader``, ``lti``              nbgrader's export columns; LTI scores as JSON lines
- ``gradescope``                     ``results.json``, and the metadata that Gradescope gives
- ``gradescope_zip``, ``gradescope_run``   a ready ``autograder.zip``, and what runs in it

Shared: ``sheets`` (where fields of a CSV file lie), ``matching`` (which row is whose), ``filling`` (marks into rows),
``spreadsheet`` (CSV of our own), ``states`` (what is known about a student, in a word), ``remarks`` (a result in a few
sentences).
"""
