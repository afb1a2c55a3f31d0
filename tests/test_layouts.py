"""How samples lie in memory says nothing: whatever reads them answers as for a copy in rows.

Permuted (H, W, C), Fortran order, channels last, every second sample, flipped, one image for many, and memory that may not be
written to; each for every scheme and coder, every feature set, attack and network, and what else takes tensors or arrays.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.detection.verdicts.judge import judge
from ssgan.embedding.catalog import CODERS, SCHEMES
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import Costs
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.entry import SchemeEntry
from ssgan.errors import InvalidSetting
from ssgan.evaluation import inspection
from ssgan.evaluation.quality import features as quality_features
from ssgan.evaluation.quality import sliced_wasserstein, statistics
from ssgan.images import grain
from ssgan.images.difference import difference
from ssgan.messages import container, hide, keys, reveal
from ssgan.messages.ledger import fingerprint
from ssgan.steganalysis.attacks import structural
from ssgan.steganalysis.catalog import FEATURES, NETWORKS
from ssgan.steganalysis.checks.leaks import counterparts
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings
from ssgan.steganalysis.networks.fused.acceleration import accelerated
from ssgan.views import maps, pages


def _every_second(x: np.ndarray) -> np.ndarray:
    wide = np.zeros((*x.shape[:-2], 2 * x.shape[-2], 3 * x.shape[-1]), x.dtype)[..., ::2, ::3]
    wide[...] = x
    return wide


def _read_only(x: np.ndarray) -> np.ndarray:
    kept = x.copy()
    kept.setflags(write=False)
    return kept


# Arrays (..., C, H, W) of the same values, otherwise laid out.
ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "channels side by side": lambda x: np.moveaxis(np.ascontiguousarray(np.moveaxis(x, -3, -1)), -1, -3),
    "columns": lambda x: np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2),
    "Fortran": np.asfortranarray,
    "every second": _every_second,
    "flipped": lambda x: np.ascontiguousarray(x[..., ::-1, ::-1])[..., ::-1, ::-1],
    "read-only": _read_only,
}
# The same of tensors (N, C, H, W); the last gives the first image only, as often.
TENSORS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    name: lambda x, lay=lay: torch.from_numpy(lay(x.numpy()))
    for name, lay in ARRAYS.items()
    if name not in ("flipped", "read-only")
} | {
    "channels_last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "one for all": lambda x: x[:1].expand(len(x), -1, -1, -1),
}  # fmt: skip


def walks(count: int, channels: int, height: int = 24, width: int = 20, *, seed: int = 1) -> torch.Tensor:
    """Neighbors differ by little, as in a photograph, and differently in each direction."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 6, (count, channels, height, width)).cumsum(-1)
    return torch.from_numpy((128 + steps).clip(20, 235).astype(np.uint8))


def assert_same(answer: Callable[[torch.Tensor], object], given: torch.Tensor, *, close: float = 0) -> None:
    """For every layout of tensors. Answers are tensors, arrays, numbers, or sequences of them."""
    for name, lay in TENSORS.items():
        laid = lay(given)
        _same(answer(laid), answer(laid.clone(memory_format=torch.contiguous_format)), name, close)


def _same(one: object, other: object, name: str, close: float) -> None:
    if isinstance(one, list | tuple):
        assert isinstance(other, list | tuple)
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            _same(a, b, name, close)
        return
    a, b = (np.asarray(x.detach()) if isinstance(x, torch.Tensor) else np.asarray(x) for x in (one, other))
    assert a.shape == b.shape, name
    if close:
        np.testing.assert_allclose(a, b, rtol=close, atol=close * np.abs(b).max(), err_msg=name)
    else:
        np.testing.assert_array_equal(a, b, err_msg=name)


EMBEDDERS = [
    (scheme, coder, dtype)
    for scheme, coder, dtype in itertools.product(SCHEMES, CODERS, (torch.float64, torch.float32))
    if not (coder == "plain" and SCHEMES[scheme].adaptive)
    and not CODERS[coder].redraws
    and not CODERS[coder].only
    and not (coder == "authors" and (not SCHEMES[scheme].adaptive or scheme == "hugo2010"))
    and (coder == "bound" or dtype == torch.float64)
]


