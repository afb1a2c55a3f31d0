"""Call every compiled loop once on a small image, so that later calls need not wait for the compiler.

Machine code is kept in the cache folder (ssgan.compute.compiled): where it is there already, this takes a second or two.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from ssgan.compute.compiled import cache_folder
from ssgan.embedding.catalog import COEFFICIENT_SCHEMES, SCHEMES, fitting_coder
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.embedding.embedder import Embedder
from ssgan.errors import StorageFailed
from ssgan.images import Images
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import Coefficients, planes
from ssgan.messages import hide, keys, pilots, polar, reveal
from ssgan.steganalysis.attacks import structural
from ssgan.steganalysis.catalog import FEATURES, NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.training.settings import NetworkSettings

SIDE = 64
_PAIRS = 8
WARMED = ("gncnn", "xunet", "srnet")  # between them they use every compiled layer

Work = Callable[[], object]


def work() -> dict[str, Work]:
    """Return the work by name: schemes, messages, features, attacks, trainings."""
    rng = np.random.default_rng(1)
    gray, color = (torch.from_numpy(rng.integers(60, 200, (_PAIRS, c, SIDE, SIDE), dtype=np.uint8)) for c in (1, 3))
    jobs: dict[str, Work] = {f"scheme {name}": lambda name=name: _embed(name, color) for name in SCHEMES}  # type: ignore[misc]
    jobs |= {f"scheme {name}": lambda name=name: _embed_jpeg(name) for name in COEFFICIENT_SCHEMES}  # type: ignore[misc]
    jobs["progressive JPEGs"] = lambda: encode_coefficients(_jpeg(progressive=True))
    jobs["messages"] = lambda: _converse(color[0].numpy())
    jobs["albums"] = _albums
    for name, found in FEATURES.items():
        pictures = color if found.channels == (3,) else gray
        given: tuple[object, ...] = (torch.full(pictures.shape, 0.1),) if found.needs_probabilities else ()
        if found.domain == "coefficients":
            luma = _jpeg().components[0]
            pictures, given = torch.from_numpy(planes(luma.carriers)[None, None]), (luma.table,)
        jobs[f"features {name}"] = lambda f=found, p=pictures, g=given: f.extract(p, *g, threads=1)  # type: ignore[misc]
    jobs["attacks on LSB replacement"] = lambda: [
        attack(color) for attack in (structural.rs, structural.sample_pairs, structural.weighted_stego, structural.chi_square)
    ]
    for name in WARMED:
        jobs[f"training of {name}"] = lambda name=name: _train(name, _pairs(gray))  # type: ignore[misc]
    jobs["training of the ensemble"] = lambda: FeatureDetector(FeatureSettings("spam", learners=3, subspace=4), threads=1).fit(
        _pairs(gray), _pairs(gray)
    )
    return jobs


def kept() -> int:
    """Return how many loops have machine code in the cache folder."""
    try:
        return sum(1 for _ in cache_folder().rglob("*.nbi"))
    except StorageFailed:
        return 0


def _embed(scheme: str, covers: Images) -> None:
    for embedder in (Embedder(scheme, 0.3, fitting_coder(scheme)), Embedder(scheme, 0.3, "stc")):
        embedder.simulate_seeded(covers[:2], np.arange(2, dtype=np.uint64))
    Embedder(scheme, 0.3, fitting_coder(scheme)).change_probabilities(covers[:2])  # a stego is drawn without keeping them


def _embed_jpeg(scheme: str) -> None:
    cover = _jpeg()
    nothing = [np.zeros(component.blocks.shape) for component in cover.components]  # as if rounding had taken nothing
    encode_coefficients(simulate_coefficients(cover, f"{scheme}@0.2", 1, errors=nothing))


def _jpeg(*, progressive: bool = False) -> Coefficients:
    noise = np.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, format="JPEG", progressive=progressive)
    return read_coefficients(stream.getvalue())


def _converse(cover: np.ndarray) -> None:
    """Hide in the pixels, and in all samples, where few bits have wide blocks."""
    key = keys.fresh_key()
    for scheme in ("hill:luma", "hill"):
        reveal.reveal(hide.hide(cover, b"warm", key, scheme=scheme).stego, key)


def _albums() -> None:
    """Find a nonce among a few and decode a few bits: pilots of one byte, and of two."""
    for pilot_bytes in (1, 2):
        pilots.likeliest(bytes(32), 8, np.zeros((2, 12, 8 * pilot_bytes)), np.zeros((2, 12)))
    polar.decode(np.ones(12), 4)


def _pairs(covers: Images) -> Pairs:
    return Pairs(covers, Embedder.parse("lsb@1/plain").simulate_seeded(covers, np.arange(len(covers), dtype=np.uint64)))


def _train(network: str, pairs: Pairs) -> None:
    recipe = NETWORKS[network].recipe.with_(duration_images=2 * _PAIRS, evaluate_images=2 * _PAIRS, batch_pairs=_PAIRS)
    NetworkDetector(NetworkSettings.of(network, pairs, recipe=recipe), examine=False).fit(pairs, pairs)
