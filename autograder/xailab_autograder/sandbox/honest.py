"""Honest code that must work behind all walls: what labs and students use. ``xailab doctor`` runs it first.

- ``HONEST``   name and source of each; ``answer(x)`` has to return ``x * 2``
"""

HONEST: tuple[tuple[str, str], ...] = (
    ("plain Python", "def answer(x):\n    print('hello')\n    return x * 2"),
    (
        "threads",
        """
from concurrent.futures import ThreadPoolExecutor
def answer(x):
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda part: part // 4, [2 * x] * 4)) + 2 * x % 4
""",
    ),
    (
        "torch: convolution and gradients",
        """
import torch
def answer(x):
    layer = torch.nn.Conv2d(3, 4, 3)
    layer(torch.ones(2, 3, 16, 16)).sum().backward()
    return x * 2 if layer.bias.grad.tolist() == [392.0] * 4 else 0
""",
    ),
    (
        "torch: several threads",
        """
import torch
def answer(x):
    torch.set_num_threads(2)
    ones = torch.ones(600, 600)
    return x * 2 if float((ones @ ones).sum()) == 600.0**3 else 0
""",
    ),
    (
        "numba: compiled loops, cached or not",
        """
import numba, numpy as np
@numba.njit(cache=True)
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
def answer(x):
    return x * 2 if total(np.ones(10)) == 10 else 0
""",
    ),
    (
        "numba: parallel loops",
        """
import numba, numpy as np
@numba.njit(parallel=True)
def total(values):
    found = 0.0
    for index in numba.prange(values.size):
        found += values[index]
    return found
def answer(x):
    return x * 2 if total(np.ones(1000)) == 1000 else 0
""",
    ),
    (
        "libraries imported late",
        """
def answer(x):
    import scipy.linalg, scipy.ndimage, sklearn.decomposition, numpy as np
    found = sklearn.decomposition.PCA(1).fit(np.arange(12.0).reshape(6, 2))
    return x * 2 if abs(found.explained_variance_ratio_[0] - 1) < 1e-9 else 0
""",
    ),
    (
        "pictures",
        """
import io
import matplotlib.pyplot as plt
def answer(x):
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    axes.set_title("IoU \\N{GREEK SMALL LETTER ALPHA}")
    out = io.BytesIO()
    figure.savefig(out)
    plt.show()
    return x * 2 if out.getvalue().startswith(b"\\x89PNG") else 0
""",
    ),
    (
        "scratch files",
        """
import tempfile
def answer(x):
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/a.txt", "w") as file:
            file.write("abc")
        return x * 2 if open(folder + "/a.txt").read() == "abc" else 0
""",
    ),
    ("waiting", "import time\ndef answer(x):\n    time.sleep(0.02)\n    return x * 2"),
    (
        "the bench",
        """
import torch
from xailab import data, hooks, images, models, render
def answer(x):
    network = models.load("tags")
    with hooks.Capture(network.module, ["conv1"]), torch.no_grad():
        network.module(torch.zeros(1, 3, network.image_size, network.image_size))
    return x * 2
""",
    ),
    (
        "a notebook's names",
        """
from xailab_autograder import lab
get_ipython().run_line_magic("matplotlib", "inline")
def answer(x):
    lab("03").check(answer)
    return x * 2
""",
    ),
)
"""Each with its name."""
