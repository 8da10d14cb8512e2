# %% [markdown]
# # Lab 3: Network Dissection
#
# **What do single units of a network detect, and how would we know?** After this lab you can
#
# - say when a unit counts as "on", and draw the region of an image that it answers to,
# - measure how well this region agrees with a concept, over a whole set of images,
# - tell a detector from chance, and ask whether the network's own axes are special.
#
# You need about 90 minutes, numpy, and a little linear algebra in the second half.
#
# **How checking works.** Replace the line `raise NotImplementedError` of a cell by your code, run the cell, then run
# the check below it: it calls your function on small cases and says at once what came, what was expected, and often
# why. You may check as often as you like; for marks, other cases are drawn, and some rare ones are added. The
# pictures are made by *your* functions, so a mistake shows there as well.

# %%
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # many small products of matrices: one thread is faster than several

import matplotlib.pyplot as plt
import numpy as np
import torch
from xailab_autograder import lab

from xailab import hooks, images, models, render
from xailab.data import MiniBroden, batches

plt.rcParams.update({"figure.constrained_layout.use": True, "font.size": 12, "axes.titlesize": 13})
plt.rcParams.update({"axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## The question
#
# Here is a small network that was trained to say which of 65 tags fit a picture: `boat`, `tree`, `brick`, `beach` and
# so on. Nobody told it what a *hull*, a *sail* or a *window* is. Its last convolutional layer, `conv5`, has 128 units
# (also called channels). Each gives a map of 8 x 8 numbers: how strongly it answers at each place of the picture.
#
# Does one of these units stand for *hull*? Bau and others asked this in 2017, and their method is simple enough to
# write in an afternoon: take many pictures in which every pixel is labelled, and compare.
#
# MiniBroden, a set of rendered pictures, has such labels: 0 means unlabelled, every other number is a concept. We use
# 1,000 pictures and two kinds of labels, objects and parts. (The first time, the pictures have to be rendered: some
# seconds.)

# %%
network = models.load("tags")
probe = MiniBroden("probe", limit=1000)
names = {concept.number: concept.title for concept in probe.vocabulary.concepts}
size = probe.vocabulary.size


# %%
def look(pictures):
    """Return what the 128 units of conv5 say of some pictures: (N, 128, 8, 8)."""
    ready = images.normalize(pictures, network.normalization)
    parts = [hooks.activations(network.module, some, "conv5")["conv5"] for some in ready.split(100)]
    return torch.cat(parts).numpy()


# %%
read = list(batches(probe, 100))
pictures = torch.cat([batch.images for batch in read])
object_maps = np.concatenate([batch.labels.maps["object"][:, 0].numpy() for batch in read])
part_maps = np.concatenate([batch.labels.maps["part"][:, 0].numpy() for batch in read])
A = look(pictures)
print("activations", A.shape, " labels", object_maps.shape, f" zeros among the activations: {(A == 0).mean():.0%}")

# %% [markdown]
# First, just look. These are the eight pictures that excite one unit most, and where in them it answers. What do you
# think it detects? Change `UNIT` and look at a few others: some look clear, some do not. A picture of eight is an
# impression, not a measurement; the rest of this lab turns it into one.

# %%
UNIT = 2
best = np.argsort(-A[:, UNIT].max((1, 2)))[:8]
shown = [render.overlay(render.enlarge(pictures[n], size=128), torch.tensor(A[n, UNIT])) for n in best]
render.grid(shown, columns=8)

# %% [markdown]
# ## 1 When is a unit on?
#
# Units have different scales: 3 may be loud for one and quiet for another. So each unit $k$ gets a threshold $T_k$ of
# its own, such that it is exceeded rarely, at a fixed part $q$ of all places of all pictures:
#
# $$ P(a_k > T_k) = q, \qquad q = 0.005 $$
#
# (Bau et al. 2017, section 2.3.) "All places of all pictures" matters. A threshold for each picture would switch
# every unit on in every picture, also where there is nothing for it to see. Most activations are 0 after the ReLU;
# they are places too, and count.
#
# **By hand.** A unit gave, over two pictures of 2 x 2 places: 0, 0, 8, 1 and 0, 3, 5, 2. With $q = 1/4$, at most $1/4
# \cdot 8 = 2$ values may exceed $T$. Sorted from the top: 8, 5, **3**, 2, 1, 0, 0, 0. With $T = 3$ exactly two values
# are greater. In general: $T$ is the value at place $\lfloor q M \rfloor$, counted from the top and from 0, of the $M
# = N h w$ values of the unit.


# %% exercise="thresholds"
def thresholds(activations, q=0.005):
    """Return T (K,): for each unit, the smallest of its activations that at most q of all of them exceed."""
    ### BEGIN SOLUTION
    units = activations.shape[1]
    values = np.moveaxis(activations, 1, 0).reshape(units, -1)
    descending = -np.sort(-values, axis=1)
    return descending[:, int(q * values.shape[1])]
    ### END SOLUTION


# %% [markdown]
# Your thresholds, for all units, and all activations of the one unit above. (The scale of the histogram is
# logarithmic: the column at 0 is far higher than all others together.) Which part of the histogram is to the right of
# the line?

# %%
T = thresholds(A)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.2))
left.hist(A[:, UNIT].ravel(), bins=60, log=True, color="#0072b2")
left.axvline(T[UNIT], color="#d55e00")
left.set(title=f"all activations of unit {UNIT}, and its T", xlabel="activation", ylabel="places")
right.plot(np.sort(T), color="#d55e00")
right.set(title="the thresholds of all units", xlabel="units, ordered by T", ylabel="T", ylim=0)
plt.show()

