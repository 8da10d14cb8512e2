# %% [markdown]
# # Lab 2: Deconvnet
#
# **Which pixels excite this unit?** After this lab you can
#
# - go back through a network by hand: through its poolings, its filters and its ReLUs,
# - project what excites any unit of any layer down to the pixels, by three rules, and explain how they differ,
# - say what such pictures show of the *network*, and what they show of the *picture* alone.
#
# You need about two hours and numpy. A few lines about sums are all the mathematics there is.
#
# **How checking works.** Replace the line `raise NotImplementedError` of a cell by your code, run the cell, then run
# the check below it: it calls your function on small cases and says at once what came, what was expected, and often
# why. You may check as often as you like; for marks, other cases are drawn, and some rare ones are added. Exercises 1
# to 4 get everything they need as arguments. Exercise 5 calls your first four functions: a mistake in one of them shows
# there again, so finish them first.

# %%
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # small products of matrices: one thread is faster than several

import matplotlib.pyplot as plt
import numpy as np
import torch
from xailab_autograder import lab

from xailab import hooks, images, models, render
from xailab.data import MiniBroden, batches

torch.set_num_threads(1)  # the network is small, too
plt.rcParams.update({"figure.constrained_layout.use": True, "font.size": 12, "axes.titlesize": 13})
plt.rcParams.update({"axes.titlelocation": "left", "image.interpolation": "nearest"})

# %% [markdown]
# ## The question
#
# A small network was trained to say which of 65 tags fit a picture. Its last convolutional layer, `conv5`, has 128
# units (also called channels), and each gives a map of 8 x 8 numbers: how strongly it answers at each place. Here are
# the nine pictures, out of 600, that excite one unit most. What do you think excites it?

# %%
network = models.load("tags")
probe = MiniBroden("probe", limit=600)
pictures = torch.cat([batch.images for batch in batches(probe, 100)])
X = images.normalize(pictures, network.normalization)


# %%
def answers(module, layer="conv5"):
    """Return what the units of a layer say of all 600 pictures: (600, units, h, w)."""
    parts = [hooks.activations(module, some, layer)[layer] for some in X.split(100)]
    return torch.cat(parts).numpy()


def best_of(A, unit, count=9):
    """Return the pictures that excite a unit most, and the place in each where it is excited most."""
    best = np.argsort(-A[:, unit].max((1, 2)))[:count]
    return [(n, np.unravel_index(A[n, unit].argmax(), A.shape[2:])) for n in best]


# %%
UNIT = 102
A = answers(network.module)
nine = best_of(A, UNIT)
render.grid([render.enlarge(pictures[n], size=110, smooth=True) for n, _ in nine], columns=9)

# %% [markdown]
# Eight houses, and a pattern of dots! So what is it about the houses: the roof, the windows, a wall in front of the
# sky? Nine pictures cannot tell. We would like to see *which pixels* of each picture excited the unit, and what they
# look like to it.
#
# **The idea** (Zeiler and Fergus 2014, section 2.1; the method itself is from Zeiler et al. 2011). A network is a way
# from pixels to an activation. Walk it backwards. Keep one activation, set everything else to zero, and undo one layer
# after the other, as well as it can be undone:
#
# | on the way forward | on the way back |
# |---|---|
# | convolution: filters look at the maps below | the same filters, *transposed*, put back what they look for |
# | ReLU: negative numbers become 0 | a ReLU again: negative numbers become 0 |
# | max pooling: the largest number of each window | *unpooling*: the number goes back to where it came from |
#
# What arrives at the pixels is called the *projection* of the activation. There is nothing to be trained and nothing to
# be optimized; it is one walk. You will write its steps first, and then the walk.
#
# ## 1 Pooling that remembers
#
# After max pooling nobody knows any more *where* in its window the largest number was. So for the way back we write it
# down while we go forward. Zeiler and Fergus call it the *switch*. The window in row $i$ and column $j$ gives
#
# $$ p_{ij} = \max_{0 \leq u, v < k} a_{ik + u, \; jk + v} , $$
#
# and its switch is the place of this maximum in the whole map, as one number: pixels are counted row by row, from 0, so
# row $y$ and column $x$ of a map that is $W$ wide have the number $y W + x$.
#
# **By hand.** A map of 4 x 4, windows of 2 x 2:
#
# |   |   |   |   |
# |---|---|---|---|
# | 1 | 2 | **6** | 3 |
# | 3 | **5** | 2 | 1 |
# | 1 | 2 | 2 | 1 |
# | **7** | 3 | 4 | **8** |
#
# The maxima are 5, 6, 7, 8. The 5 is in row 1 and column 1, so its switch is $1 \cdot 4 + 1 = 5$; the others have 2, 12
# and 15.
#
# **Two remarks.** If the size is no multiple of $k$, the rows and columns that are left over belong to no window; they
# are ignored. And if a window has its maximum several times, the first one in reading order gets the switch. That is
# not as rare as it sounds: after a ReLU many windows are nothing but zeros.


