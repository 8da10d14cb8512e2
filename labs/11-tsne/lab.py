# %% [markdown]
# # Lab 11: t-SNE from scratch
#
# **How can 128 numbers be drawn on paper, and what may be read off the drawing?** After this lab you can
#
# - say what t-SNE keeps of the data (who is whose neighbor) and what it gives up (nearly everything else),
# - derive each of its parts, and write it: neighbors, perplexity, divergence, gradient, descent,
# - tell what a map shows from what it seems to show, and check a claim by numbers instead.
#
# You need about two hours, numpy, and derivatives.
#
# **How checking works.** Replace the line `raise NotImplementedError` of a cell by your code, run the cell, then run
# the check below it: it calls your function on small cases and says at once what came, what was expected, and often
# why. You may check as often as you like; for marks, other cases are drawn, and some rare ones are added. Most
# functions get everything they need as arguments, so a mistake in one does not spoil the next; where one calls another,
# the text says so: then finish the first one first.

# %%
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # small matrices: one thread is faster than several

import matplotlib.pyplot as plt
import numpy as np
import torch
from xailab_autograder import lab

from xailab import hooks, images, models, render
from xailab.data import MiniBroden, batches, minibroden

torch.set_num_threads(1)  # the networks are small, too
plt.rcParams.update({"figure.constrained_layout.use": True, "font.size": 12, "axes.titlesize": 13})
plt.rcParams.update({"axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False})
COLORS = ["#6b6b6b", "#0072b2", "#e69f00", "#333333", "#aa4499", "#56b4e9", "#d55e00", "#88ccee", "#117733"]

# %% [markdown]
# ## The question
#
# A small network was trained to name what is in a picture. Its layer `conv5` describes each picture by 128 numbers (we
# take the mean of each unit over the picture). Which pictures are alike for the network? Nobody can look at 128
# dimensions, so we want a *map*: a point in the plane for each picture, such that what is alike lies together.
#
# We take 600 rendered pictures of MiniBroden. Each shows one of eight kinds of scene, or just a texture. The map is
# never told which: the colors below are only for us.

# %%
network = models.load("tags")
probe = MiniBroden("probe", limit=600)
read = list(batches(probe, 100))
pictures = torch.cat([batch.images for batch in read])
scene_numbers = torch.cat([batch.labels.tags["scene"][:, 0] for batch in read]).numpy()
names = {concept.number: concept.title for concept in probe.vocabulary.concepts}
kinds, scene = np.unique(scene_numbers, return_inverse=True)
kind_names = [names.get(kind, "texture") for kind in kinds]


# %%
def describe(some):
    """Return 128 numbers for each picture: what conv5 says, averaged over the picture."""
    ready = images.normalize(some, network.normalization)
    maps = [hooks.activations(network.module, part, "conv5")["conv5"] for part in ready.split(100)]
    return torch.cat(maps).mean((2, 3)).double().numpy()


X = describe(pictures)
print("features", X.shape, " kinds of pictures:", ", ".join(kind_names))


# %% [markdown]
# The oldest way to make a map is to look at the data from the side on which they are spread out most: the first two
# principal components. It is a shadow of the data. Whatever lies behind each other falls together.


# %%
def draw(axes, Y, labels, title, *, colors=COLORS, size=14):
    """Draw a map: a point for each row of Y, colored by its label."""
    axes.scatter(Y[:, 0], Y[:, 1], c=[colors[label] for label in labels], s=size, linewidths=0)
    axes.set(title=title, xticks=[], yticks=[])
    axes.set_aspect("equal", adjustable="datalim")
    axes.spines[:].set_visible(False)


def name_colors(axes):
    """Write what each color of our pictures means."""
    for kind, color in zip(kind_names, COLORS, strict=True):
        axes.scatter([], [], c=color, s=40, label=kind)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


centered = X - X.mean(0)
shadow = centered @ np.linalg.svd(centered, full_matrices=False)[2][:2].T
figure, axes = plt.subplots(figsize=(8, 5))
draw(axes, shadow, scene, "a shadow of the features: two principal components of 128")
name_colors(axes)
plt.show()

# %% [markdown]
# Some kinds are apart, others lie on each other. Are they mixed in the 128 dimensions as well, or only in the shadow?
# The lab answers this question, and then asks how far the answer can be trusted.
#
# ## 1 Who is near whom?
#
# Everything starts with the squared Euclidean distances between all pairs of points,
#
# $$ D_{ij} = \|x_i - x_j\|^2 = \sum_k (x_{ik} - x_{jk})^2 . $$
#
# **By hand.** The points (0, 0), (3, 4) and (0, 1): the first two are $9 + 16 = 25$ apart (squared), the last two $9 +
# 9 = 18$, the first and the last 1.
#
# **A remark on rounding.** $\|x\|^2 + \|y\|^2 - 2\, x \cdot y$ is the same on paper, and often faster. For a computer
# it is not the same. The numbers 10,000,001 and 10,000,003 differ by 2; their squares have 15 digits, and a computer
# keeps 16. With a few more digits, nothing is left, and a squared distance can even come out negative. And a remark on
# memory: `X[:, None] - X` holds $N \cdot N \cdot d$ numbers, here 370 megabytes. One row at a time is as fast.


# %% exercise="sq-distances"
def sq_distances(X):
    """Return the squared distances D (N, N) between the rows of X (N, d)."""
    ### BEGIN SOLUTION
    D = np.zeros((len(X), len(X)))
    for i in range(len(X)):
        D[i] = ((X - X[i]) ** 2).sum(1)
    return D
    ### END SOLUTION


# %% [markdown]
# Your function answers a first question without any map. In each row: a picture, and the seven pictures that are
# nearest to it among the 128 features. What does the network care about? What does it ignore?

# %%
D = sq_distances(X)
shown, titles = [], []
for i in (3, 5, 11, 20):
    near = np.argsort(D[i])[:8]  # the first is the picture itself
    shown += [render.enlarge(pictures[j], size=96) for j in near]
    titles.append(kind_names[scene[i]])
render.grid(shown, columns=8, row_titles=titles)


# %%
def same_neighbor(D, labels):
    """Return for how large a part of the points the nearest other point has the same label."""
    apart = D + np.diag(np.full(len(D), np.inf))
    return (labels[np.argmin(apart, axis=1)] == labels).mean()


print(f"the nearest neighbor shows the same kind: {same_neighbor(D, scene):.0%} among the 128 features,")
print(f"{same_neighbor(sq_distances(shadow), scene):.0%} in the shadow, {np.mean(scene == scene[1]):.0%} by chance")

# %% [markdown]
# So the kinds *are* apart in 128 dimensions, and the shadow has lost it. In both, distances were measured; the shadow
# just keeps the large ones and gives up the small ones. Let us do it the other way round: keep the neighbors.
#
# ## 2 How much is j a neighbor of i?
#
# "Neighbor" should not be yes or no. Put a Gaussian on point $i$ and ask how likely it is to reach each other point:
#
# $$ p_{j|i} = \frac{\exp(-\beta_i D_{ij})}{\sum_{k \neq i} \exp(-\beta_i D_{ik})}, \qquad \beta_i = \frac{1}{2
# \sigma_i^2} $$
#
# (van der Maaten and Hinton 2008, eq. 1.) The sum leaves out $i$ itself, and $p_{i|i} = 0$: a point is not its own
# neighbor. $\beta$ says how narrow the Gaussian is. How many neighbors are that? The *entropy*
#
# $$ H_i = - \sum_j p_{j|i} \log p_{j|i} $$
#
# tells: if $m$ points have the same $p = 1/m$ and all others 0, then $H = \log m$. We use the natural logarithm
# throughout (the unit is called *nat*).
#
# **By hand.** Squared distances 1, 1, 2 and $\beta = \log 2$: the weights $2^{-1}, 2^{-1}, 2^{-2}$ sum to $5/4$, so $p$
# is 0.4, 0.4, 0.2. $H = -0.8 \log 0.4 - 0.2 \log 0.2 = 1.055$, and $e^{1.055} = 2.87$: nearly three neighbors.
#
# **A remark on rounding.** If all points are far away, every weight is 0 for the computer, and $0/0$ is no number. You
# may subtract any one number from all $D_{ij}$ of the point, such as the smallest: it cancels in the quotient. And
# where $p$ is 0, `p * np.log(p)` is NaN, while its share of the entropy is 0.


# %% exercise="conditional-p"
def conditional_p(D_i, beta):
    """Return p (M,) and their entropy H in nats; D_i (M,) holds the squared distances of i to the M other points."""
    ### BEGIN SOLUTION
    farther = D_i - D_i.min()
    weights = np.exp(-beta * farther)
    p = weights / weights.sum()
    H = np.log(weights.sum()) + beta * (p * farther).sum()  # -sum p log p, with log p = -beta farther - log sum
    return p, H
    ### END SOLUTION


# %% [markdown]
# One picture, three widths. On the horizontal axis are all other pictures, the nearest first. How many neighbors does
# the picture have each time?

# %%
figure, axes = plt.subplots(figsize=(9, 3.4))
others = np.delete(D[3], 3)
for beta, color in ((15, "#0072b2"), (8, "#009e73"), (5, "#d55e00")):
    p, H = conditional_p(others, beta)
    axes.plot(np.sort(p)[::-1], color=color, linewidth=2, label=f"beta = {beta}: exp(H) = {np.exp(H):.1f} neighbors")
axes.set(title="picture 3", xlabel="the other pictures, nearest first", ylabel="p", xlim=(-2, 120), ylim=(0, 0.2))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## 3 The same number of neighbors for everyone
#
# Which $\beta$? One value for all points will not do: where the data are dense it would mean hundreds of neighbors,
# where they are sparse none. t-SNE turns the question around. You say how many neighbors a point shall have, on
# average; this number is called *perplexity*,
#
# $$ \mathrm{Perp}(p_i) = e^{H_i} , $$
#
# and for each point the $\beta_i$ is searched at which it comes out (van der Maaten and Hinton 2008, section 2; they
# write $2^H$ with $H$ in bits, which is the same number). Usual values lie between 5 and 50.
#
# How to search: a larger $\beta$ is a narrower Gaussian, so $H$ falls when $\beta$ grows, always. Keep a bracket `low`,
# `high` with the answer between. Try a $\beta$: if $H$ is too large, the answer is higher, so $\beta$ becomes the new
# `low`; else the new `high`. Then try the middle. At first `high` is infinite; as long as it is, double $\beta$
# instead. Stop when $H$ is as near to $\log \mathrm{Perp}$ as $10^{-5}$, or just after forty or fifty steps: there is
# nothing left to improve.
#
# **By hand.** Three points on a line at 0, 1 and 3, perplexity 1.8. Point 0 has two others, so $p$ and $1 - p$; their
# entropy is $\log 1.8$ for $p = 0.7254$. Then $\log(p / (1 - p)) = 0.9714$ must be $\beta$ times the difference of the
# squared distances, $9 - 1 = 8$: $\beta_0 = 0.1214$. (The function uses your `conditional_p`.)


# %% exercise="search-beta"
def search_beta(D, perplexity):
    """Return beta (N,) and P (N, N): row i holds the p_j|i, with the perplexity asked for and P[i, i] = 0."""
    beta, P, target = np.ones(len(D)), np.zeros(D.shape), np.log(perplexity)
    for i in range(len(D)):
        others = np.arange(len(D)) != i
        low, high = 0.0, np.inf
        ### BEGIN SOLUTION
        for _ in range(50):
            P[i, others], H = conditional_p(D[i, others], beta[i])
            if abs(H - target) < 1e-6:
                break
            if target < H:
                low = beta[i]
            else:
                high = beta[i]
            beta[i] = 2 * beta[i] if np.isinf(high) else (low + high) / 2
        ### END SOLUTION
    return beta, P


# %% [markdown]
# The widths $\sigma = 1 / \sqrt{2 \beta}$ that came out, by kind of picture. Whose surroundings are dense, whose are
# sparse? Remember this picture: in the map nothing of it will be left, because every point has the same number of
# neighbors.

# %%
PERPLEXITY = 30
beta, conditional = search_beta(D, PERPLEXITY)
sigma = 1 / np.sqrt(2 * beta)
figure, axes = plt.subplots(figsize=(9, 3.4))
for kind, color in enumerate(COLORS):
    place = kind + np.random.default_rng(0).uniform(-0.3, 0.3, (scene == kind).sum())
    axes.scatter(place, sigma[scene == kind], color=color, s=10, linewidths=0)
axes.set(title=f"the width at which a picture has {PERPLEXITY} neighbors", ylabel="sigma", ylim=0)
axes.set_xticks(range(len(kind_names)), kind_names, rotation=25)
plt.show()

# %% [markdown]
# ## 4 One similarity for each pair
#
# $p_{j|i}$ and $p_{i|j}$ differ: a lonely point takes others for neighbors that do not return it. t-SNE takes the mean
# of both, and divides by the number of points:
#
# $$ p_{ij} = \frac{p_{j|i} + p_{i|j}}{2N} $$
#
# (van der Maaten and Hinton 2008, section 3.1.) Now all pairs together sum to 1, and no point is lost: since each row
# of the conditional ones sums to 1, $\sum_j p_{ij} \geq 1/2N$ for every point.
#
# **By hand.** If $p_{2|1} = 0.5$ and $p_{1|2} = 0.9$, and there are three points: $p_{12} = p_{21} = 1.4 / 6$.


# %% exercise="joint-p"
def joint_p(conditional):
    """Return the joint probabilities P (N, N); row i of the argument holds the p_j|i."""
    ### BEGIN SOLUTION
    return (conditional + conditional.T) / (2 * len(conditional))
    ### END SOLUTION


# %% [markdown]
# All that t-SNE will ever know of the features is this matrix; the features themselves are not needed any more. The
# pictures are sorted by kind here, only for our eyes.

# %%
P = joint_p(conditional)
order = np.argsort(scene, kind="stable")
figure, axes = plt.subplots(figsize=(5.6, 5.2))
axes.imshow(P[np.ix_(order, order)] ** 0.5, cmap="magma", interpolation="nearest")
borders = np.searchsorted(scene[order], np.arange(len(kinds)))
axes.set(title="P (square roots), pictures sorted by kind", xticks=[])
axes.set_yticks(borders + np.bincount(scene) / 2, kind_names)
axes.tick_params(length=0)
plt.show()

# %% [markdown]
# ## 5 Similarities in the map, and the divergence
#
# Now the map: a point $y_i$ in the plane for each picture. It gets similarities of its own, and the map is good if they
# agree with $P$. Why not use a Gaussian again? Because the plane is too narrow. In 128 dimensions many points can have
# the same distance from one point and from each other; around a point of the plane there is not enough room for them
# (the *crowding problem*, van der Maaten and Hinton 2008, section 3.2). So moderate distances must be allowed to become
# large ones. A kernel with a heavy tail does that, Student's t with one degree of freedom:
#
# $$ q_{ij} = \frac{(1 + \|y_i - y_j\|^2)^{-1}}{\sum_{k \neq l} (1 + \|y_k - y_l\|^2)^{-1}}, \qquad q_{ii} = 0 $$
#
# (eq. 4). There is *one* sum, over all pairs; and no width: the map may be as large as it likes.

# %%
distance = np.linspace(0, 5, 200)
figure, axes = plt.subplots(figsize=(8, 3))
axes.plot(distance, np.exp(-(distance**2)), color="#d55e00", label="Gaussian: exp(-d²)", linewidth=2)
axes.plot(distance, 1 / (1 + distance**2), color="#0072b2", label="Student's t: 1 / (1 + d²)", linewidth=2)
axes.axhline(0.1, color="#6b6b6b", linestyle=":")
axes.set(title="a similarity of 0.1 is reached at 1.5, or only at 3", xlabel="distance d in the map", ylim=0, xlim=0)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# How well do $P$ and $Q$ agree? The *Kullback-Leibler divergence*
#
# $$ \mathrm{KL}(P \| Q) = \sum_i \sum_j p_{ij} \log \frac{p_{ij}}{q_{ij}} $$
#
# (eq. 2, for joint probabilities) is 0 if they are equal, else positive. Look at what it punishes: neighbors ($p$
# large) that are drawn far apart ($q$ small) are expensive. Strangers ($p$ near 0) that are drawn together cost next to
# nothing by themselves.
#
# **By hand.** Three points of a map at (0, 0), (1, 0) and (3, 0): the squared distances are 1, 9 and 4, the weights
# 1/2, 1/10 and 1/5. Each pair counts twice, so the sum is 1.6, and $q$ is 5/16, 1/16 and 2/16. If all $p_{ij}$ are 1/6,
# the divergence is $\frac{1}{3} (\log \frac{16}{30} + \log \frac{16}{6} + \log \frac{16}{12}) = 0.213$.
#
# **A remark on zeros.** Where $p_{ij} = 0$ (on the diagonal at least) the share is 0, but `0 * np.log(0)` is NaN. Sum
# only where $P > 0$.


# %% exercise="q-and-kl"
def q_and_kl(P, Y):
    """Return Q (N, N) of the map Y (N, 2), and the divergence KL(P || Q) in nats."""
    ### BEGIN SOLUTION
    weights = 1 / (1 + sq_distances(Y))
    np.fill_diagonal(weights, 0)
    Q = weights / weights.sum()
    used = P > 0
    return Q, (P[used] * np.log(P[used] / Q[used])).sum()
    ### END SOLUTION


# %%
for scale in (0.1, 1, 10, 100):
    small = q_and_kl(P, scale * shadow / shadow.std())[1]
    print(f"the shadow, drawn with an extent of {scale:5}: KL = {small:.3f}")
rng = np.random.default_rng(0)
print(f"all points at random places: KL = {q_and_kl(P, rng.standard_normal(shadow.shape))[1]:.3f}")

# %% [markdown]
# ## 6 Which way is downhill?
#
# A map is $2N$ numbers, and the divergence is a function of them. Its gradient turns out to be simple:
#
# $$ \frac{\partial \mathrm{KL}}{\partial y_i} = 4 \sum_j (p_{ij} - q_{ij}) \, \frac{y_i - y_j}{1 + \|y_i - y_j\|^2} $$
#
# (van der Maaten and Hinton 2008, eq. 5; appendix A derives it.) Read it as springs. Between any two points there is
# one. If $p > q$ they should be nearer: the step *against* the gradient pulls $i$ towards $j$. If $p < q$ it pushes.
# The fraction makes the spring weak for points that are far apart.
#
# **By hand.** The three points again, all $p_{ij} = 1/6$. For the first one: $4 \left[ (\frac{1}{6} - \frac{5}{16})
# \frac{-1}{2} + (\frac{1}{6} - \frac{1}{16}) \frac{-3}{10} \right] = \frac{1}{6}$. A step against it moves the point
# to the left, away from its neighbor, which is too near.


# %% exercise="gradient"
def gradient(P, Q, Y):
    """Return the gradient (N, 2) of the divergence at the map Y (N, 2), whose similarities are Q (N, N)."""
    ### BEGIN SOLUTION
    forces = (P - Q) / (1 + sq_distances(Y))
    return 4 * (forces.sum(1)[:, None] * Y - forces @ Y)
    ### END SOLUTION


# %% [markdown]
# The shadow, and where its points want to go: minus the gradient, for every fourth point.

# %%
start = 2 * shadow / shadow.std()
push = -gradient(P, q_and_kl(P, start)[0], start)
figure, axes = plt.subplots(figsize=(8, 5))
draw(axes, start, scene, "minus the gradient on the shadow", size=8)
some = slice(None, None, 4)
axes.quiver(*start[some].T, *push[some].T, color=[COLORS[kind] for kind in scene[some]], width=0.003)
name_colors(axes)
plt.show()

# %% [markdown]
# ## 7 The descent
#
# Simple gradient descent would get there, in a very long time. Four additions make it practical (van der Maaten and
# Hinton 2008, section 3.4). In iteration $t = 0, 1, 2, \ldots$:
#
# 1. **Early exaggeration.** In the first `exaggerated` iterations ($t <$ `exaggerated`) the gradient is taken with $P$
#    times `exaggeration`: attraction is stronger than it should be, so that neighbors find each other while the map is
#    still small and nothing is in the way. From then on with $P$ itself.
# 2. **Gains.** Each coordinate of each point has a factor $\gamma$ of its own (Jacobs 1988), 1 at the start. Where
#    gradient times velocity is *negative* (we still go downhill) 0.2 is added to it; elsewhere, also where the product
#    is 0, it is multiplied by 0.8. It never falls below 0.01.
# 3. **Momentum.** The velocity $v$, 0 at the start, keeps a part of itself: with $g$ for the gradient and $\eta$ for
#    the learning rate, $v \leftarrow \alpha v - \eta \, \gamma \, g$, with the new gains, and $\alpha = 0.5$ in the
#    exaggerated iterations, 0.8 afterwards.
# 4. **Centering.** $y \leftarrow y + v$, and then the mean of all points is subtracted.
#
# Return the last map, and an array `kl` of the divergences: `kl[t]` is that of the map *before* iteration $t$, always
# with the true $P$, so that the curve means the same all the time.
#
# **By hand.** Two points at (0, 0) and (2, 0), $p_{12} = p_{21} = 1/2$, one iteration, exaggeration 3, learning rate
# 0.5. $q_{12}$ is 1/2 as well. The gradient of the first point is $4 \, (1.5 - 0.5) \cdot (-2) / 5 = -1.6$, its gain
# 0.8, so it moves by $0.5 \cdot 0.8 \cdot 1.6 = 0.64$ to the right, the other as far to the left. After centering they
# are at -0.36 and 0.36. (The function uses your `q_and_kl` and `gradient`.)


# %% exercise="embed"
def embed(P, Y, iterations, exaggerated, exaggeration=12.0, learning_rate=50.0):
    """Return the map (N, 2) after so many iterations from Y, and the divergence before each of them (iterations,)."""
    velocity, gains, kl = np.zeros(Y.shape), np.ones(Y.shape), np.zeros(iterations)
    for t in range(iterations):
        ### BEGIN SOLUTION
        factor, momentum = (exaggeration, 0.5) if t < exaggerated else (1.0, 0.8)
        Q, kl[t] = q_and_kl(P, Y)
        slope = gradient(factor * P, Q, Y)
        gains = np.maximum(np.where(slope * velocity < 0, gains + 0.2, gains * 0.8), 0.01)
        velocity = momentum * velocity - learning_rate * gains * slope
        Y = Y + velocity
        Y = Y - Y.mean(0)
        ### END SOLUTION
    return Y, kl


# %% [markdown]
# Now the real thing: 600 pictures, from a tiny random start, so that nothing of the shadow is used. It takes some
# seconds. The maps after 30, 100 and 300 iterations are the *same* descent, stopped at different times.

# %%
start = 1e-4 * np.random.default_rng(1).standard_normal((len(X), 2))
maps = {count: embed(P, start, count, 100) for count in (30, 100, 300)}
Y, kl = maps[300]

# %%
figure, panels = plt.subplots(1, 3, figsize=(13, 4.4))
for axes, (count, (place, _)) in zip(panels, maps.items(), strict=True):
    draw(axes, place, scene, f"{count} iterations", size=8)
name_colors(panels[2])
plt.show()
figure, axes = plt.subplots(figsize=(8, 2.8))
axes.plot(kl, color="#0072b2")
axes.axvline(100, color="#6b6b6b", linestyle=":")
axes.set(title="the divergence: the exaggeration ends at 100", xlabel="iteration", ylabel="KL", ylim=0)
plt.show()

# %% [markdown]
# Why does the divergence fall so little before 100? Why does it drop then? And compare with the numbers of the shadow
# in section 5.
#
# A map is for looking at things, so here are the things. (Pictures that would cover others are left out.)

# %%
figure, axes = plt.subplots(figsize=(10, 9))
draw(axes, Y, scene, "pictures at their places", size=3)
axes.set_aspect("equal", adjustable="box")
free, half = [], np.ptp(Y) / 60
for place, picture in zip(Y, pictures, strict=True):
    if all(np.abs(place - other).max() > 2 * half for other in free):
        free.append(place)
        (x, y), pixels = place, picture.permute(1, 2, 0).numpy()
        axes.imshow(pixels, extent=(x - half, x + half, y - half, y + half), interpolation="bilinear", zorder=2)
(left, low), (right, high) = Y.min(0) - half, Y.max(0) + half
axes.set(xlim=(left, right), ylim=(low, high))
plt.show()

# %%
for name, D_of in (("features", D), ("shadow", sq_distances(shadow)), ("t-SNE map", sq_distances(Y))):
    print(f"{name:10s} the nearest neighbor shows the same kind: {same_neighbor(D_of, scene):.0%}")

# %% [markdown]
# The map has two dimensions, like the shadow; but it has kept the neighbors. This is the one thing that the divergence
# asks for. It is tempting to read more into such a map. Let us see.
#
# ## 8 What may be read off a map?
#
# (After Wattenberg, Viégas and Johnson 2016.) We make data of which we know everything: three round clouds of equal
# number, with known widths and distances. First predict, then run.

# %% choice="predict-map"
### BEGIN SOLUTION
prediction_map = "d"
### END SOLUTION


# %%
def clouds(widths, places, rng, *, n=80, d=20):
    """Return n points for each cloud, of d dimensions, and to which cloud each belongs."""
    centers = np.zeros((len(widths), d))
    centers[:, 0] = places
    which = np.repeat(np.arange(len(widths)), n)
    return centers[which] + np.array(widths)[which, None] * rng.standard_normal((len(which), d)), which


def make_map(points, perplexity, *, iterations=250, seed=0):
    """Return the t-SNE map of some points, by your functions, from a random start."""
    _, rows = search_beta(sq_distances(points), perplexity)
    begin = 1e-4 * np.random.default_rng(seed).standard_normal((len(points), 2))
    return embed(joint_p(rows), begin, iterations, 80)[0]


# %%
THREE = ["#0072b2", "#e69f00", "#117733"]
points, which = clouds((1, 10, 1), (0, 100, 1000), np.random.default_rng(4))
figure, panels = plt.subplots(1, 3, figsize=(13, 4.2))
for axes, seed in zip(panels, (0, 1, 2), strict=True):
    draw(axes, make_map(points, 20, seed=seed), which, f"start {seed}", colors=THREE)
for name, color in zip("ABC", THREE, strict=True):
    panels[2].scatter([], [], c=color, s=40, label=f"cloud {name}")
panels[2].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
for cloud, name in enumerate("ABC"):
    spread = points[which == cloud].std(0).mean()
    print(f"cloud {name}: width {spread:5.1f} among the data, center at {points[which == cloud, 0].mean():7.1f}")

# %% [markdown]
# Which numbers of the data can you find in the maps? Say for each of them why it got lost: the width of a cloud (think
# of section 3), the distance of two clouds (section 4: what is $p_{ij}$ between clouds?), the arrangement (compare the
# starts).
#
# There is a trap on the other side, too: structure where there is none. Here the data lie in the plane from the
# beginning, one round cloud of random points, and nothing needs to be done. Its maps at three perplexities:

# %%
cloud = np.random.default_rng(5).standard_normal((240, 2))
figure, panels = plt.subplots(1, 4, figsize=(14, 3.8))
draw(panels[0], cloud, np.zeros(240, int), "the data", colors=THREE)
for axes, perplexity in zip(panels[1:], (5, 10, 50), strict=True):
    draw(axes, make_map(cloud, perplexity), np.zeros(240, int), f"perplexity {perplexity}", colors=THREE)
plt.show()

# %% [markdown]
# If somebody had shown you one of the maps only, how many groups would you have found? So: make several maps, with
# other perplexities and other starts. What all of them show may be in the data. And what is claimed should be measured
# among the features, not in the map.
#
# ## 9 Two classes, before and after training
#
# The last question of this lab is one that such maps are used for all the time: what did training change? We take two
# classes that share all their backgrounds, cats and birds, and a small network with random weights. The last layer but
# one gives 64 numbers for each picture. Then we train it on 600 pictures, and look at 200 *others*.

# %%
CLASSES = ("cat", "bird")
rendered = [minibroden.sample(9_000_000 + n, subject=CLASSES[n % 2]).image for n in range(800)]
animals = torch.from_numpy(np.stack(rendered)).permute(0, 3, 1, 2).float() / 255
kind = torch.arange(800) % 2
old, new = slice(0, 600), slice(600, 800)  # for training, and for looking at afterwards
render.grid([render.enlarge(picture, size=80) for picture in animals[new][:16]], columns=8)


# %%
def small_network(seed):
    """Return a network with random weights: three convolutions, 64 hidden units, two classes."""
    torch.manual_seed(seed)
    layers = []
    for inputs, outputs, size, stride in ((3, 16, 5, 2), (16, 32, 3, 1), (32, 64, 3, 1)):
        layers += [torch.nn.Conv2d(inputs, outputs, size, stride, size // 2), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    layers += [torch.nn.Flatten(), torch.nn.Linear(64 * 16, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2)]
    return torch.nn.Sequential(*layers)


def features_of(model, some):
    """Return what the 64 hidden units say of some pictures."""
    with torch.no_grad():
        return model[:-1](some - 0.5).double().numpy()


def train(model, some, answers, epochs):
    """Train a network on pictures and their classes; every second time the pictures are mirrored."""
    order, optimizer = torch.Generator().manual_seed(0), torch.optim.Adam(model.parameters(), 1e-3)
    for epoch in range(epochs):
        for batch in torch.randperm(len(some), generator=order).split(40):
            seen = some[batch].flip(3) if epoch % 2 else some[batch]
            loss = torch.nn.functional.cross_entropy(model(seen - 0.5), answers[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


def compare(left, right):
    """Draw two maps side by side; each is (title, features, classes). Print what the numbers say."""
    _, panels = plt.subplots(1, 2, figsize=(12, 5))
    for axes, (title, features, classes) in zip(panels, (left, right), strict=True):
        place = make_map(features / features.std(), 20)
        draw(axes, place, classes, title, colors=["#d55e00", "#0072b2"], size=18)
        rates = [same_neighbor(sq_distances(points), classes) for points in (features, place)]
        print(f"{title:40s} nearest of the same class: features {rates[0]:4.0%}, map {rates[1]:4.0%}")
    for name, color in zip(CLASSES, ("#d55e00", "#0072b2"), strict=True):
        panels[1].scatter([], [], c=color, s=40, label=name)
    panels[1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()


# %% choice="predict-training"
### BEGIN SOLUTION
prediction_training = "a"
### END SOLUTION

# %%
model, labels = small_network(0), kind.numpy()
before = features_of(model, animals[new])
train(model, animals[old], kind[old], epochs=30)
after = features_of(model, animals[new])
with torch.no_grad():
    right = (model(animals[new] - 0.5).argmax(1) == kind[new]).float().mean().item()
print(f"the trained network names {right:.0%} of the new pictures rightly")

# %%
compare(("new pictures, before training", before, labels[new]), ("new pictures, after training", after, labels[new]))

# %% [markdown]
# Compare the numbers with the maps, and with what you predicted. Where map and numbers disagree, which do you believe?
#
# Why did we look at new pictures, and not at those of the training? Here is a control. The same network is trained once
# more, but "cat" and "bird" are dealt out by chance: there is nothing to be learned but the single pictures by heart.

# %%
chance = kind[torch.randperm(800, generator=torch.Generator().manual_seed(5))]
parrot = train(small_network(0), animals[:300], chance[:300], epochs=70)
by_heart, fresh = features_of(parrot, animals[100:300]), features_of(parrot, animals[new])
compare(
    ("chance labels, pictures of the training", by_heart, chance[100:300].numpy()),
    ("chance labels, new pictures", fresh, chance[new].numpy()),
)

# %% [markdown]
# The left map looks like success. What would it have proved, had you not known how the labels came about?

# %% [markdown]
# ## 10 What would refute this?
#
# You have built every part of t-SNE, and you know what it optimizes: neighbors stay neighbors. A claim that can be read
# off a map should survive another perplexity and another start, and there should be a number among the features, not
# in the map, that could have come out otherwise.

# %% [markdown] reflection="reflect"
# ### BEGIN SOLUTION
# Supported: after training, new pictures have a nearest neighbor of their own class far more often than before, and far
# more often than by chance; this was measured among the 64 features, and the map shows the same. "Understood" is more
# than that: the network may follow a color or an outline that differs between the rendered cats and birds. Not
# supported: that birds are more diverse, because t-SNE gives each point the same number of neighbors and so evens out
# widths; the widths sigma of section 3 or the distances among the features could tell. That pictures between the groups
# are hard is not certain either: places between groups depend on start and perplexity, and the network's own
# probabilities are a better measure of what it finds hard. The first claim could be refuted by new pictures of cats in
# the colors of birds and of birds in those of cats: if these get neighbors of the wrong class, the network followed
# something else. The network with chance labels shows that a map with two clean groups is no evidence by itself: its
# training pictures form two groups, and the new ones do not.
# ### END SOLUTION