# %% [markdown]
# ## 2 From cells to pixels
#
# The map of a unit has 8 x 8 cells, a label map 64 x 64 pixels. To compare them, the map is enlarged: each pixel gets
# a weighted mean of the four cells around it (bilinear interpolation).
#
# Where does a pixel lie among the cells? Both grids cover the *same area*, edge to edge. Along one axis with $h$
# cells and $n$ pixels, the centre of pixel $i$ lies at $i + 1/2$ pixels from the edge, that is $(i + 1/2) \, h / n$
# cells. Cell 0 has its centre half a cell from the edge. So, in units of cells, with cell 0 at position 0:
#
# $$ y_i = \left( i + \frac{1}{2} \right) \frac{h}{n} - \frac{1}{2} $$
#
# The drawing shows 4 cells (above) and 8 pixels (below) on the same line. The first pixel lies *outside* the centres
# of the cells, at $y_0 = -1/4$: there the edge is continued, so it gets the value of cell 0.
#
# **By hand.** Two cells with the values 0 and 4, enlarged to 4 pixels: the positions are $-1/4, 1/4, 3/4, 5/4$, and
# the values 0, 1, 3, 4.

# %%
figure, axes = plt.subplots(figsize=(9, 1.9))
for count, height, color in ((4, 1, "#d55e00"), (8, 0, "#0072b2")):
    edges = np.linspace(0, 4, count + 1)
    axes.vlines(edges, height + 0.1, height + 0.9, color=color)
    axes.plot((edges[1:] + edges[:-1]) / 2, np.full(count, height + 0.5), "o", color=color)
axes.set(yticks=(0.5, 1.5), yticklabels=("8 pixels", "4 cells"), xticks=np.arange(4) + 0.5, xticklabels=range(4))
axes.annotate("$y_0$ = -1/4", (0.25, 0.5), (-1.0, 0.42), arrowprops={"arrowstyle": "->"})
axes.set(xlabel="position in units of cells", xlim=(-1.1, 4.1))
axes.spines[:].set_visible(False)
plt.show()


# %% exercise="upsample"
def upsample(maps, height, width):
    """Enlarge the last two axes of maps (..., h, w) bilinearly to height x width."""

    ### BEGIN SOLUTION
    def weights(cells, pixels):
        place = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
        return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells))).astype(np.float32)

    h, w = maps.shape[-2:]
    return weights(h, height) @ maps @ weights(w, width).T
    ### END SOLUTION