# %% exercise="max-pool-switches"
def max_pool_switches(a, k):
    """Return the maxima p (C, h, w) of the k x k windows of a (C, H, W), and their switches idx (C, h, w)."""
    C, H, W = a.shape
    h, w = H // k, W // k
    ### BEGIN SOLUTION
    p, idx = np.zeros((C, h, w)), np.zeros((C, h, w), dtype=int)
    for i in range(h):
        for j in range(w):
            windows = a[:, i * k : (i + 1) * k, j * k : (j + 1) * k].reshape(C, k * k)
            first = windows.argmax(1)
            p[:, i, j] = windows.max(1)
            idx[:, i, j] = (i * k + first // k) * W + j * k + first % k
    ### END SOLUTION
    return p, idx


# %% [markdown]
# Your function on a real map: one unit of the first layer, `conv1`, looks at the best picture from above. Where are the
# switches? (A yellow dot marks the pixel of each window that was the largest; windows of zeros are left out.)

# %%
house, PLACE = nine[0]
first_maps = hooks.activations(network.module, X[house : house + 1], "conv1")["conv1"][0].double().numpy()
pooled, switches = max_pool_switches(first_maps, 2)
SHOWN = 24  # a unit that likes edges


def panel(axes, values, title, *, cmap="gray", limits=(None, None)):
    """Draw one map."""
    axes.imshow(values, cmap=cmap, vmin=limits[0], vmax=limits[1])
    axes.set(title=title, xticks=[], yticks=[])


figure, axes = plt.subplots(1, 4, figsize=(14, 3.8))
panel(axes[0], pictures[house].permute(1, 2, 0), "the picture, 64 x 64")
panel(axes[1], first_maps[SHOWN], "a map of conv1, 32 x 32")
panel(axes[2], pooled[SHOWN], "its maxima, 16 x 16")
panel(axes[3], first_maps[SHOWN], "its switches")
rows, columns = np.divmod(switches[SHOWN][pooled[SHOWN] > 0], 32)
axes[3].scatter(columns, rows, s=7, color="#ffd92f")
plt.show()

# %% [markdown]
# ## 2 Unpooling
#
# On the way back each number goes to the pixel that its switch names. All other pixels get 0: nothing is known of them.
#
# **By hand.** Somebody above has decided that 1, 2, 3, 4 should come back to the four windows of section 1, whose
# switches were 5, 2, 12 and 15:
#
# |   |   |   |   |
# |---|---|---|---|
# | 0 | 0 | 2 | 0 |
# | 0 | 1 | 0 | 0 |
# | 0 | 0 | 0 | 0 |
# | 3 | 0 | 0 | 4 |
#
# **A remark on equal switches.** Our windows do not overlap. Those of other networks do (in AlexNet they are 3 wide and
# move on by 2), and then one pixel can be the maximum of several windows. What comes back to it is then *added*: a
# pixel that took part in four sums gets what comes back from all four. If a map of 5 x 5 has one peak in the middle,
# pooled by 3 x 3 windows that move on by 2, all four windows have the same switch, 12; the numbers 1, 2, 3, 4 come
# back to this pixel as 10. This is also what the derivative does. (torch's `max_unpool2d` keeps one of the four; for
# windows that overlap it is not the inverse walk.)


# %% exercise="unpool"
def unpool(p, idx, shape):
    """Return maps of this shape (C, H, W) with each value of p (C, h, w) added at its switch, and 0 elsewhere."""
    C, H, W = shape
    ### BEGIN SOLUTION
    flat = np.zeros((C, H * W))
    for c in range(C):
        np.add.at(flat[c], idx[c].ravel(), p[c].ravel())
    return flat.reshape(shape)
    ### END SOLUTION


# %% [markdown]
# What do the switches bring? Here is the map from above, pooled and brought back in three ways: with its switches;
# without any, by enlarging; and with the switches of *another* picture.

# %%
other = hooks.activations(network.module, X[: house + 1], "conv1")["conv1"][10].double().numpy()
_, switches_of_another = max_pool_switches(other, 2)
back = unpool(pooled, switches, first_maps.shape)
mixed = unpool(pooled, switches_of_another, first_maps.shape)
figure, axes = plt.subplots(1, 4, figsize=(14, 3.8))
scale = {"limits": (0, first_maps[SHOWN].max())}
panel(axes[0], first_maps[SHOWN], "the map before pooling", **scale)
panel(axes[1], back[SHOWN], "unpooled", **scale)
panel(axes[2], pooled[SHOWN].repeat(2, 0).repeat(2, 1), "enlarged, no switches", **scale)
panel(axes[3], mixed[SHOWN], "switches of another picture", **scale)
plt.show()

# %% [markdown]
# Three quarters of the numbers are gone, but what is left stands in its place, to the pixel: lines stay thin. Remember
# for the end of this lab that the *place* of things on the way back comes from the switches, and the switches come from
# the picture.
#
# ## 3 Filters on the way back
#
# A convolution of a network (nobody flips the kernels there) makes $O$ maps out of $C$. With stride $s$ and $p$ rows
# and columns of zeros around,
#
# $$ y_{oij} = b_o + \sum_{c, u, v} w_{ocuv} \; x_{c, \; si + u - p, \; sj + v - p} . $$
#
# Each cell is a sum over some pixels. On the way back each cell gives its number to the *same* pixels, with the *same*
# weights:
#
# $$ \hat x_{c, \; si + u - p, \; sj + v - p} \;\; {+}{=} \;\; w_{ocuv} \; r_{oij} $$
#
# for all $o, c, i, j, u, v$. In other words: each number $r_{oij}$ puts the kernel $w_o$, multiplied by this number, at
# the place that it had looked at. Where kernels overlap they are added; what falls into the padding is dropped.
#
# Why "transposed"? Without the bias, a convolution is a product with a huge matrix, $y = W x$. Then the way back is
# $\hat x = W^T r$: not the inverse of $W$, but its *transpose*. It follows, for any $x$ and $r$ (the check tries it),
#
# $$ \langle W x, \, r \rangle = \langle x, \, W^T r \rangle . $$
#
# (Dumoulin and Visin 2016, chapter 4.) The same walk can be described in another way, which is where many go wrong:
# fill $r$ up with zeros between its cells, then do an ordinary convolution with kernels that are *flipped* in both
# directions and with the axes of $O$ and $C$ *exchanged*. If you put whole kernels down instead, there is nothing to be
# flipped.
#
# **By hand.** One map, one kernel with the rows 1, 2 and 3, 4, stride 1, no padding, and the numbers 1 and 10 side by
# side. The 1 puts the kernel into columns 0 and 1, the 10 puts ten times the kernel into columns 1 and 2:
#
# |   |   |   |
# |---|---|---|
# | 1 | 2 + 10 | 20 |
# | 3 | 4 + 30 | 40 |
#
# **The size.** Forward, $H$ rows become $h = \lfloor (H + 2p - k) / s \rfloor + 1$. Backwards, $h$ says only that $H$
# was $(h - 1) s + k - 2p$, or up to $s - 1$ more (Dumoulin and Visin 2016, section 4.6). With $k = 3$, $s = 2$, $p = 1$
# both 7 and 8 rows become 4. So the shape has to be given.
#
# **A remark on speed.** Two loops over the cells, or two loops over the $k \cdot k$ places of the kernel, are quick
# enough. Six loops are not: `np.tensordot` and `np.einsum` sum over the units for you.


# %% exercise="conv-transpose"
def conv_transpose(r, w, stride, pad, out_shape):
    """Send r (O, h, w) back through a convolution by w (O, C, k, k), to maps of the shape (C, H, W)."""
    (_, h, wide), k = r.shape, w.shape[3]
    C, H, W = out_shape
    ### BEGIN SOLUTION
    padded = np.zeros((C, H + 2 * pad, W + 2 * pad))
    for u in range(k):
        for v in range(k):
            reached = np.s_[:, u : u + stride * h : stride, v : v + stride * wide : stride]
            padded[reached] += np.tensordot(w[:, :, u, v], r, (0, 0))
    return padded[:, pad : pad + H, pad : pad + W]
    ### END SOLUTION


# %% [markdown]
# Before we look at anything: how should numbers of both signs be shown? **Gray is 0**, brighter is above, darker below,
# and **one scale for all three colors**. If each color is stretched for itself, 0 is no longer gray, and colors appear
# that nobody computed. We take the largest magnitude for the scale, or nearly: the 99.9th percentile, so that a single
# pixel does not make everything else gray.


# %%
def show(projection, *, size=110, limit=None):
    """Return a picture of a projection (3, h, w): gray is 0, one scale for all colors."""
    limit = limit or max(np.percentile(np.abs(projection), 99.9), 1e-12)
    scaled = 0.5 + 0.5 * np.clip(projection / limit, -1, 1)
    return render.enlarge(torch.tensor(scaled, dtype=torch.float32), size=size, smooth=True)


# %%
conv1 = network.module.conv1.conv
w1, b1 = conv1.weight.detach().double().numpy(), conv1.bias.detach().double().numpy()
shape = X[house].shape
seen = [
    conv_transpose(first_maps, w1, 2, 2, shape),
    conv_transpose(back, w1, 2, 2, shape),
    conv_transpose(pooled.repeat(2, 1).repeat(2, 2), w1, 2, 2, shape),
]
low, high = seen[1].min((1, 2), keepdims=True), seen[1].max((1, 2), keepdims=True)
wrong = torch.tensor((seen[1] - low) / (high - low), dtype=torch.float32)
shown = [render.enlarge(pictures[house], size=170, smooth=True), *[show(part, size=170) for part in seen]]
shown.append(render.enlarge(wrong, size=170, smooth=True))
captions = ["the picture", "all of conv1, back", "with a pooling", "without switches", "each color stretched"]
render.grid(shown, columns=5, captions=captions)

# %% [markdown]
# The second picture is all 32 maps of `conv1` at once, walked back to the pixels; the third one went through the
# pooling and back first. Nearly the whole house is there, as edges and colors. The fourth shows how much is due to the
# switches. The last one is the third once more, in the wrong display: what would you have said of the water?
#
# Note what a *single* number of `conv1` becomes: its kernel, at its place. All that is more than a kernel comes from
# many numbers, on many ways.
#
# ## 4 Three rules for a ReLU
#
# A convolution is linear, and its way back is clear. A ReLU, $\max(a, 0)$, is not: it has forgotten how far below zero
# a number was. Let $a$ be what went into the ReLU on the way forward, and $r$ what comes back to it. Three rules are in
# use (Springenberg et al. 2015, section 3.4 and figure 1):
#
# | rule | $r$ passes where | idea |
# |---|---|---|
# | `gradient` | $a > 0$ | the derivative: a ReLU that was off changes nothing (Simonyan et al. 2013) |
# | `deconv` | $r > 0$ | the way back is a network as well, so it has ReLUs of its own (Zeiler and Fergus 2014) |
# | `guided` | $a > 0$ and $r > 0$ | both: only what supports the unit, and only where the network was on |
#
# Where $r$ does not pass, it becomes 0. Where $a$ is exactly 0 the ReLU was off.
#
# **By hand.** The numbers of figure 1 of Springenberg et al. 2015. Each entry is $a$, then $r$:
#
# |   |   |   |
# |---|---|---|
# | 1, -2 | -1, 3 | 5, -1 |
# | 2, 6 | -5, -3 | -7, 1 |
# | -3, 2 | 2, -1 | 4, 3 |
#
# At the top left $a = 1$ and $r = -2$: it passes by `gradient` only. At the top middle $a = -1$ and $r = 3$: it passes
# by `deconv` only. Where do all three let it pass? Where none?


# %% exercise="backward-relu"
def backward_relu(r, a, rule):
    """Return what of r passes a ReLU into which a went, by the rule "deconv", "gradient" or "guided"; 0 elsewhere."""
    ### BEGIN SOLUTION
    if rule == "gradient":
        return r * (a > 0)
    if rule == "deconv":
        return r * (r > 0)
    return r * ((a > 0) & (r > 0))
    ### END SOLUTION


# %% [markdown]
# The whole figure, made by your function:

# %%
went_in = np.array([[1.0, -1, 5], [2, -5, -7], [-3, 2, 4]])
comes_back = np.array([[-2.0, 3, -1], [6, -3, 1], [2, -1, 3]])
tables = {"a, on the way forward": went_in, "r, on the way back": comes_back}
tables.update({rule: backward_relu(comes_back, went_in, rule) for rule in ("gradient", "deconv", "guided")})
figure, axes = plt.subplots(1, 5, figsize=(13, 2.9))
for place, (title, numbers) in zip(axes, tables.items(), strict=True):
    panel(place, numbers, title, cmap="RdBu_r", limits=(-9, 9))
    for (y, x), number in np.ndenumerate(numbers):
        place.text(x, y, f"{number + 0:g}", ha="center", va="center", size=15, color="#000000" if number else "#999999")
plt.show()

# %% [markdown]
# ## 5 All the way down
#
# Now the network itself. We take it apart into a plain list of layers, so that nothing is hidden:
# `("conv", w, b, stride, pad)`, `("relu",)` and `("pool", k)`. A layer is then a place in this list. (What comes after
# `conv5` is not needed.) The convolution of the way forward is given.


# %%
def layers_of(module):
    """Return the convolutions, ReLUs and poolings of a network as a list, up to the last of its maps."""
    net = []
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d):
            w, b = (number.detach().double().numpy() for number in (part.weight, part.bias))
            net.append(("conv", w, b, part.stride[0], part.padding[0]))
        elif isinstance(part, torch.nn.ReLU):
            net.append(("relu",))
        elif isinstance(part, torch.nn.MaxPool2d):
            net.append(("pool", part.kernel_size))
        elif isinstance(part, torch.nn.Flatten):
            break
    return net


