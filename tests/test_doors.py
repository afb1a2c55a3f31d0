"""Every public function of an image takes it in every kind, layout and type, and answers the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import ssgan

KEY = ssgan.KeyFile(bytes(32))


def picture(channels: int = 3, height: int = 52, width: int = 44) -> np.ndarray:
    """Neighbors differ by little, as in a photograph: uint8 (C, H, W)."""
    rng = np.random.default_rng(channels)
    return (128 + rng.normal(0, 6, (channels, height, width)).cumsum(-1)).clip(9, 240).astype(np.uint8)


@cache
def detector() -> ssgan.Detector:
    covers = np.stack([np.roll(picture(), shift, axis=2) for shift in range(24)])
    return ssgan.Detector("spam/ridge").fit(covers, ssgan.simulate(covers, "lsb@1", seed=1))


def plain(samples: np.ndarray) -> np.ndarray:
    """Return a result with the axes of an image as (C, H, W)."""
    if samples.ndim == 2:
        return samples[None]
    return samples if samples.shape[0] in (1, 3) else samples.transpose(2, 0, 1)


# Public name → its answer for an image, the same however the image is held.
DOORS: dict[str, Callable[[Any], Any]] = {
    "as_image": ssgan.as_image,
    "as_images": ssgan.as_images,
    "hide": lambda image: plain(ssgan.hide(image, "ho", KEY).stego),
    "reveal": lambda image: ssgan.reveal(image, KEY),
    "capacity": ssgan.capacity,
    "simulate": lambda image: plain(ssgan.simulate(image, "hill@0.4", seed=1)),
    "costs": lambda image: [plain(rho) for rho in ssgan.costs(image, "hill")],
    "features": lambda image: ssgan.features(image, "spam"),
    "detect": lambda image: vars(ssgan.detect(image))["verdict"],
    "estimate": lambda image: ssgan.estimate(image).answers,
    "inspect": lambda image: [ssgan.inspect(image, "hill@0.4", seed=1).stego, ssgan.inspect(image).deflection],
    "difference": lambda image: ssgan.difference(image, picture(len(ssgan.as_image(image)))),
    "show": lambda image: np.asarray(ssgan.show(image)),
    "Detector.scores": lambda image: detector().scores(image),
    "Detector.predict": lambda image: detector().predict(image),
    "Detector.predict_proba": lambda image: detector().predict_proba(image),
    "Detector.score": lambda image: detector().score(image, image),
    "Detector.p_e": lambda image: detector().p_e(image, image),
    "Ledger.knows": lambda image: ssgan.Ledger(Path("/nowhere")).knows(image),
}
# They take images, and their effects are looked at elsewhere: what is written, learned or recorded.
EFFECTS = {"write", "Detector.fit", "Ledger.digest", "Ledger.mark"}


def taking_images() -> Iterator[str]:
    """Yield the public functions, and the methods of public classes, with a parameter for an image."""
    for name in ssgan.__all__:
        found = getattr(ssgan, name)
        members = {name: found}
        if inspect.isclass(found):
            members = {f"{name}.{key}": member for key, member in vars(found).items() if not key.startswith("_")}
        for where, member in members.items():
            hints = getattr(getattr(member, "__func__", member), "__annotations__", {})
            if any("AnyImage" in str(hint) for parameter, hint in hints.items() if parameter != "return"):
                yield where


def held(samples: np.ndarray, folder: Path) -> dict[str, Any]:
    """Every way to hold samples uint8 (C, H, W)."""
    last = np.ascontiguousarray(samples.transpose(1, 2, 0))
    wide = np.zeros((len(samples), 2 * samples.shape[1], 3 * samples.shape[2]), np.uint8)
    wide[:, ::2, ::3] = samples
    frozen = samples.copy()
    frozen.setflags(write=False)
    path = folder / "image.png"
    ssgan.write(path, samples, overwrite=True)
    ways: dict[str, Any] = {
        "(C, H, W)": samples,
        "(H, W, C)": last,
        "Fortran": np.asfortranarray(samples),
        "every second": wide[:, ::2, ::3],
        "flipped": np.ascontiguousarray(samples[:, ::-1, ::-1])[:, ::-1, ::-1],
        "read-only": frozen,
        "PIL": Image.fromarray(last[..., 0] if len(samples) == 1 else last),
        "torch": torch.from_numpy(samples.copy()),
        "torch, strided": torch.from_numpy(last.copy()).permute(2, 0, 1),
        "torch of int64": torch.from_numpy(samples.astype(np.int64)),
        "Picture": ssgan.read(path),
        "path": path,
        "str": str(path),
    }
    if len(samples) == 1:
        ways |= {"(H, W)": samples[0], "torch (H, W)": torch.from_numpy(samples[0].copy())}
    return ways | {dtype: samples.astype(dtype) for dtype in ("int16", "uint16", ">i4", "int64", "uint64")}


def same(one: Any, other: Any) -> None:
    if isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other or str(one) == str(other)  # nan is nan


def test_every_function_of_an_image_is_known_here() -> None:
    assert set(taking_images()) == set(DOORS) | EFFECTS


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("door", DOORS)
def test_every_door_answers_the_same_for_every_kind(door: str, channels: int, tmp_path: Path) -> None:
    if door.startswith("Detector") and channels == 1:
        pytest.skip("the detector learned from color images")
    samples = ssgan.hide(picture(channels), "hi", KEY).stego
    expected = DOORS[door](samples.copy())
    if door in ("simulate", "hide"):
        assert not np.array_equal(expected, samples)
    for way, image in held(samples, tmp_path).items():
        try:
            same(DOORS[door](image), expected)
        except AssertionError as error:
            raise AssertionError(f"{door} of {way}") from error


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"show"}))
def test_every_door_refuses_what_is_no_image_in_one_sentence(door: str) -> None:
    for junk in (
        np.zeros((40, 44, 3)),
        np.full((40, 44), 300),
        np.zeros((40, 44, 4), np.uint8),
        None,
        7,
        np.zeros(5, np.uint8),
    ):
        with pytest.raises(ssgan.InvalidSetting) as refusal:
            DOORS[door](junk)
        assert refusal.value.hint
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("axes", ["hw", "chw", "hwc"])
def test_what_comes_back_has_the_axes_of_what_was_given(axes: str) -> None:
    image = {"hw": picture(1)[0], "chw": picture(3), "hwc": picture(3).transpose(1, 2, 0)}[axes]
    assert ssgan.simulate(image, "lsb@0.4", seed=1).shape == image.shape
    assert ssgan.costs(image).plus.shape == image.shape
    assert ssgan.hide(image, "hi", KEY).stego.shape == image.shape


def test_batches_keep_their_kind_and_axes_and_equal_single_images() -> None:
    covers = np.stack([picture(3), picture(3)[:, ::-1]])
    stegos = ssgan.simulate(covers, "hill@0.4", seed=3)
    assert isinstance(stegos, np.ndarray)
    last = ssgan.simulate(covers.transpose(0, 2, 3, 1), "hill@0.4", seed=3)
    np.testing.assert_array_equal(last.transpose(0, 3, 1, 2), stegos)
    tensors = ssgan.simulate(torch.from_numpy(covers), "hill@0.4", seed=3)
    assert torch.equal(tensors, torch.from_numpy(stegos))
    np.testing.assert_array_equal(ssgan.simulate(covers[0], "hill@0.4", seed=3), stegos[0])
    with pytest.raises(ssgan.InvalidSetting, match="list"):
        ssgan.simulate(list(covers), "hill@0.4", seed=3)  # type: ignore[arg-type]
    np.testing.assert_array_equal(ssgan.features(list(covers)), ssgan.features(covers))
    np.testing.assert_array_equal(ssgan.features(covers)[1], ssgan.features(covers[1]))


def test_costs_are_those_of_an_embedder() -> None:
    image = np.where(np.arange(44) < 5, 255, picture(3))
    image[:, :, 40:] = 0
    covers = torch.from_numpy(image[None].astype(np.uint8))
    for scheme in ssgan.SCHEMES:
        found = ssgan.costs(image, scheme)
        expected = ssgan.Embedder(scheme, 0.4, "plain" if scheme == "lsbr" else "bound").costs(covers)
        for mine, own in zip(found, expected, strict=True):
            np.testing.assert_array_equal(mine, own[0].numpy())
    assert ssgan.costs(image, "hill").wet_share == 0
    with pytest.raises(ssgan.InvalidSetting, match="did you mean|no scheme"):
        ssgan.costs(image, "hil")
