"""What a Python user writes in the first hour works, or ends in one sentence that says what to do."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import ssgan


def photograph() -> np.ndarray:
    """uint8 (H, W, 3), as Pillow, imageio and scikit-image give it."""
    rng = np.random.default_rng(1)
    return (128 + rng.normal(0, 5, (64, 80, 3)).cumsum(1)).clip(9, 240).astype(np.uint8)


def hide_in_a_pillow_image() -> None:
    key = ssgan.fresh_key()
    hidden = ssgan.hide(Image.fromarray(photograph()), "Meet me at nine", key)
    Image.fromarray(hidden.stego)
    assert ssgan.reveal(hidden.stego, key).decode() == "Meet me at nine"


def hide_in_a_gray_slice() -> None:
    gray = photograph()[::2, ::2, 1]
    key = ssgan.Passphrase("correct horse battery staple")
    assert ssgan.reveal(ssgan.hide(gray, b"x", key).stego, key) == b"x"


def hide_from_file_to_file() -> None:
    ssgan.write("cover.png", photograph())
    key = ssgan.fresh_key()
    ssgan.hide_file("cover.png", "hi", key, "stego.png")
    assert ssgan.reveal("stego.png", key) == ssgan.reveal_files(["stego.png"], key) == b"hi"


def ask_a_file_what_fits() -> None:
    ssgan.write("cover.png", photograph())
    assert ssgan.capacity("cover.png") == ssgan.capacity(photograph()) == ssgan.capacity(ssgan.read("cover.png"))


def simulate_and_compare() -> None:
    cover = photograph().astype(int)  # an array that went through arithmetic
    stego = ssgan.simulate(cover, "hill@0.4", seed=np.random.default_rng(1))
    found = ssgan.difference(cover, stego)
    assert found.largest == 1
    assert 0.02 < found.change_rate < 0.15


def look_at_costs() -> None:
    plus, minus = ssgan.costs(photograph(), "suniward")
    assert plus.shape == minus.shape == (64, 80, 3)
    ssgan.show(ssgan.costs(photograph())).save("costs.png")
    with Image.open("costs.png") as written:
        assert written.size[1] == 64


def sample_covers_and_train_a_detector() -> None:
    covers = ssgan.load_generator("faces64").sample(40, seed=1)
    stegos = ssgan.simulate(covers, "lsbr@1/plain", seed=1)
    detector = ssgan.Detector("spam/ridge").fit(covers[:30], stegos[:30])
    assert 0 <= detector.score(covers[30:], stegos[30:]) <= 1
    assert detector.predict_proba(stegos[30:]).shape == (10, 2)


def features_of_many() -> None:
    images: list[Any] = [photograph(), photograph()[:, ::-1], Image.fromarray(photograph())]
    assert ssgan.features(images, "spam").shape == (3, 686)


def ask_what_is_known_of_a_picture() -> None:
    found = ssgan.detect(photograph())
    assert found.verdict is not None
    assert found.verdict.verdict in ("cover", "stego", "inconclusive", "out of domain")
    assert "weighted-stego" in ssgan.estimate(photograph()).answers


def feed_a_network() -> None:
    pairs = ssgan.PairsDataset([photograph(), photograph()[::-1]], "lsb@0.4", seed=1)
    loader: Any = torch.utils.data.DataLoader(pairs, batch_size=2, shuffle=True)
    covers, stegos = next(iter(loader))
    assert covers.shape == stegos.shape == (2, 3, 64, 80)


LOOSE: Any = ssgan  # a user has no type checker
SNIPPETS = [
    hide_in_a_pillow_image, hide_in_a_gray_slice, hide_from_file_to_file, ask_a_file_what_fits, simulate_and_compare,
    look_at_costs, sample_covers_and_train_a_detector, features_of_many, ask_what_is_known_of_a_picture, feed_a_network,
]  # fmt: skip


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.__name__)
def test_a_snippet_of_a_user_works(snippet: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    snippet()


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (lambda: LOOSE.hide(photograph(), "hi", "my passphrase"), 'Passphrase("words")'),
        (lambda: LOOSE.hide(photograph() / 255, "hi", ssgan.fresh_key()), "round and clip"),
        (lambda: LOOSE.hide(photograph().astype(int) + 200, "hi", ssgan.fresh_key()), "0...255"),
        (lambda: LOOSE.hide(np.dstack([photograph(), photograph()[..., 0]]), "hi", ssgan.fresh_key()), "alpha="),
        (lambda: LOOSE.hide(Image.fromarray(photograph()).convert("RGBA"), "hi", ssgan.fresh_key()), 'convert("RGB")'),
        (lambda: LOOSE.hide(photograph()[None], "hi", ssgan.fresh_key()), "one image at a time"),
        (lambda: LOOSE.hide(photograph(), None, ssgan.fresh_key()), "bytes or text"),
        (lambda: LOOSE.capacity("nowhere.png"), "nowhere.png cannot be read"),
        (lambda: LOOSE.simulate(photograph(), "hill", seed=1), "hill@0.4"),
        (lambda: LOOSE.simulate(photograph(), "hill@0.4", seed="1"), "whole number"),
        (lambda: LOOSE.costs(photograph(), "hil"), "did you mean hill"),
        (lambda: LOOSE.features(photograph(), "dctr"), "JPEG"),
        (lambda: LOOSE.features([photograph(), photograph()[:9]]), "differ in shape"),
        (lambda: LOOSE.load_generator("faces65"), "faces65"),
        (lambda: LOOSE.load_generator("faces64").sample(0), "at least 1"),
        (lambda: LOOSE.detect("."), "is a folder"),
        (lambda: LOOSE.show(photograph(), photograph()[:9]), "pixels high"),
        (lambda: LOOSE.write("stego.jpg", photograph()), "png"),
    ],
)
def test_a_slip_of_a_user_ends_in_one_sentence(slip: Callable[[], object], words: str) -> None:
    with pytest.raises(ssgan.SsganError) as refusal:
        slip()
    said = f"{refusal.value} {refusal.value.hint}"
    assert words in said
    assert refusal.value.hint
    assert "\n" not in said


def test_results_print_well_and_show_themselves_in_a_notebook() -> None:
    key = ssgan.fresh_key()
    results: list[tuple[Any, str]] = [
        (ssgan.hide(photograph(), "hi <b>", key), "6 bytes, by hill"),
        (ssgan.costs(photograph()), "must not change"),
        (ssgan.inspect(photograph()), "samples changed"),
        (ssgan.inspect(photograph()[..., 0]), "PSNR"),
        (ssgan.detect(photograph()), "half of all images"),
        (ssgan.estimate(photograph()), "bits per sample"),
    ]
    for result, words in results:
        assert len(repr(result)) < 1500
        assert "array(" not in repr(result)
        shown = result._repr_html_()
        assert words in shown
        assert "<script" not in shown
        assert ("data:image/png;base64," in shown) == (not isinstance(result, type(ssgan.estimate(photograph()))))
        with pytest.raises(FrozenInstanceError):
            result.name = "other"


def test_a_large_picture_is_shown_small_and_names_are_escaped() -> None:
    from ssgan.views.cards import CARD_SIDE, card

    large = card("a <b>\x1b", {"<i>": "&"}, np.zeros((3, 40, 3 * CARD_SIDE), np.uint8))
    assert len(large) < 20_000
    assert "<b>\x1b" not in large
    assert "&lt;i&gt;" in large
    assert "&amp;" in large


def test_help_explains_each_argument_and_shows_an_example() -> None:
    import inspect

    for name in (
        "hide",
        "reveal",
        "capacity",
        "simulate",
        "costs",
        "features",
        "detect",
        "estimate",
        "inspect",
        "show",
        "write",
    ):
        function = getattr(ssgan, name)
        text = inspect.getdoc(function) or ""
        assert ">>> " in text, name
        for parameter in inspect.signature(function).parameters:
            assert parameter in text, f"{name}: {parameter}"


def test_help_of_the_package_begins_with_what_people_do() -> None:
    first = (ssgan.__doc__ or "").splitlines()[:24]
    for name in ("hide(", "reveal(", "sample(", "simulate(", "detect(", "Detector("):
        assert any(name in line for line in first), name
    shown = subprocess.run(
        [sys.executable, "-c", "import ssgan; help(ssgan)"], check=True, capture_output=True, text=True
    ).stdout
    assert "ssgan.hide(" in shown


def test_a_fitted_detector_survives_pickling_and_results_are_plain() -> None:
    covers = np.random.default_rng(1).normal(128, 0.8, (30, 1, 16, 16)).round().astype(np.uint8)
    detector = ssgan.Detector("spam/ridge").fit(covers, ssgan.simulate(covers, "lsb@1", seed=1))
    copy = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(copy.scores(covers), detector.scores(covers))
    json.dumps(detector.calibration.to_json())