def convolve(x, w, b, stride, pad):
    """Return the convolution (O, h, w) of x (C, H, W) with w (O, C, k, k): the formula of section 3, quickly."""
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), (1, 2))[:, ::stride, ::stride]
    return np.tensordot(w, windows, ((1, 2, 3), (0, 3, 4))) + b[:, None, None]


# %%
net = layers_of(network.module)
for place, (kind, *numbers) in enumerate(net):
    print(place, kind, *[n if isinstance(n, int) else n.shape for n in numbers])
CONV5 = 11  # the last ReLU: what is called conv5 elsewhere is what this layer gives

# %% [markdown]
# **The walk.** Forward through `net[0]`, ..., `net[layer]`; this part is written already, with your
# `max_pool_switches`. It remembers what went into each layer, and the switches. Then it is your turn: keep one
# activation, *as it is* (not 1: a strong activation shall give a strong picture), set all other cells of all units to
# 0, and go back through `net[layer]`, ..., `net[0]`:
#
# - at a pooling: `unpool`, with the switches of this layer and the shape of what went in,
# - at a ReLU: `backward_relu`, with what went in and the rule,
# - at a convolution: `conv_transpose`, with its stride and padding and the shape of what went in. Biases belong to no
#   pixel: they have no part in the way back.
#
# The way back begins with `net[layer]` itself. If that is a ReLU, its activation is not negative, and the ReLU lets it
# pass. If it is a convolution, its activation may be negative; the ReLU after it is no part of the way, and the
# activation is sent back with its sign. (A question to think about: what does half the *squared* activation have to do
# with the rule `gradient`?)
#
# **By hand.** A single pixel, 3. Three units of 1 x 1 pixels with weights 1, -1, 2 give 3, -3, 6, and after the ReLU 3,
# 0, 6. A unit on top has the weights 3, 1, -1, so its activation is $9 + 0 - 6 = 3$. Back: $3 \cdot (3, 1, -1) = (9, 3,
# -3)$ arrives at the ReLU.
#
# - `gradient`: the second unit was off, so $(9, 0, -3)$ passes, and $9 \cdot 1 - 3 \cdot 2 = 3$ arrives at the pixel,
# - `deconv`: $(9, 3, 0)$ passes, although the second unit was off: $9 \cdot 1 + 3 \cdot (-1) = 6$,
# - `guided`: $(9, 0, 0)$ passes: 9.


