"""Every scheme for coefficients is held to the same contract: a new one is tested by its row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ssgan.embedding.catalog import COEFFICIENT_SCHEMES, SCHEMES, pixel_scheme
from ssgan.embedding.coefficient_costs import coefficient_costs, coefficient_samples, payload_bits
from ssgan.embedding.coefficient_embedder import change_probabilities, simulate_coefficients
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.coefficients import Coefficients
from tests.embedding.jpeg_covers import LUMA_TABLE, color, gray, of_plane


def errors_for(scheme: str, cover: Coefficients) -> list[NDArray[np.float64]] | None:
    """Rounding errors, as a scheme needs them; None where it needs none."""
    if not COEFFICIENT_SCHEMES[scheme].needs_errors:
        return None
    rng = np.random.default_rng(4)
    return [rng.uniform(-0.5, 0.5, component.blocks.shape) for component in cover.components]


EVERY = [(name, option) for name, row in COEFFICIENT_SCHEMES.items() for option in ("", *row.options)]


def test_no_name_is_in_both_catalogs() -> None:
    assert not set(SCHEMES) & set(COEFFICIENT_SCHEMES)


@pytest.mark.parametrize(("scheme", "option"), EVERY)
@given(height=st.integers(8, 40), width=st.integers(8, 40), is_color=st.booleans(), divisor=st.sampled_from([1, 3, 16]))
def test_costs_are_one_a_sample_and_not_negative(
    scheme: str, option: str, height: int, width: int, is_color: bool, divisor: int
) -> None:
    table = np.maximum(LUMA_TABLE // divisor, 1)
    cover = color(height, width, table=table) if is_color else gray(height, width, table=table)
    if not round(0.4 * cover.num_nonzero_ac):
        return
    errors = errors_for(scheme, cover)
    plus, minus = coefficient_costs(cover, scheme, 0.4, options=[option] if option else [], errors=errors)
    for rho in (plus, minus):
        assert rho.shape == coefficient_samples(cover).values.shape
        assert rho.dtype == np.float64
        assert (rho >= 0).all()


@pytest.mark.parametrize("scheme", COEFFICIENT_SCHEMES)
def test_the_ends_of_the_range_are_wet_outward(scheme: str) -> None:
    """DC may lie beyond the range; then it does not change at all."""
    cover = gray(32, 32)
    blocks = cover.components[0].blocks
    blocks[0, 0, 0, :4] = (1200, 1023, -1023, 1022)
    samples = coefficient_samples(cover)
    assert samples.values[:4].tolist() == [1200, 1023, -1023, 1022]
    plus, minus = coefficient_costs(cover, scheme, 0.4, errors=errors_for(scheme, cover))
    assert np.isinf(plus[~samples.may_rise]).all()
    assert np.isinf(minus[~samples.may_fall]).all()
    assert not samples.may_rise[0]
    assert not samples.may_fall[0]
    assert np.isfinite(np.minimum(plus, minus)).any()


@pytest.mark.parametrize("scheme", COEFFICIENT_SCHEMES)
@pytest.mark.parametrize("payload", [0.05, 0.4])
def test_the_bound_meets_the_payload_with_one_lambda_over_all_components(scheme: str, payload: float) -> None:
    cover = color(64, 80)
    errors = errors_for(scheme, cover)
    plus, minus = change_probabilities(cover, Embedder(scheme, payload), errors=errors)
    none = 1 - plus - minus
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -sum(np.nansum(p * np.log2(p)) for p in (plus, minus, none))
    assert bits == pytest.approx(payload_bits(cover, payload), rel=1e-6)
    rho = coefficient_costs(cover, scheme, payload, errors=errors).plus
    likely = (plus > 1e-6) & (rho > 0)
    lam = np.log(none[likely] / plus[likely]) / rho[likely]
    np.testing.assert_allclose(lam, np.median(lam), rtol=1e-6)


@pytest.mark.parametrize("coder", ["bound", "stc"])
@pytest.mark.parametrize(("scheme", "option"), EVERY)
def test_a_stego_differs_by_one_at_most_in_whole_blocks(scheme: str, option: str, coder: str) -> None:
    cover = color(60, 77)
    name = f"{scheme}@0.3" + ("" if coder == "bound" else f"/{coder}") + (f":{option}" if option else "")
    errors = errors_for(scheme, cover)
    stego = simulate_coefficients(cover, name, 5, errors=errors)
    changes = 0
    for before, after in zip(cover.components, stego.components, strict=True):
        moved = after.blocks.astype(int) - before.blocks
        assert after.blocks.dtype == np.int16
        assert np.abs(moved).max() <= 1
        rows, columns = before.whole
        changes += int(np.count_nonzero(moved))
        moved[:rows, :columns] = 0
        assert not moved.any()
    assert 0.02 < changes / cover.num_nonzero_ac < 0.35
    other = simulate_coefficients(cover, name, 6, errors=errors)
    assert any(not np.array_equal(a.blocks, b.blocks) for a, b in zip(stego.components, other.components, strict=True))


@pytest.mark.parametrize("scheme", COEFFICIENT_SCHEMES)
def test_luma_leaves_the_chromas_alone(scheme: str) -> None:
    cover = color(64, 64)
    errors = errors_for(scheme, cover)
    stego = simulate_coefficients(cover, f"{scheme}@0.4:luma", 1, errors=errors)
    assert not np.array_equal(stego.components[0].blocks, cover.components[0].blocks)
    for before, after in zip(cover.components[1:], stego.components[1:], strict=True):
        assert np.array_equal(before.blocks, after.blocks)
    alone = Coefficients(64, 64, cover.components[:1], False, b"")
    of_luma = errors and errors[:1]
    made = simulate_coefficients(alone, f"{scheme}@0.4", 1, errors=of_luma)
    assert np.array_equal(made.components[0].blocks, stego.components[0].blocks)


@pytest.mark.parametrize("scheme", [name for name, row in COEFFICIENT_SCHEMES.items() if row.adaptive])
def test_an_adaptive_scheme_finds_smooth_blocks_dearer_than_textured_ones(scheme: str) -> None:
    rng = np.random.default_rng(2)
    cover = gray(64, 128)
    blocks = cover.components[0].blocks
    blocks[:, 8:] = 0
    blocks[:, 8:, 0, 1], blocks[:, 8:, 1, 0] = 1, -1
    blocks[:, :8, :4, :4] = rng.integers(-6, 7, (8, 8, 4, 4))
    rho = np.minimum(*coefficient_costs(cover, scheme, 0.1, errors=errors_for(scheme, cover))).reshape(blocks.shape)
    assert np.median(rho[2:6, 10:14, 1:3, 1:3]) > 2 * np.median(rho[2:6, 2:6, 1:3, 1:3])


@pytest.mark.parametrize("scheme", COEFFICIENT_SCHEMES)
def test_a_picture_without_ac_coefficients_is_refused(scheme: str) -> None:
    plane = np.zeros((24, 24), np.int16)
    plane[::8, ::8] = 7
    with pytest.raises(DoesNotFit, match="no AC coefficient") as refused:
        simulate_coefficients(of_plane(plane, LUMA_TABLE), f"{scheme}@0.4", 1)
    assert refused.value.reachable == 0
    assert refused.value.hint
    plane[1, 1] = 1
    with pytest.raises(DoesNotFit, match="1 AC coefficient"):
        simulate_coefficients(of_plane(plane, LUMA_TABLE), f"{scheme}@0.4", 1)


def test_a_payload_beyond_the_cover_is_refused_in_its_own_unit() -> None:
    cover = gray(32, 32)
    with pytest.raises(
        DoesNotFit, match=r"1.2 bits per nonzero AC coefficient do not fit: nsf5 takes at most 1.0000"
    ) as refused:
        simulate_coefficients(cover, "nsf5@1.2", 1)
    assert refused.value.reachable == cover.num_nonzero_ac


def test_a_payload_of_nothing_changes_nothing() -> None:
    cover = gray(32, 32)
    stego = simulate_coefficients(cover, "juniward@0", 1)
    assert np.array_equal(stego.components[0].blocks, cover.components[0].blocks)


@pytest.mark.parametrize("scheme", COEFFICIENT_SCHEMES)
def test_pixels_are_refused_with_a_hint(scheme: str) -> None:
    images = torch.zeros(1, 1, 16, 16, dtype=torch.uint8)
    for attempt in (
        lambda: Embedder(scheme, 0.4).simulate(images, 1),
        lambda: Embedder(scheme, 0.4).costs(images),
        lambda: pixel_scheme(scheme),
    ):
        with pytest.raises(InvalidSetting) as refused:
            attempt()
        assert "JPEG" in refused.value.hint


def test_schemes_for_pixels_are_refused_with_a_hint() -> None:
    for name in ("hill@0.4", "lsb@0.4/plain"):
        with pytest.raises(InvalidSetting, match="made for pixels") as refused:
            simulate_coefficients(gray(16, 16), name, 1)
        assert "juniward" in refused.value.hint
    with pytest.raises(InvalidSetting, match="no scheme for the coefficients"):
        coefficient_costs(gray(16, 16), "hill", 0.4)


@pytest.mark.parametrize(
    "name", ["juniward@0.4", "juniward@0.4:original", "uerd@0.2/stc:luma,h=8", "juniward@0.2/authors:luma,original,seed=3"]
)
def test_names_of_embedders_are_read_as_they_are_written(name: str) -> None:
    embedder = Embedder.parse(name)
    assert str(embedder) == name
    assert Embedder.parse(str(embedder)) == embedder
    assert "0." not in embedder.method


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uerd@0.4:original", "the scheme uerd has no option 'original'"),
        ("juniward@0.4:fixed", "the scheme juniward has no option 'fixed'"),
        ("juniward@0.4/stc:fixed", "the coder stc has no option 'fixed'"),
        ("hill@0.4:original", "has options and no coder"),
        ("uerd@0.4/plain", "ignores the costs"),
        ("uerd@0.4/drawn", "changes no JPEG"),
        ("juniwart@0.4", "there is no scheme 'juniwart'"),
    ],
)
def test_wrong_names_are_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidSetting, match=text) as refused:
        Embedder.parse(name)
    assert refused.value.hint


@pytest.mark.parametrize("name", ["uerd@0.4/message:luma", "juniward@0.4/message:original"])
def test_messages_in_jpegs_have_no_options(name: str) -> None:
    with pytest.raises(InvalidSetting, match="sends what `hide` does"):
        simulate_coefficients(gray(64, 64), name, 1)
