"""J-UNIWARD: the relative change of the wavelet coefficients that a changed coefficient of a block affects.

V. Holub, J. Fridrich, T. Denemark, "Universal distortion function for steganography in an arbitrary domain",
EURASIP Journal on Information Security 2014:1, Eq. (4). `block_wavelets.py` computes it.
"""

from __future__ import annotations

from ssgan.embedding.entry import CoefficientEntry
from ssgan.embedding.schemes.block_wavelets import ORIGINAL, component_costs

ROW = CoefficientEntry(
    component_costs, "J-UNIWARD", "the relative change of the wavelet coefficients that a change of a coefficient touches",
    "rho = sum over k of |K_k * Delta_c| / (|K_k * X| + 1/64), Delta_c the pixels' change",
    "V. Holub, J. Fridrich, T. Denemark, Universal distortion function for steganography in an arbitrary domain, "
    "EURASIP J. Inf. Sec. 2014:1; windows after B. Lorch, M. Benes, arXiv 2305.19776, the authors' with `original`",
    options=(ORIGINAL,),
)  # fmt: skip