# %% [markdown]
# With a threshold and an enlarged map, a unit has a *mask*: the pixels where it is on. Here it is, drawn on the same
# eight pictures. Compare with the colored maps above: which information has been thrown away?

# %%
shown = []
for n in best:
    mask = upsample(A[n, UNIT], 64, 64) > T[UNIT]
    shown.append(render.masked(pictures[n], torch.tensor(mask), size=128))
render.grid(shown, columns=8)

# %% [markdown]
# ## 3 Which concept does the mask agree with?
#
# Let $M_k(x)$ be the mask of unit $k$ in picture $x$, and $L_c(x)$ the pixels that are labelled with concept $c$. How
# well do they agree? If the mask covers all of the concept and nothing else, the answer should be 1; if they have no
# pixel in common, it should be 0. *Intersection over union* does that, with both sums taken over the whole set of
# pictures:
#
# $$ \mathrm{IoU}_{k,c} = \frac{\sum_x |M_k(x) \cap L_c(x)|}{\sum_x |M_k(x) \cup L_c(x)|} $$
#
# (Bau et al. 2017, eq. 1.) Three things are easy to get wrong:
#
# - **Sum first, divide once.** A mean of the IoUs of single pictures would let a picture with three pixels of sky
#   count as much as one full of it.
# - **The union counts everything.** If we divided by the pixels of the mask alone, a unit that fires on one pixel of
#   sky would be a perfect sky detector.
# - **Which pictures count?** A picture without any label of this kind (here: pictures of mere textures have no
#   objects) says nothing about objects. It is left out. In all other pictures a mask on unlabelled pixels is a
#   mistake.
#
# **By hand.** A unit is on at 3 pixels of picture 1 and at 1 pixel of picture 2 (`#`); labels are 1, 2 and 0:
#
# ```
# picture 1:  # .   labels  1 1        picture 2:  . #   labels  2 1
#             # #           2 0                    . .           0 0
# ```
#
# Concept 1 and the mask share 1 + 1 = 2 pixels. The mask has 4 pixels, the concept 3, so the union has 4 + 3 - 2 = 5:
# the IoU is 2/5. For concept 2 it is 1 / (4 + 2 - 1) = 1/5.

# %% [markdown]
# Some advice on speed: 128 units, 113 columns and 1,000 pictures are 14 million combinations, too many for a Python
# loop. A loop over the pictures alone is fine. For one picture, write the masks as a matrix of zeros and ones (units
# x pixels) and the concepts as another (concepts x pixels): then one product of matrices counts all intersections.
# `label.ravel() == np.arange(size)[:, None]` is such a matrix. Use your `upsample`.


# %% exercise="iou-table"
def iou_table(activations, T, labels, size):
    """Return the IoU (K, size) of each unit with each concept; column c is concept c, column 0 is 0."""
    units, (height, width) = activations.shape[1], labels.shape[1:]
    both, of_unit, of_concept = np.zeros((units, size)), np.zeros((units, 1)), np.zeros(size)
    ### BEGIN SOLUTION
    for maps, label in zip(activations, labels, strict=True):
        if (label > 0).any():
            masks = (upsample(maps, height, width) > T[:, None, None]).reshape(units, -1).astype(np.float32)
            concepts = (label.ravel() == np.arange(size)[:, None]).astype(np.float32)
            both += masks @ concepts.T
            of_unit += masks.sum(1, keepdims=True)
            of_concept += concepts.sum(1)
    both[:, 0] = 0
    return both / np.maximum(of_unit + of_concept - both, 1)
    ### END SOLUTION


# %% [markdown]
# Now the real thing. To save time we look at every fourth pixel of the labels in each direction: 16 x 16 label maps.
# Objects and parts are different kinds of labels (a pixel can be *boat* and *hull* at once), so each gets a table of
# its own; their columns do not overlap, and the sum of the two tables is the table of all.

