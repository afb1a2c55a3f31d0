"""SI-UNIWARD: J-UNIWARD with the rounding errors of a JPEG that the sender makes.

e is a coefficient before rounding minus that after it. A change toward the uncompressed original costs rho (1 - 2 |e|), the
other one rho, with rho of J-UNIWARD at the JPEG. V. Holub, J. Fridrich, T. Denemark, EURASIP Journal on Information Security
2014:1, introduce the scheme with binary changes, whose cost is the growth of the distance from the original. This is its form
with ternary changes of T. Denemark, J. Fridrich, "Side-informed steganography with additive distortion", IEEE WIFS 2015.
"""

from __future__ import annotations

from ssgan.embedding.entry import CoefficientEntry
from ssgan.embedding.schemes.block_wavelets import ORIGINAL, component_costs

ROW = CoefficientEntry(
    component_costs, "SI-UNIWARD", "J-UNIWARD of a sender who makes the JPEG: cheaper toward the uncompressed original",
    "rho = (1 - 2 |e|) rho_J toward the original, rho_J away from it; e = c before rounding - c, rho_J of J-UNIWARD",
    "V. Holub, J. Fridrich, T. Denemark, Universal distortion function for steganography in an arbitrary domain, "
    "EURASIP J. Inf. Sec. 2014:1; ternary after T. Denemark, J. Fridrich, Side-informed steganography with additive "
    "distortion, IEEE WIFS 2015",
    options=(ORIGINAL,), needs_errors=True,
)  # fmt: skip
