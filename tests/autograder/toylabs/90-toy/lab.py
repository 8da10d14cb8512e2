# %% [markdown]
# # A toy lab
#
# Means, lengths and pairs. Every hole is checked by the cell below it.

# %%
import numpy as np

from xailab_autograder import lab

x = np.array([1.0, 2.0, 3.0])

# %% [markdown]
# ## 1 Means
#
# The mean of squares of $x_1, \dots, x_n$ is
#
# $$ m = \frac{1}{n} \sum_{i=1}^{n} x_i^2 . $$

# %% choice="predict-scale"
### BEGIN SOLUTION
prediction_scale = "c"
### END SOLUTION


# %% exercise="mean-square"
def mean_square(x):
    """Return the mean of the squares of x."""
    ### BEGIN SOLUTION
    squares = np.asarray(x, float) ** 2
    return float(squares.mean())
    ### END SOLUTION


# %%
print(f"the mean square of {x} is {mean_square(x):.2f}")

# %% [markdown]
# ## 2 Lengths


# %% exercise="normalize"
def normalize(x):
    """Return x divided by its Euclidean length; zeros stay zeros."""
    ### BEGIN SOLUTION
    euclidean = np.sqrt(np.sum(x * x))
    if euclidean == 0:
        return np.zeros_like(x)
    return x / euclidean
    ### END SOLUTION


# %% tags=["instructor"]
print("for instructors: the length is now", np.linalg.norm(normalize(x)))

# %% [markdown]
# ## 3 Pairs


# %% exercise="pairs"
def pairs(labels):
    """Return the positions (i, j), i < j, of all pairs with the same label."""
    found = []
    ### BEGIN SOLUTION
    for first in range(len(labels)):
        for second in range(first + 1, len(labels)):
            if labels[first] == labels[second]:
                found.append((first, second))
    ### END SOLUTION
    return found


# %%
pairs(np.array([7, 5, 7, 7]))

# %% [markdown] reflection="reflect-mean"
# ### BEGIN SOLUTION
# One large outlier dominates it, and the signs of the numbers are lost.
# ### END SOLUTION
