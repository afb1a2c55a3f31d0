"""Messages in the pixels of color covers: the channels change together, and the receiver is told nothing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan import images
from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.titles import APART, TITLES
from ssgan.errors import DoesNotFit, InvalidSetting, NothingFound
from ssgan.images import Picture
from ssgan.messages import container, plan, scheme_choice
from ssgan.messages.files import hide_file, hide_spread, reveal_files
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile
from ssgan.messages.plan import HideSettings
from ssgan.messages.reveal import reveal

KEY = KeyFile(bytes(range(32)))
TOGETHER = [name for name in TITLES if name not in APART]


def cover(height: int = 40, width: int = 48, *, seed: int = 1, low: int = 0, high: int = 256) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return np.random.default_rng(seed).integers(low, high, (height, width, 3)).astype(np.uint8)


def test_the_schemes_that_cannot_are_those_of_the_catalog() -> None:
    assert set(APART) == {name for name, row in SCHEMES.items() if not row.joins_channels}


@pytest.mark.parametrize("scheme", TOGETHER)
def test_all_channels_of_a_pixel_change_alike_or_not_at_all(scheme: str) -> None:
    image, message = cover(), os.urandom(60)
    hidden = hide(image, message, KEY, scheme=f"{scheme}:luma")
    assert reveal(hidden.stego, KEY) == message
    changes = hidden.changes
    assert np.array_equal(changes, changes[:, :, 1:2].repeat(3, axis=2))
    assert np.abs(changes).max() == 1
    ends = ((image == 0) | (image == 255)).any(axis=2)
    assert ends.any()
    assert not changes[ends].any()
    layout = container.image_carrier(image.transpose(2, 0, 1), None).layout(KEY)
    assert not changes.reshape(-1)[layout.frozen].any()
    assert hidden.payload == 8 * (hidden.rung_bytes + 18) / (40 * 48)
    assert hidden.scheme == f"{scheme}:luma"


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(8, 40), width=st.integers(20, 40), seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1),
    opaque=st.floats(0.5, 1), scheme=st.sampled_from(["lsb:luma", "hill:luma", None]),
)  # fmt: skip
def test_every_message_that_fits_comes_back(
    height: int, width: int, seed: int, share: float, opaque: float, scheme: str | None
) -> None:
    rng = np.random.default_rng(seed)
    image = cover(height, width, seed=seed, low=2, high=254)
    alpha = np.where(rng.random((height, width)) < opaque, 255, 7).astype(np.uint8)
    counting = 3 * int((alpha == 255).sum())
    fits = container.capacity_bytes(counting) if scheme is None else container.pixel_capacity_bytes(counting)
    message = rng.bytes(int(share * fits))
    if scheme_choice.together_bytes(image.transpose(2, 0, 1), alpha) < 0:
        return
    hidden = hide(image, message, KEY, scheme=scheme, alpha=alpha, allow_flat=True)
    assert reveal(hidden.stego, KEY, alpha=alpha) == message
    assert np.array_equal(hidden.stego[alpha != 255], image[alpha != 255])


def test_where_no_scheme_is_named_the_channels_change_together_as_long_as_the_message_fits() -> None:
    image = cover(low=2, high=254)
    most = container.pixel_capacity_bytes(image.size)
    for size, scheme in ((0, "hill:luma"), (most, "hill:luma"), (most + 1, "hill")):
        hidden = hide(image, os.urandom(size), KEY)
        assert hidden.scheme == scheme
    packed = bytes(3 * most)
    assert hide(image, packed, KEY, compress=True).scheme == "hill:luma"
    assert hide(image, packed, KEY).scheme == "hill"
    assert hide(image[:, :, 0], b"gray", KEY).scheme == "hill"


def test_a_gray_cover_is_embedded_as_without_the_option() -> None:
    gray = cover()[:, :, 0].copy()
    assert np.array_equal(hide(gray, b"x", KEY, scheme="hill:luma").stego, hide(gray, b"x", KEY, scheme="hill").stego)


def test_what_fits_is_exact_and_does_not_depend_on_the_key(tmp_path: Path) -> None:
    image = cover(low=3, high=250)
    most = container.pixel_capacity_bytes(image.size)
    for number in range(8):
        key = KeyFile(bytes([number]) * 32)
        assert reveal(hide(image, bytes(most), key, scheme="lsb:luma").stego, key) == bytes(most)
        with pytest.raises(DoesNotFit) as refusal:
            hide(image, bytes(most + 1), key, scheme="lsb:luma")
        assert refusal.value.reachable == most
    images.write(tmp_path / "cover.png", image.transpose(2, 0, 1))
    with pytest.raises(DoesNotFit, match="by hill:luma") as planned:
        hide_file(tmp_path / "cover.png", bytes(most + 1), KEY, tmp_path / "out.png", scheme="hill:luma")
    assert "use hill" in (planned.value.hint or "")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("side", range(10, 24))
def test_a_cover_too_small_for_an_empty_message_is_refused_before_a_key_is_asked_for(side: int) -> None:
    picture = Picture(cover(side, side, low=2, high=254).transpose(2, 0, 1), None, "PNG")
    for scheme in ("hill:luma", "hill", None):
        try:
            task = plan.picture_task("cover", picture, b"", Path("s.png"), HideSettings(scheme, allow_flat=True))
        except DoesNotFit as refusal:
            assert refusal.hint
            with pytest.raises(DoesNotFit):
                hide(picture.samples, b"", KEY, scheme=scheme, allow_flat=True, layout="chw")
        else:
            hidden = hide(picture.samples, b"", KEY, scheme=scheme, allow_flat=True, layout="chw")
            assert task.rung_bytes == hidden.rung_bytes


def test_the_plan_counts_as_the_sender_does() -> None:
    picture = Picture(cover(low=2, high=254).transpose(2, 0, 1), None, "PNG")
    for scheme in ("hill:luma", "hill", None):
        task = plan.picture_task("cover", picture, b"a message of some length", Path("s.png"), HideSettings(scheme))
        hidden = hide(picture.samples, b"a message of some length", KEY, scheme=scheme, layout="chw")
        assert (task.scheme, task.rung_bytes, task.payload) == (hidden.scheme, hidden.rung_bytes, hidden.payload)
        assert task.unit == ("sample" if scheme == "hill" else "pixel")
        assert task.capacity_bytes == container.capacity_bytes(picture.samples.size)


@pytest.mark.parametrize("scheme", [*(f"{name}:luma" for name in APART), "juniward:luma"])
def test_schemes_that_cannot_are_refused(scheme: str) -> None:
    with pytest.raises(InvalidSetting, match="does not change the channels of a pixel together") as refusal:
        plan.check_settings(HideSettings(scheme))
    assert "hill:luma" in (refusal.value.hint or "")


@pytest.mark.parametrize("scheme", ["hill:green", "nothing:luma", "hill:"])
def test_other_options_are_refused(scheme: str) -> None:
    with pytest.raises(InvalidSetting):
        plan.check_settings(HideSettings(scheme))
    with pytest.raises(InvalidSetting):
        hide(cover(), b"x", KEY, scheme=scheme)


def test_parts_of_a_message_come_back_from_pixels_and_samples_alike(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        images.write(path, cover(seed=number, low=2, high=254).transpose(2, 0, 1))
    for size in (120, 330):  # too much for the pixels of two
        made = hide_spread(paths, os.urandom(size), KEY, tmp_path / str(size), needed=2)
        assert {hidden.scheme for hidden in made} == {"hill:luma" if size == 120 else "hill"}
        stegos = [tmp_path / str(size) / path.name for path in paths]
        assert len(reveal_files(stegos[1:], KEY)) == size


def test_another_key_finds_nothing() -> None:
    with pytest.raises(NothingFound):
        reveal(hide(cover(), b"x", KEY, scheme="hill:luma").stego, KeyFile(bytes(32)))
