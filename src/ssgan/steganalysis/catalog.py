"""What the warden has, by name: networks, feature sets, and the detectors built on them. A new one is a file and a row here.

A detector is called like its network, or like its feature set; `NAME/CLASSIFIER` asks for another classifier than the ensemble.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import nn

from ssgan.steganalysis.features import crm, cspam, maxsrm, scrmq1, spam, srm
from ssgan.steganalysis.networks import effnet, gncnn, sgan, srnet, xunet, yedroudj, yenet, zhunet


@dataclass(frozen=True)
class Network:
    """One network: `make(image_size, channels)` builds it.

    `layers` says what it is made of, `color` what becomes of three channels, `published` an error that others measured, with
    its source, where one could be read; the sources speak of other images than ours.
    """

    make: Callable[[int, int], nn.Module]
    title: str
    summary: str
    paper: str
    layers: str
    color: str
    published: str = ""
    channels: tuple[int, ...] = (1, 3)


@dataclass(frozen=True)
class FeatureSet:
    """One feature set: `extract(images, *, threads)` gives float64 (N, dimension) of uint8 (N, C, H, W).

    With `needs_probabilities`, it is `extract(images, probabilities, *, threads)`.
    """

    extract: Callable[..., np.ndarray]
    dimension: int
    names: Callable[[], list[str]]
    channels: tuple[int, ...]
    title: str
    summary: str
    paper: str
    published: str = ""
    needs_probabilities: bool = False


@dataclass(frozen=True)
class Entry:
    """One detector: what it is built on, a key of NETWORKS or FEATURES, and which classifier decides, "" for a network."""

    kind: Literal["network", "features"]
    built_on: str
    classifier: str
    title: str
    summary: str
    paper: str
    channels: tuple[int, ...]


NETWORKS: dict[str, Network] = {
    "gncnn": Network(
        gncnn.Gncnn, "GNCNN", "KV filter, Gaussian activations, average pooling; the paper's S and S*",
        "Y. Qian, J. Dong, W. Wang, T. Tan, Deep learning for steganalysis via convolutional neural networks, SPIE 9409, 2015",
        "KV filter, fixed | 5 x 5 x 16, Gaussian, average 3 x 3 / 2 | 3 x 3 x 16 the same, twice at 64 x 64, once more for "
        "each "
        "doubling | 5 x 5 x 16 the same: 4 x 4 x 16 | dense 128, 128, 1, ReLU",
        "each channel is filtered by itself, then all are mixed",
    ),
    "sgan-s": Network(
        sgan.SganS, "SGAN's S", "KV filter, four strided 5 x 5 convolutions with BatchNorm before each",
        "D. Volkhonskiy, I. Nazarov, E. Burnaev, Steganographic generative adversarial networks, arXiv 1703.05502",
        "KV filter, fixed | BatchNorm, 5 x 5 / 2, leaky ReLU 0.2, four times: 64, 128, 256, 512 maps | dense 1",
        "each channel is filtered by itself, then all are mixed",
    ),
    "sgan-star": Network(
        sgan.SganStar, "SGAN's S* (code)", "four convolutions, poolings of stride 1, 100 dense units",
        "the same, after the authors' code",
        "KV filter, fixed | 7 x 7 x 10, 5 x 5 x 20, maximum 4 x 4 / 1 | 3 x 3 x 30, 3 x 3 x 40, maximum 2 x 2 / 1 | dense "
        "100, 1",
        "each channel is filtered by itself, then all are mixed",
    ),
    "sgan-star-text": Network(
        sgan.SganStarText, "SGAN's S* (text)", "two convolutions and a pooling, twice, 1024 dense units",
        "the same, after the text",
        "KV filter, fixed | two convolutions and a maximum, twice | dense 1024, 1",
        "each channel is filtered by itself, then all are mixed",
    ),
    "xunet": Network(
        xunet.XuNet, "Xu-Net", "KV filter, magnitudes, TanH, then 1 x 1 convolutions and a global average",
        "G. Xu, H.-Z. Wu, Y.-Q. Shi, Structural design of convolutional neural networks for steganalysis, IEEE SPL 23(5), 2016",
        "KV filter, fixed | 5 x 5 x 8, magnitude, BatchNorm, TanH | 5 x 5 x 16, BatchNorm, TanH | 1 x 1 x 32, 64, 128, "
        "BatchNorm, "
        "ReLU | an average 5 x 5 / 2 after each of the first four, global after the last | dense 1",
        "each channel is filtered by itself, then all are mixed",
    ),
    "yenet": Network(
        yenet.YeNet, "Ye-Net", "thirty SRM filters that learn on, truncated linear unit, no BatchNorm",
        "J. Ye, J. Ni, Y. Yi, Deep learning hierarchical representations for image steganalysis, IEEE TIFS 12(11), 2017",
        "thirty SRM filters 5 x 5, trained on, clipped to -3...3 | 3 x 3 x 30, ReLU, three times, average 2 x 2 | 5 x 5 x "
        "32, ReLU, "
        "average 3 x 3 / 2, three times | 3 x 3 x 16, ReLU, twice | average to 3 x 3 | dense 1",
        "the thirty filters see each channel, and are added up",
    ),
    "yedroudj": Network(
        yedroudj.YedroudjNet, "Yedroudj-Net", "thirty fixed SRM filters, truncations, BatchNorm, wider dense layers",
        "M. Yedroudj, F. Comby, M. Chaumont, Yedroudj-Net: an efficient CNN for spatial steganalysis, ICASSP 2018",
        "thirty SRM filters 5 x 5, fixed | 5 x 5 x 30, magnitude, BatchNorm, clipped to -3...3 | 5 x 5 x 30, BatchNorm, "
        "clipped to "
        "-2...2 | 3 x 3 x 32, 64, 128, BatchNorm, ReLU | averages 5 x 5 / 2, global after the last | dense 256, 1024, 1",
        "thirty maps a channel, then all are mixed",
    ),
    "srnet": Network(
        srnet.SrNet, "SRNet", "residual layers without a fixed filter, unpooled up to the seventh",
        "M. Boroumand, M. Chen, J. Fridrich, Deep residual network for steganalysis of digital images, IEEE TIFS 14(5), 2019",
        "3 x 3 x 64, 3 x 3 x 16, BatchNorm, ReLU | x + [3 x 3 x 16, BatchNorm, ReLU, 3 x 3 x 16, BatchNorm], five times | "
        "the same "
        "with average 3 x 3 / 2 beside 1 x 1 / 2: 16, 64, 128, 256 | 3 x 3 x 512, BatchNorm, ReLU, 3 x 3 x 512, BatchNorm | "
        "global "
        "average | dense 1",
        "the first layer mixes the channels",
        "S-UNIWARD at 0.4: 0.102, 256 x 256 of BOSSbase and BOWS2 (the paper, as github.com/brijeshiitg/"
        "Pytorch-implementation-of-SRNet quotes its accuracy, 89.77 %)",
    ),
    "zhunet": Network(
        zhunet.ZhuNet, "Zhu-Net", "smaller SRM filters that learn on, separable convolutions, pooling over a pyramid",
        "R. Zhang, F. Zhu, J. Liu, G. Liu, Depth-wise separable convolutions and multi-level pooling for an efficient spatial "
        "CNN-based steganalysis, IEEE TIFS 15, 2020",
        "25 SRM filters 3 x 3 and 5 of 5 x 5, trained on | x + [depthwise 3 x 3 x 60, magnitude, 1 x 1 x 30, BatchNorm, ReLU, "
        "depthwise 3 x 3 x 60, 1 x 1 x 30, BatchNorm], ReLU | 3 x 3 x 32, 32, 64, 128, BatchNorm, ReLU | an average 5 x 5 / 2 "
        "after each of the first three, over 1 x 1, 2 x 2 and 4 x 4 parts after the last: 2688 | dense 1024, 1, ReLU",
        "thirty maps a channel, which the first separable convolution mixes",
    ),
    "effnet": Network(
        effnet.EffNet, "EfficientNet, unstrided", "MBConv blocks that see every pixel first, small enough for a processor",
        "after M. Tan, Q. Le, EfficientNet, ICML 2019, and Y. Yousfi, J. Butora, E. Khvedchenya, J. Fridrich, ImageNet "
        "pre-trained CNNs for JPEG steganalysis, IEEE WIFS 2020",
        "5 x 5 x 30 from SRM filters, trained on, BatchNorm, SiLU | MBConv 3 x 3 x 24, twice | MBConv 3 x 3 / 2 x 24, twice, "
        "widening by 4 | MBConv 5 x 5 / 2 x 40, twice, by 4 | MBConv 3 x 3 / 2 x 80, three times, by 4 | 1 x 1 x 320, "
        "BatchNorm, SiLU | global average | dense 1",
        "ten filters a channel, which the first block mixes",
    ),
}  # fmt: skip

FEATURES: dict[str, FeatureSet] = {
    "spam": FeatureSet(
        spam.features, spam.DIMENSION, spam.feature_names, (1, 3),
        "SPAM", "triples of neighboring differences; a color image's channels are averaged",
        "T. Pevny, P. Bas, J. Fridrich, Steganalysis by subtractive pixel adjacency matrix, IEEE TIFS 5(2), 2010",
    ),
    "cspam": FeatureSet(
        cspam.features, cspam.DIMENSION, cspam.feature_names, (1, 3),
        "Calibrated SPAM", "SPAM of the image and of the image embedded once more; it minds the camera less",
        "after J. Kodovsky, J. Fridrich, Calibration revisited, ACM MM&Sec 2009, with a reference of the spatial domain",
    ),
    "srm": FeatureSet(
        srm.features, srm.DIMENSION, srm.feature_names, (1, 3),
        "SRM", "co-occurrences of many residuals at up to three steps; a color image's channels are added",
        "J. Fridrich, J. Kodovsky, Rich models for steganalysis of digital images, IEEE TIFS 7(3), 2012",
        "LSB matching at 0.4: 0.02, HILL at 0.4: 0.28, S-UNIWARD at 0.4: 0.23, 512 x 512 of BOSSbase, with the ensemble "
        "(validation scores of github.com/daniellerch/aletheia, models/README.md)",
    ),
    "srmq1": FeatureSet(
        srm.features_q1, srm.DIMENSION_Q1, srm.feature_names_q1, (1, 3),
        "SRMQ1", "the same at one step, a third of the size",
        "J. Fridrich, J. Kodovsky, Rich models for steganalysis of digital images, IEEE TIFS 7(3), 2012",
    ),
    "crm": FeatureSet(
        crm.features, crm.DIMENSION, crm.feature_names, (3,),
        "CRM", "how the residuals of red, green and blue go together",
        "M. Goljan, J. Fridrich, R. Cogranne, Rich model for steganalysis of color images, IEEE WIFS 2014",
    ),
    "scrmq1": FeatureSet(
        scrmq1.features, scrmq1.DIMENSION, scrmq1.feature_names, (3,),
        "SCRMQ1", "SRMQ1 and CRM: the rich model of color images",
        "M. Goljan, J. Fridrich, R. Cogranne, Rich model for steganalysis of color images, IEEE WIFS 2014",
    ),
    "maxsrmd2": FeatureSet(
        maxsrm.features, maxsrm.DIMENSION, srm.feature_names, (1, 3),
        "maxSRMd2", "SRM weighted by the change probabilities, which the warden is told",
        "T. Denemark, V. Sedighi, V. Holub, R. Cogranne, J. Fridrich, Selection-channel-aware rich model for steganalysis of "
        "digital images, IEEE WIFS 2014",
        needs_probabilities=True,
    ),
}  # fmt: skip

CLASSIFIERS = ("ensemble", "ridge")
_ON_TOP = {"ensemble": "Fisher discriminants that vote", "ridge": "ridge regression"}


def _entries() -> dict[str, Entry]:
    """A row for each network, and one for each feature set with each classifier."""
    rows = {k: Entry("network", k, "", n.title, n.summary, n.paper, n.channels) for k, n in NETWORKS.items()}
    for name, found in FEATURES.items():
        for classifier in CLASSIFIERS:
            key = name if classifier == CLASSIFIERS[0] else f"{name}/{classifier}"
            title, summary = f"{found.title} + {classifier}", f"{found.summary}; {_ON_TOP[classifier]}"
            rows[key] = Entry("features", name, classifier, title, summary, found.paper, found.channels)
    return rows


DETECTORS: dict[str, Entry] = _entries()
