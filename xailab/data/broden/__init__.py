"""A Broden folder, the data set of Network Dissection, read and written.

- ``BrodenFolder``    read a folder as released or exported
- ``export_broden``   write any data set with concept labels as such a folder

The files: ``table`` (strict csv), ``vocabulary`` (label, category and coverage tables), ``index`` (rows), ``listing``
(which files there are), ``planes`` (PNG <-> numbers), ``cache`` (decoded labels on disk), ``reader``, ``counts`` (label
statistics), ``writer``.

Source: Bau et al. 2017, section 2.1, and the files of the Broden release.
"""

from xailab.data.broden.index import Row
from xailab.data.broden.reader import BrodenFolder
from xailab.data.broden.writer import Exported, export_broden

__all__ = ["BrodenFolder", "Exported", "Row", "export_broden"]
