from __future__ import annotations

import numpy as np
import pytest

from ssgan.compute import seeds
from ssgan.embedding.catalog import COEFFICIENT_SCHEMES
from ssgan.embedding.coefficient_embedder import simulate_seeded
from ssgan.embedding.embedder import Embedder
from ssgan.evaluation import coefficient_inspection as inspection
from tests.embedding.jpeg_covers import color, gray


def test_the_stego_is_that_of_a_simulation_and_the_figures_agree() -> None:
    cover, embedder = color(64, 80), Embedder.parse("juniward@0.4")
    seen = inspection.inspect_coefficients(cover, embedder, seed=3, name="a.jpg")
    stego = simulate_seeded(cover, embedder, np.uint64(seeds.derive(3, "a.jpg")))
    assert all(np.array_equal(a.blocks, b.blocks) for a, b in zip(seen.stego.components, stego.components, strict=True))
    assert seen.changes == pytest.approx(seen.expected_changes, rel=0.2)
    assert seen.samples == 64 * (80 + 2 * 20)
    assert seen.num_nonzero_ac == cover.num_nonzero_ac
    assert seen.wet_share == 0


@pytest.mark.parametrize(("option", "ends"), [("", ("", "_Cb", "_Cr")), (":luma", ("",))])
def test_each_component_has_its_maps(option: str, ends: tuple[str, ...]) -> None:
    seen = inspection.inspect_coefficients(color(61, 83), Embedder.parse(f"uerd@0.2{option}"), seed=1)
    maps = seen.pictures
    names = ("pixels", "histogram", "costs", "block_costs", "change_probabilities", "changes", "block_changes")
    assert list(maps) == [name + end for end in ends for name in names]
    assert maps["pixels"].shape == (1, 61, 83)
    for name in names[2:]:
        assert maps[name].shape == (3, 56, 80), name
    changed = (seen.stego.components[0].carriers != seen.cover.components[0].carriers).any(axis=(2, 3))
    squares = maps["block_changes"][:, ::8, ::8]
    assert np.array_equal((squares != squares[:, ~changed][:, :1, None]).any(axis=0), changed)


def test_the_histogram_counts_ac_coefficients() -> None:
    part = gray(48, 48).components[0]
    counts = inspection.histogram(part.carriers)
    ac = part.carriers.reshape(-1, 64)[:, 1:]
    assert counts[0] + part.num_nonzero_ac == ac.size
    assert counts[-3] == int((ac == -3).sum())
    assert inspection.histogram_picture(counts).shape[0] == 3


def test_every_scheme_that_fits_prices_the_cover() -> None:
    priced = inspection.every_scheme(gray(48, 48), 0.2, seed=1)
    assert [one.name.split("@")[0] for one in priced] == [
        name for name, row in COEFFICIENT_SCHEMES.items() if not row.needs_errors
    ]