# %%
objects, parts = object_maps[:, 2::4, 2::4], part_maps[:, 2::4, 2::4]


def table_of(maps):
    """Return the IoU table of any maps (N, K, h, w) of our pictures, with thresholds of their own."""
    limits = thresholds(maps)
    return sum(iou_table(maps, limits, labels, size) for labels in (objects, parts))


# %%
table = table_of(A)
order = np.argsort(-table[UNIT])[:8]
figure, axes = plt.subplots(figsize=(8, 3))
axes.bar([names[c] for c in order], table[UNIT, order], color="#0072b2")
axes.axhline(0.04, color="#6b6b6b", linestyle=":")
axes.set(title=f"the best concepts of unit {UNIT}", ylabel="IoU")
axes.tick_params(axis="x", labelrotation=25)
plt.show()

# %% [markdown]
# ## 4 What does each unit detect?
#
# A unit is called a *detector* of its best concept if their IoU is greater than 0.04 (Bau et al. 2017, section 2.3).
# That looks low! But a mask covers only about half a per cent of all pixels. If a concept covers two per cent, a mask
# that lies inside it and nowhere else has an IoU of at most 1/4; and a unit that fires on the sails has even less
# with *boat*. Whether 0.04 is *too* low is a question for section 5.
#
# Two numbers are usually reported: how many units are detectors, and how many *different* concepts they detect. Ten
# units for *window* are ten detectors, but one unique concept.
#
# **By hand.** With three concepts and the rows `0, .01, .20, .10`, `0, .03, .02, 0` and `0, 0, .05, .30` (column 0 is
# "unlabelled"): unit 0 detects concept 2, unit 1 nothing, unit 2 concept 3. Two detectors, two concepts.


# %% exercise="label-units"
def label_units(iou, threshold=0.04):
    """Return a list of (unit, concept, iou) for the units whose best IoU is greater than the threshold."""
    ### BEGIN SOLUTION
    found = []
    for unit, row in enumerate(iou):
        concept = 1 + int(np.argmax(row[1:]))
        if row[concept] > threshold:
            found.append((unit, concept, float(row[concept])))
    return found
    ### END SOLUTION


# %% exercise="unique-detectors"
def unique_detectors(found):
    """Return how many different concepts occur in what label_units returns."""
    ### BEGIN SOLUTION
    return len({concept for _, concept, _ in found})
    ### END SOLUTION


# %% [markdown]
# Your functions, put together. Each row below is one of the best units, with the pictures that excite it most. You
# never told the network what a hull is. Do you agree with the names? Look for a unit that fires on something *near*
# what it is named after.

# %%
found = label_units(table)
print(f"{len(found)} of 128 units are detectors, of {unique_detectors(found)} different concepts")
best_units = {}
for unit, concept, value in sorted(found, key=lambda entry: -entry[2]):
    best_units.setdefault(concept, (unit, value))  # the best unit of each concept

# %%
shown, titles = [], []
for concept, (unit, value) in list(best_units.items())[:7]:
    titles.append(f"{names[concept]}\nunit {unit}, IoU {value:.2f}")
    for n in np.argsort(-A[:, unit].max((1, 2)))[:7]:
        mask = upsample(A[n, unit], 64, 64) > T[unit]
        shown.append(render.masked(pictures[n], torch.tensor(mask), size=110))
render.grid(shown, columns=7, row_titles=titles)

# %%
counts = {"object": {}, "part": {}}
for _, concept, _ in found:
    kind = probe.vocabulary.by_number[concept].category
    counts[kind][names[concept]] = counts[kind].get(names[concept], 0) + 1
render.bar_chart(counts, title="how many units detect each concept")

# %% [markdown]
# ## 5 Is 0.04 more than chance?
#
# 128 units, about a hundred concepts: that is more than ten thousand numbers, and we report the best of each row. The
# best of a hundred numbers is large even if all are noise. So we need to know how large IoUs become when there is
# *nothing* to find.
#
# Such a control must keep everything else as it is: the masks, the concepts, their sizes and frequencies. Dealing out
# the label maps to other pictures does that. The masks of a boat are then compared with the labels of a street.

