# %% [markdown]
# # Lab 1: Looking inside
#
# **What does a single unit of a network see?** After this lab you can
#
# - compute what a convolutional layer computes, and show its filters and its maps,
# - say how much of the picture a unit can see, and draw the box,
# - find the pictures that excite a unit most, cut out what it saw, and measure where in it the unit looked,
# - compare all of this with a network that has learned nothing.
#
# You need about two hours and numpy. This is the first lab: it begins with five minutes on how all of them work.
#
# ## 0 How these labs work
#
# You read, you run the cells in order, and now and then a function is missing: you write it, at most ten lines. All
# pictures further down are made by *your* functions. Everything runs on your own machine, without a network connection.
#
# - **Exercises.** Replace the line `raise NotImplementedError` by your code, run the cell, then the check below it. It
#   calls your function on small cases and says what came, what was expected, and often which mistake that looks like.
#   Check as often as you like: only what you hand in counts. When it says "public cases passed", you are nearly done:
#   for marks, other cases of the same kind are drawn, and some rare ones (a single picture, equal numbers, float32).
# - **Hints.** Above most holes are three of them, folded away: the first helps you to begin, the last nearly says how.
#   Each failed check shows the next one by itself.
# - **Predictions.** Before some experiments you choose what you think will happen. There is no check: the experiment
#   tells. A wrong prediction costs one point and is often what you will remember.
# - **Your own words.** At the end there is a question that a person reads.
# - **Handing in.** Save the notebook and hand in this one file. Outputs do not matter. Keep the names of the functions,
#   and let each take what it needs as arguments. `lab("01").progress()` shows what is done so far.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from xailab_autograder import lab

from xailab import hooks, images, models, render
from xailab.data import MiniBroden, batches

