"""What ``xailab embed`` makes: maps with their measures, and a folder with a page, pictures and tables.

- ``maps``     ``Map``, ``make_maps``
- ``writing``  ``write_all``
"""