# %% exercise="project"
def project(net, x, layer, unit, pos, rule="deconv"):
    """Return the activation of a unit at pos (row, column) after net[layer], projected to the pixels of x (C, H, W)."""
    maps, switches = [x], {}
    for i in range(layer + 1):  # the way forward: maps[i] goes into net[i]
        match net[i]:
            case "conv", w, b, stride, pad:
                maps.append(convolve(maps[i], w, b, stride, pad))
            case ("relu",):
                maps.append(np.maximum(maps[i], 0))
            case "pool", k:
                pooled, switches[i] = max_pool_switches(maps[i], k)
                maps.append(pooled)
    ### BEGIN SOLUTION
    r = np.zeros(maps[-1].shape)
    r[unit, pos[0], pos[1]] = maps[-1][unit, pos[0], pos[1]]
    for i in reversed(range(layer + 1)):
        kind, *numbers = net[i]
        if kind == "conv":
            r = conv_transpose(r, numbers[0], *numbers[2:], maps[i].shape)
        elif kind == "relu":
            r = backward_relu(r, maps[i], rule)
        else:
            r = unpool(r, switches[i], maps[i].shape)
    ### END SOLUTION
    return r


# %% [markdown]
# Back to the question. The nine pictures, and below them what excited unit 102 in each of them, by the rule of the
# deconvnet. Is it the roof, the windows, the door? And what do the dots have in common with the houses?

