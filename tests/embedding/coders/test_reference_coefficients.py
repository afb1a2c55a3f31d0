"""Stegos that the authors' programs and a peer published, repeated in every coefficient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan.embedding.coders import reference_formulas
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.samples import Samples
from tests.embedding.jpeg_covers import color, gray


@pytest.mark.parametrize("cover", [1, 4, 7])
@pytest.mark.parametrize("name", ["juniward@0.4/authors:original", "uerd@0.4/authors", "nsf5@0.4/authors"])
def test_published_stegos_are_repeated_in_every_coefficient(shared: Path, cover: int, name: str) -> None:
    folder, scheme = shared / "reference" / "jpeg" / "conseal", name.partition("@")[0]
    published = read_coefficients(folder / "stego" / f"{scheme}_seal{cover}_alpha0.4_seed{cover}.jpg")
    own = read_coefficients(folder / "cover_gray" / f"seal{cover}.jpg")
    stego = simulate_coefficients(own, name + ("," if ":" in name else ":") + f"seed={cover}", 1)
    assert np.array_equal(stego.components[0].blocks, published.components[0].blocks)
    again = read_coefficients(encode_coefficients(stego))
    assert np.array_equal(again.components[0].blocks, published.components[0].blocks)


def test_nsf5_takes_one_of_the_magnitude_of_as_many_as_it_must() -> None:
    part = gray(64, 64).components[0]
    plane = Samples(planes(part.carriers), -1023, 1023)
    stego = reference_formulas.nsf5_stego(plane, 0.4, 3)
    moved = stego.astype(int) - plane.values
    nonzero = part.num_nonzero_ac
    assert np.array_equal(np.abs(stego)[moved != 0], np.abs(plane.values)[moved != 0] - 1)
    assert not moved[::8, ::8].any()
    rate = np.count_nonzero(moved) / nonzero  # its binary entropy is the payload, but for rounding
    assert -rate * np.log2(rate) - (1 - rate) * np.log2(1 - rate) == pytest.approx(0.4, abs=4 / nonzero)
    assert np.array_equal(reference_formulas.nsf5_stego(plane, 0, 3), plane.values)
    with pytest.raises(DoesNotFit):
        reference_formulas.nsf5_stego(plane, 1.01, 3)


def test_color_is_refused_but_for_luma() -> None:
    with pytest.raises(InvalidSetting, match="takes gray covers") as refused:
        simulate_coefficients(color(64, 64), "uerd@0.4/authors", 1)
    assert "luma" in refused.value.hint
    stego = simulate_coefficients(color(64, 64), "uerd@0.4/authors:luma", 1)
    assert not np.array_equal(stego.components[0].blocks, color(64, 64).components[0].blocks)


@pytest.mark.parametrize("scheme", ["ebs", "jmipod"])
def test_schemes_without_a_published_simulator_are_refused(scheme: str) -> None:
    with pytest.raises(InvalidSetting, match="no simulator by the authors"):
        simulate_coefficients(gray(64, 64), f"{scheme}@0.2/authors", 1)
