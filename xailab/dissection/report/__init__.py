"""What people read of a dissection: a page, tables, and the command that writes them.

- ``command``   the options of ``xailab dissect`` and what they do
- ``page``      one self-contained HTML file
- ``pictures``  the best images of each unit, masked
- ``tables``    CSV with NetDissect's columns, arrays, JSON
- ``summary``   the numbers that all of them show
"""