# %%
pixels = X.double().numpy()
below = [show(project(net, pixels[n], CONV5, UNIT, place)) for n, place in nine]
render.grid([*[render.enlarge(pictures[n], size=110, smooth=True) for n, _ in nine], *below], columns=9)

# %% [markdown]
# This is the kind of figure that Zeiler and Fergus 2014 became known for (figure 2): for each unit the nine strongest
# pictures, and their projections beside them. Since a unit of a low layer sees only a piece of the picture, both are
# cut to its *receptive field*. Its side, its distance from one cell to the next and the center of the first one follow
# from the layers (Araujo et al. 2019; lab 1).


# %%
def field_of(net, layer):
    """Return side, distance and first center, in pixels, of the receptive fields of a layer."""
    side, jump, start = 1, 1, 0.0
    for kind, *numbers in net[: layer + 1]:
        if kind != "relu":
            k, stride, pad = (numbers[0].shape[2], *numbers[2:]) if kind == "conv" else (numbers[0], numbers[0], 0)
            side, start, jump = side + (k - 1) * jump, start + ((k - 1) / 2 - pad) * jump, jump * stride
    return side, jump, start


def cut(image, pos, layer, *, fill, longest=48):
    """Return the part of an image (3, H, W) around the receptive field of a cell; at most so many pixels of it."""
    side, jump, start = field_of(net, layer)
    half = min(side, longest) // 2
    around = np.pad(image, ((0, 0), (half, half), (half, half)), constant_values=fill)
    top, left = (round(start + jump * cell) for cell in pos)
    return around[:, top : top + 2 * half + 1, left : left + 2 * half + 1]


