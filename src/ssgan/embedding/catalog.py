"""The schemes, by name: a new one is a file of its own and a row here.

A row holds what the lists and documents show of a scheme; the tests walk the table and hold every row to the same contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ssgan.embedding.costs import Scheme
from ssgan.embedding.schemes import hill, hill_loops, hugo, hugo2010, lsb, mg, mipod, suniward, wow
from ssgan.images import filters

# Changes of the same samples with better signs: (covers, stegos, seeds) -> stegos
Correction = Callable[[torch.Tensor, torch.Tensor, np.ndarray], torch.Tensor]


@dataclass(frozen=True)
class Entry:
    """One scheme: its cost function and what to say of it. `correct` chooses the signs anew once the changes are known.

    `reach` is how many rows away a sample can lie that has a part in a cost; None where all have, or where it is not known.
    """

    costs: Scheme
    title: str
    summary: str
    formula: str
    paper: str
    adaptive: bool = True
    differentiable: bool = True
    correct: Correction | None = None
    reach: int | None = None


SCHEMES: dict[str, Entry] = {
    "lsb": Entry(
        lsb.matching, "LSB matching", "every sample costs the same; +1 or -1 at random",
        "rho = 1",
        "T. Sharp, An implementation of key-based digital signal steganography, Information Hiding 2001",
        adaptive=False, differentiable=False, reach=0,
    ),
    "lsbr": Entry(
        lsb.replacement, "LSB replacement", "flips the last bit: even samples only rise, odd ones only fall",
        "rho+ = 1 where x is even, rho- = 1 where x is odd, else wet",
        "the oldest of all; its flaw: J. Fridrich, M. Goljan, R. Du, Reliable detection of LSB steganography, ACM MM&Sec 2001",
        adaptive=False, differentiable=False, reach=0,
    ),
    "hugo": Entry(
        hugo.costs, "HUGO-BD", "what a change does to weighted triples of neighboring differences, bounded from above",
        "rho+- = sum over 16 triples of w(d) + w(d'), w(d) = 1 / (1 + |d|)",
        "T. Filler, J. Fridrich, Gibbs construction in steganography, IEEE TIFS 5(4), 2010; after T. Pevny, T. Filler, P. Bas, "
        "Information Hiding 2010", reach=hugo.MARGIN,
    ),
    "hugo2010": Entry(
        hugo2010.binary_costs, "HUGO", "the contest's original: the exact change of co-occurrences up to T = 90",
        "rho = min of D(X, X with one sample +-1), D = sum over d of w(d) (|change of axis counts| + |of diagonal counts|); "
        "then each sign is chosen anew by the D of all changes so far",
        "T. Pevny, T. Filler, P. Bas, Using high-dimensional image models to perform highly undetectable steganography, "
        "Information Hiding 2010",
        differentiable=False, correct=hugo2010.correct, reach=3,
    ),
    "wow": Entry(
        wow.costs, "WOW", "dear as soon as one of three wavelet directions predicts the place well",
        "rho = sum over k of 1 / (|K_k| * |K_k * X|)",
        "V. Holub, J. Fridrich, Designing steganographic distortion using directional filters, WIFS 2012",
        reach=filters.WAVELET_REACH,
    ),
    "suniward": Entry(
        suniward.costs, "S-UNIWARD", "the relative change of the wavelet coefficients that a change touches",
        "rho = sum over k of |K_k| * 1 / (1 + |K_k * X|)",
        "V. Holub, J. Fridrich, T. Denemark, Universal distortion function for steganography in an arbitrary domain, "
        "EURASIP J. Inf. Sec. 2014:1",
        reach=filters.WAVELET_REACH,
    ),
    "hill": Entry(
        hill.costs, "HILL", "cheap where texture is rich, and cheapness spread so that no sample stands alone",
        "rho = mean15(1 / mean3(|KB * X|))",
        "B. Li, M. Wang, J. Huang, X. Li, A new cost function for spatial image steganography, ICIP 2014",
        reach=hill_loops.BORDER,
    ),
    "mipod": Entry(
        mipod.costs, "MiPOD", "least detectable under a Gaussian model of the noise, block variances by local cosines",
        "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = mean7(1 / sigma^4)",
        "V. Sedighi, R. Cogranne, J. Fridrich, Content-adaptive steganography by minimizing statistical detectability, "
        "IEEE TIFS 11(2), 2016",
    ),
    "mg": Entry(
        mg.costs, "MG", "MiPOD's forerunner: the same model with the plain variance of 3 x 3 samples",
        "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = 1 / max(1, var3(X))^2",
        "J. Fridrich, J. Kodovsky, Multivariate Gaussian model for designing additive distortion for steganography, "
        "ICASSP 2013",
    ),
}  # fmt: skip
