"""The page of ``xailab inspect``.

- ``command``    options -> folder
- ``request``    the options
- ``examining``  what is known of a layer
- ``tiles``      pictures in rows and columns, as one image each
- ``cards``      what the page shows of a unit
- ``reading``    what the filters of a layer read
- ``sections``   what the page shows of a layer
- ``posters``    pictures for slides
- ``page``       the page
- ``tables``     the tables beside it
"""