def nine_of(layer, unit, A, *, rule="deconv", size=88):
    """Return the nine strongest patches of a unit, three by three, and beside them their projections."""
    best = best_of(A, unit)
    patches = [cut(pictures[n].numpy(), pos, layer, fill=0.5) for n, pos in best]
    projections = [cut(project(net, pixels[n], layer, unit, pos, rule), pos, layer, fill=0) for n, pos in best]
    left = render.grid([render.enlarge(torch.tensor(p), size=size, smooth=True) for p in patches], columns=3, gap=2)
    right = render.grid([show(p, size=size) for p in projections], columns=3, gap=2)
    return render.grid([left, right], columns=2, gap=2)


# %%
units = (102, 2, 15, 5, 54, 14)
names = [f"conv5, unit {unit}" for unit in units]
render.grid([nine_of(CONV5, unit, A) for unit in units], columns=2, gap=14, captions=names)

# %% [markdown]
# For each unit, say what its nine patches have in common, and what its nine projections have in common. Where do the
# projections tell you more? (`conv5` sees 67 pixels, more than there are; only the middle 48 are shown, where nearly
# everything is.)
#
# And the layers below? Two units of each of the first four, with the pictures that excite *them* most.

# %%
LAYERS = {"conv1": (1, (24, 7)), "conv2": (4, (5, 20)), "conv3": (7, (11, 40)), "conv4": (9, (33, 70))}
grids, captions = [], []
for name, (place, some) in LAYERS.items():
    A_below = answers(network.module, name)
    for unit in some:
        grids.append(nine_of(place, unit, A_below, size=64))
        captions.append(f"{name}, unit {unit}")
    print(f"{name} sees {field_of(net, place)[0]} pixels")
render.grid(grids, columns=2, gap=14, captions=captions)

# %% [markdown]
# From edges to parts of things: that is what these pictures were made for. Now let us doubt them.
#
# ## 6 Three rules, one unit
#
# The same house and the same unit, by all three rules.