torch.set_num_threads(1)  # the networks are small
plt.rcParams.update({"figure.constrained_layout.use": True, "font.size": 12, "axes.titlesize": 13})
plt.rcParams.update({"axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# Here is the network of this lab. It has learned to say which of 65 tags fit a picture of 64 x 64 pixels: `car`,
# `tree`, `brick`, `beach` and so on. Like every such network it is a chain of layers. A layer has *units* (also called
# channels), and each unit makes a *map*: a small picture of how strongly it answers at each place. One place of a map
# is a *cell*. The last convolutional layer, `conv5`, has 128 units with 8 x 8 cells each.
#
# The pictures are rendered ones, from a set called MiniBroden. (The first time, that takes some seconds.)

# %%
network = models.load("tags")
probe = MiniBroden("probe", limit=600)
read = list(batches(probe, 100))
pictures = torch.cat([batch.images for batch in read])
objects = torch.cat([batch.labels.maps["object"][:, 0] for batch in read]).numpy()


# %%
def look(some, layer, network=network):
    """Return what the units of a layer say of some pictures: (N, K, h, w)."""
    ready = images.normalize(some, network.normalization)
    return torch.cat([hooks.activations(network.module, part, layer)[layer] for part in ready.split(100)]).numpy()


# %%
CAR = 193
maps = look(pictures[[CAR]], "conv5")[0]
print("the picture", tuple(pictures[CAR].shape), " its maps", maps.shape)
first_units = [render.enlarge(render.heatmap(torch.tensor(one)), size=110) for one in maps[40:47]]
render.grid([render.enlarge(pictures[CAR], size=110), *first_units], columns=8, captions=["", *map(str, range(40, 47))])

# %% [markdown]
# ### Warm-up: be wrong on purpose
#
# Which of the 128 units answers most strongly to this picture? A function for that is one line. To see how checking
# feels, do it in two steps:
#
# 1. Write a line that is **wrong**: `return int(maps.mean((1, 2)).argmax())`. Run the cell, run the check, and read
#    what it says. (Units have *maps*: `mean((1, 2))` is the mean over rows and columns, one number for each unit.)
# 2. Then do what the message says.


# %% exercise="strongest-unit"
def strongest_unit(maps):
    """Return the number of the unit with the largest activation anywhere in its map (K, h, w)."""
    ### BEGIN SOLUTION
    return int(maps.max((1, 2)).argmax())
    ### END SOLUTION


# %% [markdown]
# If the check is content, so is this cell: the unit that you found, laid over the picture. Where does it answer?

# %%
UNIT = strongest_unit(maps)
print(f"unit {UNIT}, activation {maps[UNIT].max():.2f}")
large = render.enlarge(pictures[CAR], size=220)
render.grid([large, render.overlay(large, torch.tensor(maps[UNIT]))], columns=2)

# %% [markdown]
# ## The question
#
# What does this unit see? A car? A wheel, the color red, something round near the ground? Nobody told it what to look
# for: only the 65 tags were given. One picture will not tell. We take the network apart from the beginning, and come
# back to this unit with better instruments.
#
# ## 1 What a layer computes
#
# A convolutional layer has a stack of filters. Filter $o$ has weights $w_{o,c,u,v}$: for each channel $c$ of the input
# a square of $k \times k$. It is laid onto the input, weights and pixels are multiplied, everything is added up, and
# the bias $b_o$ on top. Then it moves on by $s$ pixels, the *stride*. Around the picture lie $p$ rows and columns of
# zeros, the *padding*, so that the filter can reach over the border; $\bar x$ is the picture with these zeros:
#
# $$ y_{o,i,j} = b_o + \sum_c \sum_{u=0}^{k-1} \sum_{v=0}^{k-1} w_{o,c,u,v} \; \bar x_{c,\, i s + u,\, j s + v} $$
#
# How many windows fit, one below the other? The first begins at row 0, the last must end at row $H + 2p$:
#
# $$ H' = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1 $$
#
# (Dumoulin and Visin 2016, section 2.4, relationship 6.) The filter is *not* turned around, as it would be in a
# convolution in the sense of mathematics. It looks like what it looks for.
#
# **By hand.** One channel, one filter, stride 1, no padding, bias 1:
#
# ```
#   1  2  0       1  2       upper left window:  1*1 + 2*2 + 0*0 - 1*1 = 4
#   0  1  3       0 -1       plus the bias:      5
#   2  1  0                  all four windows:   5  0
#                                                2  8
# ```


# %% exercise="conv2d-naive"
def conv2d_naive(x, w, b, stride, pad):
    """Return the output (O, H', W') of a layer with weights w (O, C, k, k) and biases b (O,) for x (C, H, W)."""
    ### BEGIN SOLUTION
    k = w.shape[2]
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    height, width = (padded.shape[1] - k) // stride + 1, (padded.shape[2] - k) // stride + 1
    out = np.zeros((len(w), height, width))
    for i in range(height):
        for j in range(width):
            window = padded[:, i * stride : i * stride + k, j * stride : j * stride + k]
            out[:, i, j] = (w * window).sum((1, 2, 3)) + b
    return out
    ### END SOLUTION


# %% [markdown]
# Is that really what the network does? Its first layer has 32 filters of 5 x 5, stride 2, padding 2. We give your
# function the same picture and the same weights.
#
# One thing on the way. Networks do not get pictures in [0, 1] but *normalized* ones: a constant is subtracted and the
# result divided by another, here $(x - 0.5) / 0.25$, so 0 is a medium gray. Whoever draws such numbers without undoing
# this gets the picture on the right.

# %%
x = images.normalize(pictures[[CAR]], network.normalization)[0].numpy()
w, b = (parameter.detach().numpy() for parameter in network.module.conv1.conv.parameters())
mine = conv2d_naive(x, w, b, stride=2, pad=2)
theirs = hooks.activations(network.module, torch.tensor(x[None]), "conv1.conv")["conv1.conv"][0].numpy()
print("your output", mine.shape, f" largest difference from the network's own: {np.abs(mine - theirs).max():.1e}")
wrong = torch.tensor(x).clamp(0, 1)  # numbers below 0 and above 1 cannot be shown
both = [render.enlarge(picture, size=220) for picture in (pictures[CAR], wrong)]
render.grid(both, columns=2, captions=["as it is", "normalized, not undone"])

# %% [markdown]
# ## 2 What do the filters look for?
#
# The filters of the first layer work on colors, so they can be shown as small pictures. Weights are positive and
# negative numbers of any size, though. Each filter is stretched so that its smallest weight becomes 0 and its largest
# 1:
#
# $$ \mathrm{image}_o = \frac{w_o - \min w_o}{\max w_o - \min w_o} $$
#
# with the minimum and maximum over *all* weights of this filter: its three colors, rows and columns. (With a scale for
# each color the colors would change; with one scale for all filters the weak ones would be gray squares.) What was 0 is
# then not the same gray in all of them: the pictures show patterns, not strengths. A filter whose weights are all equal
# has no pattern; it becomes 0.5.
#
# **By hand.** The weights $-1, 3$ (red), $1, 0$ (green), $2, -1$ (blue) go from $-1$ to 3, so 1 is added and divided by
# 4: red 0, 1; green 0.5, 0.25; blue 0.75, 0. Two pixels: (0, 0.5, 0.75) and (1, 0.25, 0).


# %% exercise="filters-to-images"
def filters_to_images(w):
    """Return filters (O, 3, k, k) as images (O, k, k, 3) in [0, 1], each on a scale of its own."""
    ### BEGIN SOLUTION
    low, high = w.min((1, 2, 3), keepdims=True), w.max((1, 2, 3), keepdims=True)
    span = np.where(high > low, high - low, 1)
    scaled = np.where(high > low, (w - low) / span, 0.5)
    return np.moveaxis(scaled, 1, -1)
    ### END SOLUTION


# %%
filters = torch.tensor(filters_to_images(w)).permute(0, 3, 1, 2)
render.grid([render.enlarge(one, size=64) for one in filters], columns=16, captions=[str(n) for n in range(32)])

# %% [markdown]
# 25 pixels are not much, and some filters look like noise. But there are edges and bars in several directions (3, 12,
# 25, 29), and colors against each other (7, 22, 27): nearly every network for pictures begins like this (Zeiler and
# Fergus 2014, section 4). Below are eight filters and their maps, by your two functions, after the ReLU (negative
# answers become 0). Can you say, before you look at a map, which parts of the picture will be bright?

# %%
chosen = [int(n) for n in np.argsort(-np.maximum(mine, 0).max((1, 2)))[:8]]
tops = [render.enlarge(filters[n], size=110) for n in chosen]
answers = [render.enlarge(render.heatmap(torch.tensor(np.maximum(mine[n], 0))), size=110) for n in chosen]
render.grid([*tops, *answers], columns=8, row_titles=["filter", "map"])

# %% [markdown]
# ## 3 From the first layer to the last
#
# Filters of deeper layers work on 32 or 96 maps instead of three colors: they cannot be shown as pictures. Their *maps*
# can. The same picture, the eight strongest units of the first, a middle and the last convolutional layer:

# %%
shown, titles = [], []
for layer in ("conv1", "conv3", "conv5"):
    stack = look(pictures[[CAR]], layer)[0]
    titles.append(f"{layer}\n{stack.shape[1]} x {stack.shape[2]} cells")
    print(f"{layer}: {len(stack)} units, {(stack == 0).mean():.0%} of the cells are 0")
    for unit in np.argsort(-stack.max((1, 2)))[:8]:
        shown.append(render.enlarge(render.heatmap(torch.tensor(stack[unit])), size=110))
render.grid(shown, columns=8, row_titles=titles)

# %% [markdown]
# In the first layer you could still draw the picture from the maps. In the last one most cells are 0, and what is left
# are a few blobs: *here is something*. What it is cannot be seen any more. So we ask another question: what lies in the
# picture where the blob is? For that we have to know which part of the picture a cell can see.
#
# ## 4 What can a unit see?
#
# A cell of the first layer sees 5 x 5 pixels. A cell of the next one sees several cells of the first, and so more
# pixels. The box of pixels that can reach a cell is its *receptive field*. Three numbers describe the boxes of a layer:
# the **size** $r$ of a box, the **jump** $j$ from one cell's box to the next, and the **start** $c$, the center of the
# first box. We measure from the border of the picture: pixel 0 reaches from 0 to 1, so its center is at 0.5. Before any
# layer, a pixel sees itself: $r = 1$, $j = 1$, $c = 0.5$. Each layer with kernel $k$, stride $s$ and padding $p$
# changes them:
#
# $$ r \leftarrow r + (k - 1)\, j, \qquad c \leftarrow c + \left( \tfrac{k-1}{2} - p \right) j, \qquad
# j \leftarrow s\, j $$
#
# **Why?** $k$ cells beside each other span $k - 1$ steps, and a step between the cells below is $j$ pixels: the *old*
# $j$, so it is updated last. The first window begins $p$ cells before the first cell, and its center is $(k - 1) / 2$
# cells further. Pooling counts like a convolution; a ReLU changes nothing. (Araujo et al. 2019, eq. 2 for the size, and
# the same section for the place. Many papers and programs, xailab's own too, measure from the center of pixel 0: their
# start is 0.5 less.)
#
# **By hand.** 3 x 3 with stride 2 and padding 1: $r = 1 + 2 \cdot 1 = 3$, $c = 0.5 + (1 - 1) \cdot 1 = 0.5$, $j = 2$.
# Then 3 x 3 with stride 1 and padding 1: $r = 3 + 2 \cdot 2 = 7$, $c = 0.5$, $j = 2$.


# %% exercise="receptive-field"
def receptive_field(layers):
    """Return (size, jump, start) in pixels after layers [(k, s, p), ...]."""
    size, jump, start = 1, 1, 0.5
    ### BEGIN SOLUTION
    for k, s, p in layers:
        size = size + (k - 1) * jump
        start = start + ((k - 1) / 2 - p) * jump
        jump = jump * s
    ### END SOLUTION
    return size, jump, start


# %%
LAYERS = {
    "conv1": (5, 2, 2), "pool1": (2, 2, 0), "conv2": (3, 1, 1), "pool2": (2, 2, 0),
    "conv3": (3, 1, 1), "conv4": (3, 1, 1), "conv5": (3, 1, 1),
}  # fmt: skip
fields = {}
for count, name in enumerate(LAYERS, 1):
    size, jump, start = receptive_field(list(LAYERS.values())[:count])
    fields[name] = (int(size), int(jump), float(start))
    print(f"{name}: size {size:2g}, jump {jump:g}, start {start:g}")

# %% [markdown]
# The cell of our unit with the strongest answer, and what it can see (orange), with the boxes of cells of earlier
# layers at about the same place. The last box is larger than the picture! A unit near the border sees where the picture
# ends, too: outside there are zeros, drawn in gray.

# %%
row, column = np.unravel_index(maps[UNIT].argmax(), maps[UNIT].shape)
BOXES = {"conv1": "#56b4e9", "conv2": "#009e73", "conv3": "#e69f00", "conv5": "#d55e00"}
_, jump, start = fields["conv5"]
figure, axes = plt.subplots(figsize=(6.6, 4.8))
axes.imshow(pictures[CAR].permute(1, 2, 0), extent=(0, 64, 64, 0))
for name, color in BOXES.items():
    side, step, first = fields[name]
    centers = [first + step * round((start + jump * place - first) / step) for place in (column, row)]
    corner = [center - side / 2 for center in centers]
    axes.add_patch(plt.Rectangle(corner, side, side, fill=False, color=color, linewidth=2.5, label=f"{name}: {side}"))
axes.set(xlim=(-26, 70), ylim=(82, -6), title=f"what cell ({row}, {column}) of unit {UNIT} can see")
axes.set_facecolor("#808080")  # what the padding puts there, to the network's eyes
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# ## 5 Which pictures excite it most?
#
# The simplest instrument is also one of the best: show the unit many pictures, and look at those that it answers to
# most strongly. Each picture gets a score for each unit, the maximum of the unit's map; and then the $k$ best pictures
# are taken. Each picture counts once, however many strong cells it has: otherwise one picture full of cars would fill
# the list. (Zhou et al. 2015, section 3.2; Zeiler and Fergus 2014, section 4, take the nine best.)
#
# The place of the maximum is needed, too: that is where the unit saw what it likes. And two rules that make the answer
# unique: of pictures with the same score the lower number comes first; of equal cells in a map the first one, row by
# row.
#
# **By hand.** One unit, three pictures of 2 x 2 cells:
#
# ```
# picture 0:  0 7      picture 1:  5 5      picture 2:  0  0
#             6 0                  5 5                  8 -9
# ```
#
# The scores are 7, 5, 8. The two best pictures are 2 and 0, with the maxima at (1, 0) and (0, 1). By the mean, picture
# 1 would be the best; it has nothing special anywhere.


# %% exercise="top-k"
def top_k(A, k):
    """Return idx (K, k), the best pictures of each unit by A (N, K, h, w), and pos (K, k, 2), row and column there."""
    N, K, h, w = A.shape
    idx, pos = np.zeros((K, k), int), np.zeros((K, k, 2), int)
    ### BEGIN SOLUTION
    cells = A.reshape(N, K, h * w)
    for unit in range(K):
        idx[unit] = np.argsort(-cells[:, unit].max(1), kind="stable")[:k]
        best = cells[idx[unit], unit].argmax(1)
        pos[unit] = np.stack([best // w, best % w], 1)
    ### END SOLUTION
    return idx, pos


# %%
A = look(pictures, "conv5")
idx, pos = top_k(A, 9)
best = [render.enlarge(pictures[n], size=110) for n in idx[UNIT]]
overlaid = [render.overlay(picture, torch.tensor(A[n, UNIT])) for picture, n in zip(best, idx[UNIT], strict=True)]
render.grid([*best, *overlaid], columns=9, row_titles=["picture", f"unit {UNIT}"])

# %% [markdown]
# ## 6 What was in the box?
#
# A picture shows many things; the unit saw its box. Cell $(row, column)$ has the center of its box at $start + jump
# \cdot row$ from the upper border and $start + jump \cdot column$ from the left one. The box reaches half a size from
# there to each side. You need not worry about halves: if the three numbers come from a network, the box always begins
# and ends between two pixels (for conv5, at $3.5 - 67 / 2 = -30$).
#
# Where the box reaches beyond the picture, the patch is 0, as it is for the network: medium gray in normalized numbers.
# Do not move the box inside, and do not cut it off. The patches have the same size, with the same place in the middle,
# so that they can be compared.
#
# **By hand.** A picture of 4 x 5 pixels, size 4, jump 2, start 1, cell (0, 2). The center is at 1 from above and 5 from
# the left: the right border. The box goes from $-1$ to 3 in rows and from 3 to 7 in columns. Row $-1$ and the columns 5
# and 6 are outside, so the patch has one row of zeros above and two columns of zeros at the right.


# %% exercise="crop-patch"
def crop_patch(x, pos, rf):
    """Return the (3, size, size) pixels of x (3, H, W) in the box of a cell; rf is (size, jump, start)."""
    size, jump, start = rf
    ### BEGIN SOLUTION
    top, left = (round(start + jump * place - size / 2) for place in pos)
    padded = np.pad(x, ((0, 0), (size, size), (size, size)))
    return padded[:, top + size : top + 2 * size, left + size : left + 2 * size]
    ### END SOLUTION


# %%
def patches(unit, idx=idx, pos=pos, size=100):
    """Return what a unit of conv5 saw in its best pictures, as pictures: normalized, cropped, and that undone."""
    ready = images.normalize(pictures[idx[unit]], network.normalization).numpy()
    seen = [crop_patch(one, place, fields["conv5"]) for one, place in zip(ready, pos[unit], strict=True)]
    back = images.denormalize(torch.tensor(np.stack(seen)), network.normalization)
    return [render.enlarge(one, size=size) for one in back]


UNITS = (UNIT, 31, 35, 72, 114, 124, 77)
rows = [f"unit {unit}" for unit in UNITS]
render.grid([patch for unit in UNITS for patch in patches(unit)], columns=9, row_titles=rows)

# %% [markdown]
# Give each unit a name. Then look for what does *not* fit your name, and for what else all nine have in common: things
# of one kind often come with the same background, and lie at the same height in the picture. Change `UNITS`; not all of
# the 128 are that clear.
#
# ## 7 Where in the box does it look?
#
# The box is huge, 67 x 67 pixels. Does the unit use all of it? Zhou and others (2015, section 3.2) ask the unit itself:
# cover a small square of the picture, and see how much the answer changes; then move the square. Where covering changes
# much, something was that the unit needed. This is the *discrepancy map*.
#
# To be exact: let $a(x)$ be the answer of the one cell that is strongest in the whole picture $x$, and $x_{(q)}$ the
# picture with the square $q$ covered. Then, at pixel $t$,
#
# $$ D(t) = \frac{1}{|\{q \ni t\}|} \sum_{q \ni t} \left| a(x) - a(x_{(q)}) \right| $$
#
# - The squares lie at all rows and columns $0, s, 2s, \ldots$ where they fit as a whole.
# - Covered means: 0 in normalized numbers, in all three channels. (In the paper the squares hold random noise.)
# - *The same cell* each time: with the car covered, another cell may be the strongest, and we did not ask about it.
# - The absolute value: less and more are both a change.
# - Squares overlap; each pixel gets the mean over those that cover it, and 0 if there is none.
#
# **By hand.** In one row of 6 pixels, with squares of 4 and stride 2, there are two squares: pixels 0 to 3 and 2 to 5.
# If covering the first changes the answer from 5 to 2, and the second from 5 to 6, the changes are 3 and 1. So $D$ is 3
# 3 2 2 1 1.
#
# To ask the network, use what `look` uses: `hooks.activations(network.module, batch, layer)[layer]` takes a
# *normalized* batch (N, 3, H, W), a tensor of torch, and gives the maps (N, K, h, w); `.numpy()` makes an array of
# them. Many pictures in one batch are faster than many batches of one.


# %% exercise="discrepancy-map"
def discrepancy_map(network, layer, x, unit, patch, stride):
    """Return D (H, W): how much covering each pixel of x (3, H, W) changes the unit's strongest activation."""
    _, H, W = x.shape
    squares = [(r, c) for r in range(0, H - patch + 1, stride) for c in range(0, W - patch + 1, stride)]
    total, count = np.zeros((H, W)), np.zeros((H, W))
    ### BEGIN SOLUTION
    batch = np.stack([x] * (len(squares) + 1))  # the last one stays as it is
    for n, (r, c) in enumerate(squares):
        batch[n, :, r : r + patch, c : c + patch] = 0
    maps = hooks.activations(network.module, torch.from_numpy(batch), layer)[layer][:, unit].flatten(1).numpy()
    cell = maps[-1].argmax()
    for n, (r, c) in enumerate(squares):
        total[r : r + patch, c : c + patch] += abs(maps[-1, cell] - maps[n, cell])
        count[r : r + patch, c : c + patch] += 1
    ### END SOLUTION
    return total / np.maximum(count, 1)


# %% [markdown]
# Before you use it, a prediction.

# %% choice="predict-effective"
### BEGIN SOLUTION
prediction_effective = "c"
### END SOLUTION

# %% [markdown]
# First single pictures: where our unit looks in its six best ones, and below, three other units in theirs. Compare the
# bright spots with the names that you gave. Which part of the thing is it? Where does a unit look beside the thing?

# %%
shown = []
for unit in (UNIT, 31, 72, 77):
    for n in idx[unit][:6]:
        x = images.normalize(pictures[[n]], network.normalization)[0].numpy()
        D = discrepancy_map(network, "conv5", x, unit, patch=8, stride=4)
        shown.append(render.overlay(render.enlarge(pictures[n], size=140, smooth=True), torch.tensor(D)))
render.grid(shown, columns=6, row_titles=[f"unit {unit}" for unit in (UNIT, 31, 72, 77)])


# %% [markdown]
# Now all boxes on top of each other. Twelve units, three pictures each; every map is divided by the activation, moved
# so that the center of the cell's box lies in the middle, and all are averaged. The frame is the receptive field that
# you computed, the white line encloses what is above half of the maximum.


# %%
def average_box(network, idx, units):
    """Return the mean discrepancy (67, 67) over some units and their three best pictures, boxes laid on each other."""
    size, jump, start = fields["conv5"]
    total, count = np.zeros((2, size + 128, size + 128))
    for unit in units:
        for n in idx[unit][:3]:
            x = images.normalize(pictures[[n]], network.normalization)
            answer = hooks.activations(network.module, x, "conv5")["conv5"][0, unit].numpy()
            D = discrepancy_map(network, "conv5", x[0].numpy(), unit, patch=8, stride=4) / max(answer.max(), 1e-6)
            cell = np.array(np.unravel_index(answer.argmax(), answer.shape))
            top, left = (64 + size / 2 - start - jump * cell).astype(int)
            total[top : top + 64, left : left + 64] += D
            count[top : top + 64, left : left + 64] += 1
    return (total / np.maximum(count, 1))[64 : 64 + size, 64 : 64 + size]


# %%
box = average_box(network, idx, range(0, 128, 11))
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
left.imshow(box, cmap="magma", extent=(0, 67, 67, 0), vmin=0)
left.contour(np.arange(67) + 0.5, np.arange(67) + 0.5, box, levels=[box.max() / 2], colors="white")
left.set(title="mean change, in the box of 67 x 67")
right.plot(np.arange(67) + 0.5, box[33], color="#d55e00", linewidth=2, label="the middle row")
right.axhline(box.max() / 2, color="#6b6b6b", linestyle=":", label="half of the maximum")
right.set(xlabel="pixels from the border of the box", ylabel="change / activation", ylim=0, xlim=(0, 67))
right.legend(frameon=False)
plt.show()
print(f"{(box >= box.max() / 2).mean():.0%} of the box change the answer at least half as much as the strongest place")

# %% [markdown]
# The receptive field says what *can* reach the unit; this says what does. Luo and others (2016) call it the *effective*
# receptive field, and explain its shape: a pixel in the middle of the box reaches the cell on very many paths through
# the layers, a pixel in the corner on one. The number of paths falls off like a bell.
#
# So a patch of 67 pixels shows much that the unit hardly looks at. Remember that when you name units by their patches.
#
# ## 8 A control
#
# You have seen wheels, balloons and pictures on the wall. Would you have seen something in *any* network? There is a
# simple test: the same architecture, with weights drawn at random. It has learned nothing; whatever we find there is
# due to the pictures, to the architecture, or to our eyes (Adebayo et al. 2018).
#
# And we should have a number instead of an impression. The pixels of MiniBroden are labeled. For each unit: on how many
# of its nine best patches does the center of the box lie on the same kind of object?

# %% choice="predict-random"
### BEGIN SOLUTION
prediction_random = "a"
### END SOLUTION


# %%
def same_object(numbers, places):
    """Return for how many places (row, column) of the pictures with these numbers the commonest object is there."""
    _, jump, start = fields["conv5"]
    rows, columns = (start + jump * np.asarray(places).T).astype(int)
    labels = objects[numbers, rows, columns]
    return np.bincount(labels[labels > 0], minlength=1).max()


def agreement(network):
    """Return the best pictures of each unit of conv5, and for each unit how many of the nine agree."""
    idx, pos = top_k(look(pictures, "conv5", network), 9)
    return idx, pos, np.array([same_object(*unit) for unit in zip(idx, pos, strict=True)])


# %%
random_network = models.load("random:0")
random_idx, random_pos, of_random = agreement(random_network)
of_trained = agreement(network)[2]
rng = np.random.default_rng(0)
of_lot = np.array([same_object(rng.integers(600, size=9), rng.integers(8, size=(9, 2))) for _ in range(500)])
figure, axes = plt.subplots(figsize=(9, 3.2))
kinds = {"trained": (of_trained, "#0072b2"), "random weights": (of_random, "#e69f00"), "by lot": (of_lot, "#6b6b6b")}
for shift, (name, (counts, color)) in zip((-0.27, 0, 0.27), kinds.items(), strict=True):
    share = np.bincount(counts, minlength=10)[:10] / len(counts)
    axes.bar(np.arange(10) + shift, share, 0.26, color=color, label=f"{name}: {counts.mean():.1f} of 9")
axes.set(xlabel="patches of nine with the same object in the center", ylabel="part of the units", xticks=range(10))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The best pictures of six units with random weights, those that answer at all:

# %%
loudest = look(pictures, "conv5", random_network).max((0, 2, 3))
alive = [int(unit) for unit in np.flatnonzero(loudest > 0)[:6]]
rows = [f"random\nunit {unit}" for unit in alive]
render.grid([one for unit in alive for one in patches(unit, random_idx, random_pos)], columns=9, row_titles=rows)

# %% [markdown]
# By the number, random units are like the lot. But look at the rows: they are not arbitrary at all! A random filter is
# a filter, too, and strong contrast or one pair of colors excites it most. *Nine pictures that look alike are easy to
# get.* What the trained network has, and the random one has not, is that they agree in something that we have a word
# for. (A part of the difference is cheap, though: random units like pictures of mere textures, in which nothing is
# labeled as an object. How would you make the comparison fairer?)
#
# And where do these six units look?

# %%
random_box = average_box(random_network, random_idx, alive)
figure, panels = plt.subplots(1, 2, figsize=(8, 4))
for axes, (title, one) in zip(panels, {"trained": box, "random weights": random_box}.items(), strict=True):
    axes.imshow(one, cmap="magma", extent=(0, 67, 67, 0), vmin=0)
    axes.contour(np.arange(67) + 0.5, np.arange(67) + 0.5, one, levels=[one.max() / 2], colors="white")
    axes.set(title=f"{title}: {(one >= one.max() / 2).mean():.0%} above half", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# Also in the middle: *this* is due to the architecture. Of all that you have found in this lab, what did the network
# learn, and what was there before?
#
# ## 9 What would refute this?
#
# "Unit 42 is a wheel detector" is a claim about all pictures; nine patches are nine patches, and they were chosen
# because they excite the unit. How many wheels are there that leave it cold? What else excites it? What happens to a
# car whose wheels are covered, and what to a picture without any car but with something round and dark near the ground?
# Lab 3 turns such questions into numbers. Here, make a claim of your own.

# %% [markdown] reflection="reflect"
# ### BEGIN SOLUTION
# Claim: unit 72 responds to pictures that hang on a wall. For it: in all nine patches a framed picture lies in the
# center; the discrepancy maps are bright on the frame and dark elsewhere; nine of nine agree, while units with random
# weights and places by lot reach about two. What else fits: all patches are of rooms with a patterned wall, so the unit
# could respond to the wallpaper, or to any dark rectangle in front of a bright one, as windows are. The patches do not
# decide, because pictures hang in rooms only. The experiment: cover the picture and nothing else, and cover as much of
# the wall beside it; and take rooms without pictures, and pictures put before a landscape. If the answer falls only
# when the wall is covered, or stays high in empty rooms, the claim is wrong. One would also have to look at rooms with
# pictures that excite the unit little: if there are many, the name is too wide.
# ### END SOLUTION

# %% [markdown]
# Done? This shows what you have checked so far. Then save the notebook, and hand it in.

# %%
lab("01").progress()