@pytest.mark.parametrize(("scheme", "coder", "dtype"), EMBEDDERS)
def test_every_scheme_and_coder_is_blind_to_layout(scheme: str, coder: str, dtype: torch.dtype) -> None:
    embedder, covers = Embedder(scheme, 0.3, coder, dtype=dtype), walks(2, 1 if coder == "authors" else 3)
    seeds = np.arange(len(covers), dtype=np.uint64)
    assert_same(lambda x: [*embedder.costs(x), *embedder.change_probabilities(x), embedder.simulate_seeded(x, seeds)], covers)


@pytest.mark.parametrize("coder", ["bound", "stc"])
@pytest.mark.parametrize("precision", [torch.float64, torch.bfloat16])
def test_a_scheme_of_a_user_is_blind_to_layout(coder: str, precision: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its costs lie as its arithmetic has left them, as wide as it likes."""

    def costs(covers: torch.Tensor, payload: float) -> Costs:
        rho = (1 / (1 + (covers - covers.roll(1, 3)).abs())).to(precision)
        return Costs(rho, rho.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2))

    monkeypatch.setitem(SCHEMES, "mine", SchemeEntry(costs, "Mine", "", "", ""))
    embedder, seeds = Embedder("mine", 0.3, coder), np.arange(2, dtype=np.uint64)
    assert_same(lambda x: [*embedder.change_probabilities(x), embedder.simulate_seeded(x, seeds)], walks(2, 3))
    rate = float((embedder.simulate_seeded(walks(2, 3), seeds) != walks(2, 3)).double().mean())
    assert 0.02 < rate < 0.12  # not what fresh memory happens to hold


@pytest.mark.parametrize("precision", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_the_optimal_sender_takes_costs_of_any_precision_and_layout(precision: torch.dtype) -> None:
    rho = 1 + walks(2, 3).double() / 64
    expected = bound.change_probabilities(Costs(rho.to(precision).double(), rho.to(precision).double()), 0.4)
    for lay in list(TENSORS.values())[:-1]:
        laid = lay(rho).to(precision)
        beta = bound.change_probabilities(Costs(laid, lay(rho.to(precision).double())), 0.4)
        assert beta.plus.dtype == precision
        torch.testing.assert_close(beta.plus.double(), expected.plus, rtol=float(torch.finfo(precision).eps) * 16, atol=0)
        torch.testing.assert_close(beta.minus.double(), expected.minus, rtol=float(torch.finfo(precision).eps) * 16, atol=0)


def test_costs_are_in_single_or_double_precision_and_no_other() -> None:
    with pytest.raises(InvalidSetting, match="bfloat16"):
        Embedder("hill", 0.4, dtype=torch.bfloat16)


@pytest.mark.parametrize("name", [name for name, found in FEATURES.items() if found.domain == "pixels"])
def test_every_feature_set_is_blind_to_layout(name: str) -> None:
    found = FEATURES[name]
    maps = walks(2, found.channels[-1])

    def extracted(x: np.ndarray | torch.Tensor) -> np.ndarray:
        return found.extract(x, *((x % 7 / 8,) if found.needs_probabilities else ()), threads=1)

    assert_same(extracted, maps)
    for layout, lay in ARRAYS.items():
        _same(extracted(lay(maps.numpy())), extracted(maps), layout, 0)
    if found.needs_probabilities:
        beta = maps % 7 / 8  # exact in half a precision
        _same(found.extract(maps, beta.bfloat16(), threads=1), found.extract(maps, beta, threads=1), "bf16", 0)


@pytest.mark.parametrize("attack", ["sample_pairs", "rs", "weighted_stego", "chi_square"])
def test_the_attacks_on_lsb_replacement_are_blind_to_layout(attack: str) -> None:
    def answer(x: torch.Tensor) -> list[np.ndarray]:
        got = getattr(structural, attack)(x)
        return [got.payload, got.deviation, got.enough]

    assert_same(answer, walks(2, 3, 48, 40))


@pytest.mark.parametrize(
    ("name", "precision"), [("gncnn", "float32"), ("xunet", "float32"), ("srnet", "float32"), ("gncnn", "bf16")]
)
def test_a_network_learns_the_same_from_any_layout(name: str, precision: str) -> None:
    """Logits, gradients and running statistics; the fused forms and those that torch lays out as it likes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        fresh = NETWORKS[name].make(32, 3).train()

    def learned(x: torch.Tensor) -> list[torch.Tensor]:
        network = copy.deepcopy(fresh)
        logits = accelerated(network, device=torch.device("cpu"), images=8, precision=precision)(x)
        logits.square().sum().backward()
        gradients = [w.grad for w in network.parameters() if w.grad is not None]
        return [logits, *gradients, *network.buffers(), network.eval()(x)]

    # Torch's own kernels may add up in another order for another layout.
    assert_same(learned, walks(2, 3, 32, 32).float(), close=2e-2 if precision == "bf16" else 1e-3)


@pytest.mark.parametrize("name", ["spam/ridge", "spam"])
def test_a_detector_learns_and_scores_the_same_in_any_layout(name: str) -> None:
    covers = walks(24, 1, seed=3)
    stegos = Embedder("lsb", 0.8, "plain").simulate_seeded(covers, np.arange(24, dtype=np.uint64))
    features, _, classifier = name.partition("/")

    def scores(lay: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        learners: dict[str, Any] = {"learners": 3, "subspace": 20} if not classifier else {}
        detector = FeatureDetector(FeatureSettings(features, classifier or "ensemble", **learners), threads=1)
        pairs = Pairs(lay(covers), lay(stegos))
        detector.fit(pairs[:16], pairs[16:])
        return detector.scores(pairs.stegos)

    expected = scores(lambda x: x)
    for layout, lay in list(TENSORS.items())[:-1]:
        _same(scores(lay), expected, layout, 0)


def test_statistics_and_verdicts_are_blind_to_layout() -> None:
    real = walks(6, 3, 32, 32, seed=5)
    answers: dict[str, tuple[Callable[[torch.Tensor], object], float]] = {
        "thumbnails": (quality_features.thumbnails, 1e-12),
        "KV residuals": (grain.kv_residuals, 0),
        "KV histogram": (quality_features.kv_histogram, 0),
        "deviation": (grain.residual_deviation, 1e-6),
        "distance": (statistics.pairwise_distance, 1e-6),
        "nearest": (lambda x: statistics.nearest_real(x, real), 1e-6),
        "sliced Wasserstein": (
            lambda x: list(sliced_wasserstein.sliced_wasserstein(x, real, np.random.default_rng(1)).values()),
            1e-4,
        ),
        "copies": (lambda x: counterparts(x, real), 0),
        "floats": (lambda x: images.to_pixels(images.to_floats(x)), 0),
        "symmetry": (lambda x: images.symmetry(x, 5), 0),
        "verdicts": (lambda x: [verdict.probability or 0.0 for verdict in judge(x)], 0),
    }
    for answer, close in answers.values():
        assert_same(answer, real, close=close)


def test_what_takes_one_picture_is_blind_to_layout() -> None:
    cover, key = walks(1, 3, 48, 40, seed=7)[0].numpy(), keys.KeyFile(bytes(32))
    stego = hide.hide(cover, b"words", key).stego
    embedder = Embedder("lsb", 0.3)

    def answers(lay: Callable[[np.ndarray], np.ndarray]) -> list[object]:
        given, changed = lay(cover), lay(stego)
        seen = inspection.inspect_cover(given, embedder, seed=1)
        return [
            hide.hide(given, b"words", key).stego,
            list(reveal.reveal(changed, key)),
            container.capacity(given),
            list(fingerprint(given, None)),
            [difference(given, changed).changes, difference(given, changed).psnr],
            list(images.encode(given)),
            list(pages.inline(given).encode()),
            maps.change_map(given, changed),
            maps.bit_planes(given),
            [seen.stego, *seen.costs, *seen.probabilities],
            images.to_images(given),
        ]

    expected = answers(lambda x: x)
    for layout, lay in ARRAYS.items():
        _same(answers(lay), expected, layout, 0)
