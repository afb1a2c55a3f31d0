"""Measure what a sender gains that makes the JPEG: `python benchmarks/side_information.py`.

SI-UNIWARD against J-UNIWARD in the same new JPEGs, at the same payload, by the optimal sender: the cost that is to be expected,
each by its own costs, how much farther the stego is to be expected from the uncompressed original (squared, in quantization
steps), and the number of changes to be expected. Means of the ratios over parts of three photographs of scikit-image.
"""

from __future__ import annotations

import numpy as np
from skimage import data

from ssgan.embedding.coefficient_costs import coefficient_costs
from ssgan.embedding.coefficient_embedder import change_probabilities
from ssgan.embedding.embedder import Embedder
from ssgan.images.new_jpeg import NewJpeg, new_jpeg

QUALITIES = (75, 90, 95)
PAYLOADS = (0.1, 0.2, 0.4)  # bits per nonzero AC coefficient


def expected(new: NewJpeg, scheme: str, payload: float, *, is_informed: bool) -> np.ndarray:
    """Return (3,): cost, growth of the squared distance, and number of changes."""
    errors = new.errors if is_informed else None
    prices = coefficient_costs(new.cover, scheme, payload, errors=errors)
    plus, minus = change_probabilities(new.cover, Embedder(scheme, payload), prices)
    pairs = zip(new.errors, new.cover.components, strict=True)
    e = np.concatenate([part[: own.whole[0], : own.whole[1]].ravel() for part, own in pairs])
    cost = sum(
        float((beta * np.where(np.isfinite(rho), rho, 0)).sum()) for beta, rho in zip((plus, minus), prices, strict=True)
    )
    return np.array([cost, (plus * (1 - 2 * e) + minus * (1 + 2 * e)).sum(), (plus + minus).sum()])


def main() -> None:
    """Print a row for each quality and payload."""
    photographs = [getattr(data, name)()[:296, :400] for name in ("astronaut", "coffee", "chelsea")]
    print("quality,payload,cost,distance,changes")
    for quality in QUALITIES:
        covers = [new_jpeg(photograph, quality) for photograph in photographs]
        for payload in PAYLOADS:
            ratios = [
                expected(new, "siuniward", payload, is_informed=True) / expected(new, "juniward", payload, is_informed=False)
                for new in covers
            ]
            print(",".join([str(quality), f"{payload:g}", *(f"{ratio:.2f}" for ratio in np.mean(ratios, axis=0))]))


if __name__ == "__main__":
    main()