# %% choice="predict-null"
### BEGIN SOLUTION
prediction_null = "c"
### END SOLUTION

# %% [markdown]
# Now write the control. Every label map is used exactly once; *all* pictures take part, because whatever keeps its
# labels keeps its detectors. The order comes from `rng`, a generator such as `np.random.default_rng(0)`, so that you
# can repeat the experiment.


# %% exercise="null-table"
def null_table(activations, T, labels, size, rng):
    """Return the IoU table for label maps that are dealt out anew among the pictures."""
    ### BEGIN SOLUTION
    return iou_table(activations, T, labels[rng.permutation(len(labels))], size)
    ### END SOLUTION


# %%
null = sum(null_table(A, T, labels, size, np.random.default_rng(seed)) for seed, labels in enumerate((objects, parts)))
figure, axes = plt.subplots(figsize=(8, 3))
bins = np.linspace(0, 0.3, 61)
axes.hist(null.max(1), bins, label="labels of other pictures", color="#6b6b6b")
axes.hist(table.max(1), bins, label="own labels", color="#0072b2", alpha=0.75)
axes.axvline(0.04, color="black", linestyle=":")
axes.set(xlabel="best IoU of a unit", ylabel="units")
axes.legend(frameon=False)
plt.show()

# %%
print(f"the null: {len(label_units(null))} detectors, greatest IoU {null.max():.3f}; the network: {table.max():.3f}")

# %% [markdown]
# What would refute "these units detect something"? A null that reaches as far as the real table. Compare the two: how
# far could the threshold be lowered? And what does this null *not* control for? Think of the sky: it is always on
# top, and so is every mask that likes the top of a picture.

# %% tags=["instructor"]
# For the discussion: two pictures of the same kind share positions (sky above, road below), and pictures of textures
# share nothing with scenes. A stricter null exchanges labels only among pictures of the same kind; its IoUs are higher.
spread = [null_table(A, T, parts, size, np.random.default_rng(seed)).max() for seed in range(3)]
print("greatest IoU of the null for parts, three orders:", np.round(spread, 3))

# %% [markdown]
# ## 6 Are the network's own axes special?
#
# Here is a doubt that no null answers. The 128 numbers at a place form a vector. Units are only its *coordinates*.
# The next layer takes weighted sums of them anyway, so it could work just as well with other axes. If any direction
# of this space means as much as any other, then it is no wonder that some of them match a concept.
#
# The test (Bau et al. 2017, section 3.2): turn the axes by a random rotation $Q$, and dissect the new units
#
# $$ a'(x, y) = Q \, a(x, y) $$
#
# as if they were the network's own. No information is lost, since $Q^T Q = I$ brings everything back.

# %% choice="predict-rotation"
### BEGIN SOLUTION
prediction_rotation = "b"
### END SOLUTION

# %% [markdown]
# "Random" has to mean that every rotation is equally likely, or the result could be due to the rotations we happen to
# prefer. The recipe (Mezzadri 2007, section 5):
#
# 1. Fill a $k \times k$ matrix with independent standard normal numbers. They have no preferred direction.
# 2. Take its QR decomposition, `np.linalg.qr`. Q is orthogonal, but the algorithm has chosen signs in its own way.
#    Multiply column $j$ of Q by the sign of $R_{jj}$: that undoes the choice.
# 3. If the determinant is -1, the matrix also mirrors: turn one row (or column) around.
#
# **By hand.** For $k = 1$ there is just one rotation: the number 1. For $k = 2$ there are the turns of the plane,
# with the angle equally likely anywhere between 0 and 360 degrees.


