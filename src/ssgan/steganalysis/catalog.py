"""The networks of the warden, by name: a new one is a file of its own and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ssgan.steganalysis import gncnn, sgan, srnet, xunet, yedroudj, yenet


@dataclass(frozen=True)
class Network:
    """One network: `make(image_size, channels)` builds it."""

    make: Callable[[int, int], nn.Module]
    title: str
    summary: str
    paper: str


NETWORKS: dict[str, Network] = {
    "gncnn": Network(
        gncnn.Gncnn, "GNCNN", "KV filter, Gaussian activations, average pooling; the paper's S and S*",
        "Y. Qian, J. Dong, W. Wang, T. Tan, Deep learning for steganalysis via convolutional neural networks, SPIE 9409, 2015",
    ),
    "sgan-s": Network(
        sgan.SganS, "SGAN's S", "KV filter, four strided 5 x 5 convolutions with BatchNorm before each",
        "D. Volkhonskiy, I. Nazarov, E. Burnaev, Steganographic generative adversarial networks, arXiv 1703.05502",
    ),
    "sgan-star": Network(
        sgan.SganStar, "SGAN's S* (code)", "four convolutions, poolings of stride 1, 100 dense units",
        "the same, after the authors' code",
    ),
    "sgan-star-text": Network(
        sgan.SganStarText, "SGAN's S* (text)", "two convolutions and a pooling, twice, 1024 dense units",
        "the same, after the text",
    ),
    "xunet": Network(
        xunet.XuNet, "Xu-Net", "KV filter, magnitudes, TanH, then 1 x 1 convolutions and a global average",
        "G. Xu, H.-Z. Wu, Y.-Q. Shi, Structural design of convolutional neural networks for steganalysis, IEEE SPL 23(5), 2016",
    ),
    "yenet": Network(
        yenet.YeNet, "Ye-Net", "thirty SRM filters that learn on, truncated linear unit, no BatchNorm",
        "J. Ye, J. Ni, Y. Yi, Deep learning hierarchical representations for image steganalysis, IEEE TIFS 12(11), 2017",
    ),
    "yedroudj": Network(
        yedroudj.YedroudjNet, "Yedroudj-Net", "thirty fixed SRM filters, truncations, BatchNorm, wider dense layers",
        "M. Yedroudj, F. Comby, M. Chaumont, Yedroudj-Net: an efficient CNN for spatial steganalysis, ICASSP 2018",
    ),
    "srnet": Network(
        srnet.SrNet, "SRNet", "residual layers without a fixed filter, unpooled up to the seventh",
        "M. Boroumand, M. Chen, J. Fridrich, Deep residual network for steganalysis of digital images, IEEE TIFS 14(5), 2019",
    ),
}  # fmt: skip
