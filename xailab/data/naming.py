"""What an image of a data set is called when people are shown it.

- ``image_name``  the file of an image, or its position
"""

from xailab.data.batch import Dataset
from xailab.data.broden import BrodenFolder
from xailab.data.folder import ImageFolder


def image_name(dataset: Dataset, index: int) -> str:
    """Return the path of an image in the data set's folder, or the data set's name and a position."""
    if isinstance(dataset, ImageFolder):
        return dataset.files[index].relative_to(dataset.root).as_posix()
    if isinstance(dataset, BrodenFolder):
        return dataset.rows[index].image
    return f"{dataset.name} {index}"