# %% exercise="random-rotation"
def random_rotation(k, rng):
    """Return a rotation matrix (k, k), all rotations equally likely."""
    ### BEGIN SOLUTION
    q, r = np.linalg.qr(rng.standard_normal((k, k)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[0] = -q[0]
    return q
    ### END SOLUTION


# %% [markdown]
# One rotation is an anecdote: we take four, and show their mean and their range. As a control there is a change of
# axes that must not change anything: a permutation only renumbers the units. And instead of betting on one threshold,
# we count at many. Note that the rotated units get *new thresholds* (`table_of` computes them): the old ones belong
# to other axes.

# %%
STEPS = np.linspace(0.02, 0.3, 29)


def turned(basis):
    """Return the maps in other axes: new unit i is the sum over j of basis[i, j] times old unit j."""
    return np.einsum("ij,njhw->nihw", basis.astype(np.float32), A, optimize=True)


def curve(table):
    """Return how many different concepts are detected at each IoU threshold."""
    return np.array([unique_detectors(label_units(table, step)) for step in STEPS])


# %%
rng = np.random.default_rng(3)
rotations = [random_rotation(128, rng) for _ in range(4)]
rotated = np.stack([curve(table_of(turned(q))) for q in rotations])
permuted = curve(table_of(turned(np.eye(128)[rng.permutation(128)])))
own = curve(table)
print("a permutation changes nothing:", (permuted == own).all())

# %%
figure, axes = plt.subplots(figsize=(8, 4))
axes.plot(STEPS, own, label="own axes", color="#0072b2", linewidth=2.5)
axes.fill_between(STEPS, rotated.min(0), rotated.max(0), color="#d55e00", alpha=0.25)
axes.plot(STEPS, rotated.mean(0), label="4 random rotations: mean and range", color="#d55e00", linewidth=2.5)
axes.plot(STEPS, curve(null), label="null", color="#6b6b6b", linestyle=":", linewidth=2.5)
axes.set(xlabel="IoU threshold", ylabel="different concepts detected", ylim=0)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# What did you predict, and what came? Read the figure at two places: at 0.04, and at 0.15. If somebody reported a
# single threshold, how could they make the effect look small, or large? And: a rotated unit is a mixture of all 128.
# Why does it detect anything at all?

# %% tags=["instructor"]
# For the discussion: at 0.04 about two thirds of the concepts survive a rotation, at 0.15 and above about a third. Half
# of the variance lies in 20 of the 128 directions (section 8), so that mixtures still follow frequent concepts.
for step in (0.04, 0.1, 0.15, 0.2):
    at = np.abs(STEPS - step).argmin()
    print(f"IoU > {step}: own {own[at]}, rotated {rotated[:, at].mean():.1f} +- {rotated[:, at].std(ddof=1):.1f}")

# %% [markdown]
# ## 7 Part of the way
#
# If the drop is due to leaving the network's axes, a smaller turn should give a smaller drop. What is half a
# rotation? A rotation turns certain planes by certain angles. Half of it turns the *same* planes by *half* the
# angles; applied twice, it gives the whole. As a formula: eigenvectors stay, eigenvalues get a power,
#
# $$ Q = V \, \mathrm{diag}(e^{i \theta_1}, \ldots, e^{i \theta_k}) \, V^{-1} $$
#
# $$ Q^{\alpha} = V \, \mathrm{diag}(e^{i \alpha \theta_1}, \ldots, e^{i \alpha \theta_k}) \, V^{-1} $$
#
# with all angles in $-\pi \ldots \pi$. Planes show up as pairs of complex eigenvectors; in the end the imaginary
# parts cancel.
#
# **By hand.** Turn the plane by 90 degrees; a third of that is a turn by 30 degrees. The straight line between $I$
# and $Q$ is something else: half-way it has shortened every vector to 0.71.


# %% exercise="fractional"
def fractional(Q, alpha):
    """Return the rotation Q^alpha: the same planes, alpha times the angles."""
    ### BEGIN SOLUTION
    values, vectors = np.linalg.eig(Q)
    return ((vectors * np.exp(1j * alpha * np.angle(values))) @ np.linalg.inv(vectors)).real
    ### END SOLUTION


# %%
alphas = (0, 0.25, 0.5, 0.75, 1)
tables = [[table_of(turned(fractional(q, alpha))) for alpha in alphas] for q in rotations[:2]]
figure, axes = plt.subplots(figsize=(7, 3.5))
for step, color in ((0.04, "#0072b2"), (0.1, "#009e73"), (0.15, "#d55e00")):
    lines = np.array([[unique_detectors(label_units(t, step)) for t in row] for row in tables])
    axes.plot(alphas, lines.mean(0), "o-", color=color, label=f"IoU > {step}")
    axes.vlines(alphas, lines.min(0), lines.max(0), color=color)
axes.set(xlabel="part of the rotation", ylabel="different concepts detected", ylim=0, xticks=alphas)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# At 0 this must be the number of section 4, at 1 those of section 6: two checks for free. Is the way in between
# straight?

# %% [markdown]
# ## 8 Other good axes?
#
# A random rotation is a weak opponent: maybe *any* well-chosen axes do better. An obvious choice are the directions
# along which the activations vary most, the principal components. Treat every place of every picture as one vector
# $a$ of 128 numbers, subtract the mean $\bar a$, and take the eigenvectors of the covariance
#
# $$ C = \frac{1}{M} \sum (a - \bar a)(a - \bar a)^T , $$
#
# that of the largest eigenvalue first. As rows of a matrix they are new axes, exactly like a rotation.
#
# **By hand.** Four vectors (9, 7), (1, 1), (4.4, 4.8), (5.6, 3.2): the mean is (5, 4), the differences are plus and
# minus (4, 3) and (0.6, -0.8). The first direction is (0.8, 0.6), the second (0.6, -0.8). Without subtracting the
# mean, the first would point to (5, 4) instead: it would tell where the data are, not how they vary.


# %% exercise="pca-basis"
def pca_basis(activations):
    """Return the principal directions (K, K) of the channels as rows, the one of the greatest variance first."""
    ### BEGIN SOLUTION
    vectors = np.moveaxis(activations, 1, -1).reshape(-1, activations.shape[1]).astype(float)
    vectors = vectors - vectors.mean(0)
    return np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1].T
    ### END SOLUTION


# %%
basis = pca_basis(A)
principal = turned(basis)
share = principal.var((0, 2, 3)) / principal.var((0, 2, 3)).sum()
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.5))
left.plot(np.arange(1, 129), np.cumsum(share), color="#009e73")
left.set(xlabel="principal components", ylabel="share of the variance", ylim=(0, 1.02))
right.plot(STEPS, own, label="own axes", color="#0072b2", linewidth=2.5)
right.plot(STEPS, rotated.mean(0), label="random rotations", color="#d55e00", linewidth=2.5)
right.plot(STEPS, curve(table_of(principal)), label="principal components", color="#009e73", linewidth=2.5)
right.set(xlabel="IoU threshold", ylabel="different concepts detected", ylim=0)
right.legend(frameon=False)
plt.show()

