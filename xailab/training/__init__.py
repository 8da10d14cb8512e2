"""The recipes that made the shipped networks, so that anyone can make them again.

- ``train_objects``  the 12-way classifier ``objects``
- ``train_tags``     the tags of ``tags``, each yes or no
- ``Recipe``         the numbers of a training run
- ``train_network``  any recipe on any labelled images: what both are made with

Order of reading: ``recipe`` (the numbers), ``engine`` (the loop), ``run`` (train, fold, export, judge), then
``objects`` and ``tags``, which only say what is trained on what.
"""

from xailab.training.objects import train_objects
from xailab.training.recipe import Recipe
from xailab.training.run import Report, Task, train_network
from xailab.training.tags import train_tags

__all__ = ["Recipe", "Report", "Task", "train_network", "train_objects", "train_tags"]
