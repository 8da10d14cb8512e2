"""What an instructor decides about a course: its name, its key, its students, its deadlines.

- ``policy``  deadlines, extensions, what lateness costs
- ``students``  ``Student``
- ``config``  the file ``course.toml``
- ``roster``  the list of students
"""
