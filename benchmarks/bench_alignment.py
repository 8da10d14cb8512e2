"""Axis alignment and robustness of a layer on the whole probe set: the tables, their controls, and the seconds.

    python benchmarks/bench_alignment.py [--rotations 5] [--limit 2200] [--threads 2] [--pictures FOLDER]

Prints detectors / unique detectors at several IoU thresholds for the units, the units in another order (must be the
same), rotations (mean and standard deviation) and principal components; the same for random weights; how some concepts
lie among the units, beside the same vectors in a rotated space; and what noise, rotations and shuffled patches leave.
"""

import argparse
import time
from pathlib import Path

import numba
import numpy as np
import torch

from xailab import models, render
from xailab.data import MiniBroden
from xailab.dissection import MixedLayer, Plan, axis_alignment, detector_robustness, dissect
from xailab.dissection.alignment import (
    concept_loadings,
    concept_vectors,
    counts_at,
    directions_needed,
    pca_basis,
    random_rotation,
)
from xailab.dissection.alignment.pictures import rotation_chart, threshold_chart
from xailab.dissection.robustness.pictures import perturbation_grid, robustness_chart
from xailab.models.randomizing import randomized

CONCEPTS = (("object", "sun"), ("object", "boat"), ("part", "hull"), ("object", "sky"), ("color", "red"))


def alignment(data: MiniBroden, layer: str, rotations: int) -> object:
    """Print the tables of the trained and of a random network."""
    network = models.load("tags")
    for one in (network, randomized(network)):
        start = time.perf_counter()
        result = axis_alignment(one, data, layer, rotations=rotations, progress=False)
        seconds = time.perf_counter() - start
        _, variances = pca_basis(result.moments)
        print(f"\n{result}\nunits changed by the permutation: {result.permutation_changed}; ", end="")
        share = variances[:12].sum() / variances.sum()
        print(f"12 directions hold {share:.1%} of the variance, 90 % take {directions_needed(variances)}; ", end="")
        print(f"{seconds:.1f} s for {2 * rotations + 3} bases")
        if one is network:
            trained = result
    rng = np.random.default_rng(1)
    scale = np.where(trained.moments.std > 0, trained.moments.std, 1.0)
    mixed = [
        MixedLayer(layer, random_rotation(len(scale), rng) / scale, f"equal variances, rotation {n}")
        for n in range(rotations)
    ]
    found = dissect(network, data, mixed, plan=Plan(null=False, exemplars=1), progress=False)
    spread = counts_at([result.labels(data.vocabulary) for result in found.values()], (0.04, 0.06, 0.1, 0.15, 0.2))
    print(f"trained, units divided by their standard deviation before the rotation:\n{'':16}{spread}")
    return trained


def loadings(data: MiniBroden, layer: str, moments: object) -> None:
    """Print how concepts lie among the units."""
    network, rng = models.load("tags"), np.random.default_rng(0)
    print("\nconcepts: directions used, share of the first, its effective units and largest loading; (rotated)")
    for category, name in CONCEPTS:
        start = time.perf_counter()
        vectors = concept_vectors(network, data, layer, data.vocabulary.number(category, name))
        plain = (vectors - moments.mean) / np.where(moments.std > 0, moments.std, 1.0)
        line = f"{name:8} {len(vectors):5} pixels"
        for space in (plain, plain @ random_rotation(plain.shape[1], rng).T):
            zeros, ones = np.zeros(space.shape[1]), np.ones(space.shape[1])
            found = concept_loadings(space, mean=zeros, scale=ones)
            line += (
                f" | {found.effective_directions:5.1f} {found.shares[0]:6.1%} {found.effective_units[0]:6.1f} "
                f"{found.largest_loading[0]:.3f} alignment {found.alignment:.3f}"
            )
        print(f"{line} | {time.perf_counter() - start:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rotations", type=int, default=5)
    parser.add_argument("--limit", type=int, default=None, help="fewer images than the whole probe set")
    parser.add_argument("--layer", default="conv5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pictures", type=Path, default=None, help="where to write the charts")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    numba.set_num_threads(min(options.threads, numba.config.NUMBA_NUM_THREADS))
    data = MiniBroden("probe", limit=options.limit)
    data.render()
    dissect(models.load("tags"), MiniBroden("probe", limit=8), [options.layer], progress=False)  # compile
    trained = alignment(data, options.layer, options.rotations)
    loadings(data, options.layer, trained.moments)
    start = time.perf_counter()
    robust = detector_robustness(models.load("tags"), data, options.layer, progress=False)
    print(f"\n{robust}\n{time.perf_counter() - start:.1f} s for {len(robust.own) + 1} sets of images")
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        charts = {
            "thresholds": threshold_chart(trained),
            "rotation": rotation_chart(trained),
            "robustness": robustness_chart(robust),
            "perturbations": perturbation_grid(data, 0),
        }
        for name, chart in charts.items():
            (options.pictures / f"{name}.png").write_bytes(render.to_png_bytes(chart))


if __name__ == "__main__":
    main()
