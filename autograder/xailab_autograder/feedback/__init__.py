"""What people see of a record: views, which compute no marks.

- ``text``      for terminals and for tracebacks
- ``verdict``   one exercise, as a notebook shows it
- ``page``      one submission, as a self-contained page
- ``pictures``  expected beside yours, where a picture makes a mistake visible
- ``wording``   what all of them say: headlines, marks, tiers
- ``messages``  a check's message, taken apart into sentences, rows and blocks
- ``cleaning``  text that students wrote, made safe to look at
"""