# %%
RULES = ("gradient", "deconv", "guided")
houses = nine[:5]
shown = [render.enlarge(pictures[n], size=130, smooth=True) for n, _ in houses]
for rule in RULES:
    shown += [show(project(net, pixels[n], CONV5, UNIT, place, rule), size=130) for n, place in houses]
render.grid(shown, columns=5, row_titles=["picture", *RULES])

# %% [markdown]
# The gradient is the truth about a tiny change of the pixels, and it looks like noise. Guided backpropagation looks
# like a drawing of the house. So do the six units from above, by this rule:

# %%
render.grid([nine_of(CONV5, unit, A, rule="guided") for unit in units], columns=2, gap=14, captions=names)

# %% [markdown]
# Are these drawings better because they say more about the unit? If they do, then another unit, which stands for
# something else, must give another drawing of the same place.

# %% choice="predict-alike"
### BEGIN SOLUTION
prediction_alike = "c"
### END SOLUTION


# %%
def strongest(A, n, place, count=5):
    """Return the units that are excited most by picture n at one place."""
    return np.argsort(-A[n, :, place[0], place[1]])[:count]


def alike(projections):
    """Return the mean cosine of all pairs of some projections."""
    rows = np.stack([p.ravel() / np.linalg.norm(p) for p in projections])
    return (rows @ rows.T)[np.triu_indices(len(rows), 1)].mean()


def five(net, A, rule, n, place):
    """Return the projections of the five units that are excited most at a place of picture n."""
    return [project(net, pixels[n], CONV5, unit, place, rule) for unit in strongest(A, n, place)]


# %%
drawn = {rule: five(net, A, rule, house, PLACE) for rule in RULES}
shown = [show(p, size=130) for rule in RULES for p in drawn[rule]]
titles = [f"{rule}\ncosine {alike(drawn[rule]):.2f}" for rule in RULES]
captions = [f"unit {unit}" for unit in strongest(A, house, PLACE)]
render.grid(shown, columns=5, row_titles=titles, captions=captions * 3)

# %% [markdown]
# And so that it is not only this house: the mean over 20 pictures, at the middle of each.

# %%
for rule in RULES:
    cosines = [alike(five(net, A, rule, n, (4, 4))) for n in range(20)]
    print(f"{rule:9s} mean cosine of five units at one place: {np.mean(cosines):.2f}")

# %% [markdown]
# ## 7 A network that knows nothing
#
# A control that every picture of a network should pass: take the training away, and see what is left of it. The same
# network, the same picture, but all weights are random.

# %% choice="predict-random"
### BEGIN SOLUTION
prediction_random = "b"
### END SOLUTION

# %%
untrained = models.randomized(network, seed=0).module
random_net, A_random = layers_of(untrained), answers(untrained)
drawn = {rule: five(random_net, A_random, rule, house, PLACE) for rule in RULES}
shown = [show(p, size=130) for rule in RULES for p in drawn[rule]]
titles = [f"{rule}\ncosine {alike(drawn[rule]):.2f}" for rule in RULES]
captions = [f"random unit {unit}" for unit in strongest(A_random, house, PLACE)]
render.grid(shown, columns=5, row_titles=titles, captions=captions * 3)

# %% [markdown]
# A house! Drawn by units that have never learned anything. It is not our small network: in large ones deconvnets were
# found to depend on the picture far more than on the unit (Mahendran and Vedaldi 2016), and pictures by guided
# backpropagation to survive when the weights of whole layers are made random (Adebayo et al. 2018). There is a reason:
# what comes down to the pixels is, in large part, a recovery of the picture itself (Nie et al. 2018).
#
# You have built every part of it, so you can say where the house comes from. Which steps of the way back know the
# picture? Which know the weights? And why is the gradient of the random network nothing but noise, although it uses the
# same switches?
#
# ## 8 A test that could have failed
#
# So are these pictures worthless? They make a claim that can be tested: *these pixels excite the unit*. Then the unit
# should lose its excitement when just these pixels are blurred, and lose less when others are. We blur the 200 pixels
# that a projection marks most (of up to 4,096 in the receptive field), and see how far the activation falls. For
# comparison, 200 pixels that are marked by the projection of *another unit* at the same place, or of a unit with
# *random* weights; the 200 nearest to the middle of the field; 200 at the strongest edges in it; and 200 at random.