# %% [markdown]
# Directions of large variance are not directions of meaning: a principal component must serve many pictures at once,
# and all later ones must be at right angles to it. Where does the curve lie, compared with the random rotations?

# %% [markdown]
# ## 9 Does a detector need the whole picture?
#
# A unit called *hull* may follow the hull, or the water below it, or the picture of a boat as a whole. Cut the
# pictures into patches and shuffle them: pieces are intact, but nothing is where it belongs. The labels move with the
# pixels, so each pixel keeps its name. A unit that follows pieces will hardly notice.
#
# Each picture gets an order of its own (one order for all would be one lucky or unlucky layout).
#
# **By hand.** With `grid = 2` an 8 x 8 picture has four patches of 4 x 4 pixels, numbered row by row: 0 1 / 2 3. The
# order 2, 0, 3, 1 puts old patch 2 into place 0, old patch 0 into place 1, and so on.


# %% exercise="shuffle-patches"
def shuffle_patches(images, labels, grid, rng):
    """Return images (N, C, H, W) and labels (N, H, W) cut into grid x grid patches, in an order of each image's own."""
    new_images, new_labels = images.copy(), labels.copy()
    high, wide = labels.shape[1] // grid, labels.shape[2] // grid  # of one patch, in pixels
    ### BEGIN SOLUTION
    for n in range(len(images)):
        for new, old in enumerate(rng.permutation(grid * grid)):
            to = np.s_[new // grid * high : (new // grid + 1) * high, new % grid * wide : (new % grid + 1) * wide]
            of = np.s_[old // grid * high : (old // grid + 1) * high, old % grid * wide : (old % grid + 1) * wide]
            new_images[n][:, *to] = images[n][:, *of]
            new_labels[n][to] = labels[n][of]
    ### END SOLUTION
    return new_images, new_labels


# %%
pixels = pictures.numpy()
shown = [pictures[best[0]]]
for grid in (2, 4, 8):
    cut, _ = shuffle_patches(pixels[best[:1]], object_maps[best[:1]], grid, np.random.default_rng(grid))
    shown.append(torch.tensor(cut[0]))
captions = ["whole", "2 x 2", "4 x 4", "8 x 8"]
render.grid([render.enlarge(image, size=160) for image in shown], columns=4, captions=captions)

# %% [markdown]
# Now for all 1,000 pictures. Objects and parts are two label maps of the same pictures: the same seed gives both the
# same orders. The thresholds stay those of the whole pictures: we ask whether the *same* units, with the same meaning
# of "on", still find their concept.


# %%
def table_of_shuffled(grid):
    """Return the IoU table for pictures cut into grid x grid patches, with the thresholds of whole pictures."""
    cut, own_objects = shuffle_patches(pixels, object_maps, grid, np.random.default_rng(grid))
    _, own_parts = shuffle_patches(pixels, part_maps, grid, np.random.default_rng(grid))
    seen = look(torch.tensor(cut))
    return sum(iou_table(seen, T, labels[:, 2::4, 2::4], size) for labels in (own_objects, own_parts))


# %%
shuffled = {1: table, **{grid: table_of_shuffled(grid) for grid in (2, 4, 8)}}
figure, axes = plt.subplots(figsize=(7, 3.4))
places = np.arange(4)
axes.bar(places - 0.2, [len(label_units(t)) for t in shuffled.values()], 0.4, label="detectors", color="#0072b2")
different = [unique_detectors(label_units(t)) for t in shuffled.values()]
axes.bar(places + 0.2, different, 0.4, label="different concepts", color="#56b4e9")
axes.set(xticks=places, xticklabels=captions)
axes.legend(frameon=False)
plt.show()

# %%
for concept, (unit, _) in list(best_units.items())[:8]:
    kept = "  ".join(f"{t[unit, concept]:.2f}" for t in shuffled.values())
    print(f"{names[concept]:12s} unit {unit:3d}   IoU whole, 2x2, 4x4, 8x8:  {kept}")

# %% [markdown]
# Which of these units need the whole thing, and which are content with a piece? A receptive field of `conv5` is
# larger than the picture: in principle every unit *could* look at everything.

# %% [markdown]
# ## 10 What would refute this?
#
# You have measured agreement: some units are on where a concept is, more than chance allows, and more in the
# network's own axes than in others. That is a fact about the *unit*. Whether the network *uses* it, and for what, is
# another question, and needs another experiment: change something, and see what follows.

# %% [markdown] reflection="reflect"
# ### BEGIN SOLUTION
# The results support a modest claim: some units are on where the label "boat" or "hull" is, far more often than with
# the labels of other pictures, and single units of the own axes agree better with concepts than rotated axes do. They
# do not show that the network uses these units for its answer, since nothing was changed in it, and they do not show
# understanding: a unit may follow a color, an edge above water or the kind of scene that always comes with boats in
# these rendered pictures. It could be refuted by removing the unit (setting it to 0): if the tag "boat" is then as
# good as before, the network does not need it. Another test is pictures of boats on land, or of water without boats:
# a boat detector should follow the boat. A third is another set of pictures, such as photographs.
# ### END SOLUTION
