"""The page of ``xailab deconv``.

- ``command``   from options to a folder with a page, pictures and numbers
- ``page``      the page itself
- ``stepping``  what each layer hands down, as small pictures
- ``writing``   the numbers and the record
"""