# %%
def activation(x, unit, place):
    """Return the activation of a unit of conv5 at one place."""
    for part in net[: CONV5 + 1]:
        match part:
            case "conv", *numbers:
                x = convolve(x, *numbers)
            case ("relu",):
                x = np.maximum(x, 0)
            case "pool", k:
                x, _ = max_pool_switches(x, k)
    return x[unit][tuple(place)]


def loss(n, unit, place, score, count=200):
    """Return which part of an activation is lost when the pixels of the highest score (64, 64) are blurred."""
    blurred = images.resize(images.resize(X[n : n + 1], 6), 64)[0].double().numpy()
    marked = score >= np.sort(score, axis=None)[-count]
    return 1 - activation(np.where(marked, blurred, pixels[n]), unit, place) / A[n, unit][tuple(place)]


def scores_of(n, unit, place, rng):
    """Return several answers to the question which pixels matter: name -> (64, 64)."""

    def marked(net, unit, rule):
        return np.abs(project(net, pixels[n], CONV5, unit, place, rule)).sum(0)

    another = next(u for u in strongest(A, n, place) if u != unit)
    down, right = np.gradient(pixels[n].mean(0))
    y, x = np.mgrid[:64, :64]
    side, jump, start = field_of(net, CONV5)
    down_from, right_from = y - start - jump * place[0], x - start - jump * place[1]
    seen = np.maximum(np.abs(down_from), np.abs(right_from)) <= side / 2
    found = {f"projection, {rule}": marked(net, unit, rule) for rule in RULES}
    found["another unit, guided"] = marked(net, another, "guided")
    found["random weights, guided"] = marked(random_net, strongest(A_random, n, place)[0], "guided")
    found["disc in the middle"] = -np.hypot(down_from, right_from)
    found["strongest edges"] = seen * np.hypot(down, right)
    found["at random"] = seen * rng.random((64, 64))
    return found


# %%
rng, lost = np.random.default_rng(0), {}
for unit in (*units, 6, 59, 105, 110):
    for n, place in best_of(A, unit, 3):
        for name, score in scores_of(n, unit, place, rng).items():
            lost.setdefault(name, []).append(loss(n, unit, place, score))
figure, axes = plt.subplots(figsize=(8, 3.6))
means = [np.mean(values) for values in lost.values()]
errors = [np.std(values) / np.sqrt(len(values)) for values in lost.values()]
colors = ["#0072b2"] * 3 + ["#6b6b6b"] * (len(lost) - 3)
axes.barh(list(lost), means, xerr=errors, color=colors)
axes.invert_yaxis()
axes.set(title="part of the activation that is lost, 10 units, 3 pictures each", xlim=(0, 1))
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# Read this figure slowly. What speaks for the projections? What speaks against the claim that they are about *this
# unit*? And which bar did you expect least?

# %% tags=["instructor"]
# For the discussion: the marked pixels do matter, far more than edges or chance, and guided most of all. But pixels
# marked by another unit at the same place do nearly as well, and even those of random weights as well as a disc: a good
# part of the result is "where in the picture there is something", which the switches and ReLUs tell to any unit. And
# the gradient in section 7: with random weights of both signs its terms cancel; the rules that keep only what is
# positive add up, and what they add is where things were on.
for name, values in lost.items():
    print(f"{name:24s} {np.mean(values):.2f} +- {np.std(values) / np.sqrt(len(values)):.2f}")

# %% [markdown]
# ## 9 What would refute this?
#
# A projection is a fact about a walk: so much arrives here. That the *unit* caused the picture is a claim, and you have
# seen two experiments in which it could fail: another unit, and a network that knows nothing. A picture that survives
# neither is a picture of the input.

# %% [markdown] reflection="reflect"
# ### BEGIN SOLUTION
# The nine pictures support that this unit is excited by pictures with boats, at least among those that were looked at,
# and the projections show at which place of the picture its activation comes from. They do not support that the outline
# of a boat is what the unit has learned: with random weights outlines appear as well, and five different units at the
# same place give nearly the same picture by the guided rule, and similar ones by the deconvnet. The outline is carried
# by the switches, and with 'guided' also by the ReLUs that were on; both are set by the picture, whatever the unit
# stands for. What the unit adds is the choice of weights at the top, which is a small part of the whole way. 'Exactly
# which pixels it uses' is too strong as well: by 'deconv' values pass ReLUs that were off, so it is not even the
# derivative. The sentence could be refuted by covering the boat and finding that the activation stays, by blurring the
# marked pixels and finding that pixels marked by other units do as much harm, or by boats that do not excite the unit.
# ### END SOLUTION
