"""The gradebook: one database that holds who handed in what and what came of it; everything else is a view of it.

- ``contents``    what is in it, as plain data
- ``opening``     a database's address -> ``Gradebook``; versions and migrations
- ``writing``     students, hand-ins, results: each in one transaction
- ``claims``      who grades what right now
- ``reading``     the class as ``ClassBook``, what changed
- ``hand_marks``  marks and comments by people

Beneath: ``schema`` and ``columns`` (tables), ``migrating`` (older ones), ``engines`` (SQLite, PostgreSQL), ``retrying``
and ``troubles`` (a database that goes away), ``steps``, ``storing`` and ``differing`` (what transactions are made of),
``processes`` (who lives), ``handle``.
"""
