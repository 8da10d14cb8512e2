"""How platforms name what they give out: one module for each, asked in this order.

- ``gradescope``, ``moodle``, ``nbgrader``, ``canvas``, ``plain``
- ``layout``      what a layout is
- ``times``       times as platforms write them
- ``plain_yaml``  YAML as plain data

A layout sees names only, at the top of the download, where no student can put any.
"""

from xailab_autograder.handins.layouts import canvas, gradescope, moodle, nbgrader, plain

PLATFORMS = (gradescope.LAYOUT, moodle.LAYOUT, nbgrader.LAYOUT, canvas.LAYOUT)
PLAIN = plain.LAYOUT
