"""What an instructor decides about a course: its name, its key, its students, its deadlines.

- ``policy``  deadlines, extensions, what lateness costs
- ``students``  ``Student``
- ``config``  the file ``course.toml``
- ``roster``  the list of students
- ``names``   texts that name people: made comparable, and made safe to show
- ``sheets``  tables of students, told apart by their headings
"""
