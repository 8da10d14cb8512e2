"""Whose definitions a dissection follows: every choice that changes numbers, in one frozen record.

- ``Conventions``  the choices
- ``CVPR2017``     the default: Bau et al. 2017
- ``PRESETS``      the same for the released code of five other projects
- ``preset``       one of them by name

The codes agree on the idea and differ in almost every detail; two IoU tables can be compared only if these agree.
"""

from dataclasses import asdict, dataclass

from xailab_kernels.resampling import Alignment, align_corners, half_pixel

from xailab.errors import UnknownName
from xailab.statistics.conventions import (
    ImageSet,
    PlaneRule,
    all_images,
    category_present,
    concept_present,
    mask_touches,
    sum_of_planes,
)


@dataclass(frozen=True)
class Conventions:
    """The choices that change an IoU table.

    Parameters
    ----------
    name
        Of the preset, for titles and files.
    source
        Where the choices come from, and where we differ.
    quantile
        Fraction of a unit's activations that exceed its threshold, in (0, 1).
    upsampled_thresholds
        False: the quantile is taken over the activations as the layer gives them. True: over the maps enlarged to the
        size of the labels.
    binarized_first
        False: a map is enlarged, then compared with the threshold. True: it is compared cell by cell, and the map of
        zeros and ones is enlarged and cut at one half.
    alignment
        Where the cells of a map lie on the label map: a function of ``xailab_kernels.resampling``.
    images
        Which images count for a unit's area: a value of ``xailab.statistics.conventions``.
    planes
        What a label on several planes of a pixel counts: a function of ``xailab.statistics.conventions``.
    iou_threshold
        IoU above which a unit is called a detector.
    """

    name: str = "custom"
    source: str = ""
    quantile: float = 0.005
    upsampled_thresholds: bool = False
    binarized_first: bool = False
    alignment: Alignment = half_pixel
    images: ImageSet = category_present
    planes: PlaneRule = sum_of_planes
    iou_threshold: float = 0.04

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ValueError(
                f"quantile must lie in (0, 1): the part of the activations that is on, got {self.quantile}"
            )
        if not 0 <= self.iou_threshold < 1:
            raise ValueError(f"iou_threshold must lie in [0, 1), got {self.iou_threshold}")

    def described(self) -> dict[str, object]:
        """Return the choices as plain values, for files and for the key of an interrupted run."""
        return {
            **{name: value for name, value in asdict(self).items() if name not in ("alignment", "images", "planes")},
            "alignment": getattr(self.alignment, "__name__", repr(self.alignment)),
            "images": self.images.name,
            "planes": getattr(self.planes, "__name__", repr(self.planes)),
        }


CVPR2017 = Conventions(
    "cvpr2017",
    "Bau et al. 2017 and its released code. Their alignment is that of the receptive fields, which for padded networks "
    "is ours to half a label pixel; their sketched quantile and their cut of an image's counts are not followed.",
)
"""The paper: threshold on raw activations, |A| over the images that have the concept's category."""

PRESETS = {
    preset.name: preset
    for preset in (
        CVPR2017,
        Conventions(
            "lite",
            "NetDissect-Lite's released code: |A| only where the mask touches a label of the category: greater IoUs.",
            images=mask_touches,
        ),
        Conventions(
            "gandissect2018",
            "quick-netdissect's released code: corners aligned, detectors above 0.05 (a second criterion is not here).",
            alignment=align_corners,
            iou_threshold=0.05,
        ),
        Conventions(
            "dissect2020",
            "Bau et al. 2020, released code: top 1 % of enlarged maps, |A| over all images. They fade borders to 0.",
            quantile=0.01,
            upsampled_thresholds=True,
            alignment=align_corners,
            images=all_images,
        ),
        Conventions(
            "compexp2020",
            "Mu and Andreas 2020, released code: as NetDissect-Lite, but |A| over all images.",
            images=all_images,
        ),
        Conventions(
            "net2vec2018",
            "Fong and Vedaldi 2018, single filters: cells are cut first and then enlarged; |A| over the images that "
            "have the very concept, so these IoUs cannot be compared with the others.",
            binarized_first=True,
            alignment=align_corners,
            images=concept_present,
        ),
    )
}
"""Name -> conventions."""


def preset(name: str) -> Conventions:
    """Return the conventions of that name. Raises UnknownName, with the nearest, where there are none."""
    if name not in PRESETS:
        raise UnknownName("conventions", name, PRESETS)
    return PRESETS[name]
