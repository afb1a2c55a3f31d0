from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.embedding.catalog import SCHEMES
from ssgan.errors import DoesNotFit, InvalidSetting, RefusedImage
from ssgan.messages import container
from ssgan.messages.container import capacity
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile, Passphrase
from ssgan.messages.parts import HEAD_BYTES, MessagePart
from ssgan.messages.reveal import reveal, reveal_any

KEY = KeyFile(bytes(range(32)))
EACH = 125  # round trips a test, so that several processes can share them


@pytest.mark.parametrize("first", range(0, 2000, EACH))
def test_two_thousand_random_round_trips(first: int, round_trips: ModuleType) -> None:
    """`outcome` asserts: the message comes back from the file; no sample moved by two, none frozen or under alpha moved."""
    counts = round_trips.run(range(first, first + EACH))
    assert counts.total() == EACH
    assert counts["revealed"] > EACH / 2


def test_the_random_cases_are_of_all_kinds(round_trips: ModuleType) -> None:
    cases = [round_trips.make(seed) for seed in range(2000)]
    assert {case.scheme for case in cases} == set(SCHEMES)
    assert {case.image.shape[0] for case in cases} == {1, 3}
    assert {case.format for case in cases} == {"PNG", "BMP", "PGM", "PPM", "TIFF"}
    assert min(min(case.image.shape[1:]) for case in cases) == 32
    assert max(max(case.image.shape[1:]) for case in cases) > 480
    capacities = [capacity(case.image, alpha=case.alpha) for case in cases]
    assert sum(len(case.message) == 1 for case in cases) > 50
    assert sum(len(case.message) == capacity_bytes for case, capacity_bytes in zip(cases, capacities, strict=True)) > 100
    assert sum(case.alpha is not None for case in cases) > 300
    assert sum(isinstance(case.key, Passphrase) for case in cases) >= 5
    for texture in round_trips.TEXTURES:
        assert sum(texture in case.name for case in cases) > 100


def texture(kind: str, shape: tuple[int, int, int]) -> np.ndarray:
    rng = np.random.default_rng(8)
    return {
        "noise": rng.integers(0, 256, shape, dtype=np.uint8),
        "flat": np.full(shape, 93, dtype=np.uint8),
        "black": np.zeros(shape, dtype=np.uint8),
        "white": np.full(shape, 255, dtype=np.uint8),
        "black and white": (rng.integers(0, 2, shape) * 255).astype(np.uint8),
    }[kind]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["noise", "flat", "black", "white", "black and white"])
@pytest.mark.parametrize("shape", [(1, 19, 19), (1, 32, 33), (3, 21, 17), (1, 64, 64)], ids=str)
def test_the_capacity_is_exact_to_the_byte(scheme: str, kind: str, shape: tuple[int, int, int]) -> None:
    image = texture(kind, shape)
    capacity_bytes = capacity(image)
    samples = image.size
    assert capacity_bytes == (samples - min(256, max(64, samples // 32))) // 16 - 18
    message = np.random.default_rng(capacity_bytes).bytes(capacity_bytes)
    assert reveal(hide(image, message, KEY, scheme=scheme, allow_flat=True).stego, KEY) == message
    with pytest.raises(DoesNotFit, match=f"{capacity_bytes + 1} bytes do not fit") as refusal:
        hide(image, message + b"x", KEY, scheme=scheme, allow_flat=True)
    assert (refusal.value.reachable, refusal.value.unit) == (capacity_bytes, "bytes")
    assert refusal.value.hint


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 8, 8), (3, 5, 5), (1, 18, 19), (1, 20, 17)], ids=str)
def test_images_too_small_for_anything_say_so(shape: tuple[int, int, int]) -> None:
    """352 samples are the least that carry a container, with no byte in it; 368 carry one."""
    image = texture("noise", shape)
    assert capacity(image) == 0
    with pytest.raises(DoesNotFit, match="at most 0") as refusal:
        hide(image, b"x", KEY)
    assert refusal.value.reachable == 0


def test_the_least_image_carries_an_empty_message() -> None:
    image = texture("noise", (1, 16, 22))
    assert capacity(image) == 0
    assert reveal(hide(image, b"", KEY).stego, KEY) == b""
    with pytest.raises(DoesNotFit):
        hide(texture("noise", (1, 13, 27)), b"", KEY)


def test_pixels_under_alpha_count_for_nothing() -> None:
    image = texture("noise", (3, 40, 40))
    alpha = np.full((40, 40), 255, dtype=np.uint8)
    alpha[:20] = 254
    assert capacity(image, alpha=alpha) == capacity(image[:, 20:])
    message = bytes(capacity(image, alpha=alpha))
    hidden = hide(image, message, KEY, alpha=alpha)
    assert not hidden.changes[:, :20].any()
    assert hidden.changes[:, 20:].any()
    assert hidden.alpha is alpha
    assert reveal(hidden.stego, KEY, alpha=alpha) == message


def test_no_pixel_that_counts_is_no_room() -> None:
    image = texture("noise", (1, 40, 40))
    alpha = np.zeros((40, 40), dtype=np.uint8)
    assert capacity(image, alpha=alpha) == 0
    with pytest.raises(DoesNotFit):
        hide(image, b"", KEY, alpha=alpha)


@pytest.mark.parametrize("capacity_bytes", [0, 1, 19, 20, 21, 100])
def test_eighteen_bytes_are_not_the_senders(capacity_bytes: int) -> None:
    """An image of 16 (capacity_bytes + 18) carrying samples takes `capacity_bytes` bytes, and its stream has 18 more."""
    samples = 16 * (capacity_bytes + 18) + 64
    image = texture("noise", (1, 1, samples))
    assert capacity(image) == capacity_bytes
    hidden = hide(image, bytes(capacity_bytes), KEY)
    assert hidden.rung_bytes == capacity_bytes
    assert hidden.payload == 8 * (capacity_bytes + 18) / samples


@pytest.mark.parametrize("scheme", SCHEMES)
def test_figures_of_a_stego_are_what_they_say(scheme: str, cover: np.ndarray) -> None:
    hidden = hide(cover, b"a message of 31 bytes, no more.", KEY, scheme=scheme)
    changes = hidden.stego.astype(int) - cover
    assert np.array_equal(hidden.changes, changes)
    assert hidden.change_rate == np.mean(changes != 0) > 0
    assert hidden.message_bytes == 31
    assert (hidden.rung_bytes - 31) / 31 <= 0.12
    assert hidden.payload == 8 * (hidden.rung_bytes + 18) / cover.size
    assert hidden.scheme == scheme
    assert 0 <= hidden.split <= 16


def test_the_cover_given_is_left_as_it_was(cover: np.ndarray) -> None:
    kept = cover.copy()
    cover.setflags(write=False)
    hidden = hide(cover, b"message", KEY)
    assert np.array_equal(cover, kept)
    assert not np.shares_memory(hidden.stego, cover)


def test_adaptive_schemes_change_texture_rather_than_flat_parts() -> None:
    image = texture("noise", (1, 64, 64))
    image[:, :, 32:] = 120
    for scheme in ("hill", "wow", "suniward", "mipod", "hugo"):
        changes = hide(image, bytes(60), KEY, scheme=scheme).changes != 0
        assert changes[:, :, :28].sum() > 20 * changes[:, :, 36:].sum()


def test_the_same_message_in_the_same_cover_gives_the_same_stego(cover: np.ndarray) -> None:
    """No hidden draw: what a repeat tells an observer is that it is one."""
    one, two = (hide(cover, b"message", KEY).stego for _ in range(2))
    assert np.array_equal(one, two)


def test_packing_makes_room_and_says_how_much(cover: np.ndarray) -> None:
    message = b"the same words again, " * 40
    assert len(message) > capacity(cover)
    with pytest.raises(DoesNotFit):
        hide(cover, message, KEY)
    hidden = hide(cover, message, KEY, compress=True)
    assert hidden.message_bytes < 60
    assert reveal(hidden.stego, KEY) == message


@given(st.binary(max_size=60))
def test_packing_never_makes_longer(message: bytes) -> None:
    image = texture("noise", (1, 40, 40))
    hidden = hide(image, message, KEY, compress=True, scheme="lsb")
    assert hidden.message_bytes <= len(message)
    assert reveal(hidden.stego, KEY) == message


def test_a_part_of_a_message_is_hidden_as_one(cover: np.ndarray) -> None:
    for deflated in (False, True):
        part = MessagePart(b"identity", 1, 2, 3, 9, b"share", deflated)
        hidden = hide(cover, part, KEY)
        assert hidden.message_bytes == HEAD_BYTES + 5
        assert reveal_any(hidden.stego, KEY) == part


def test_covers_that_others_could_share_keys_with_are_refused() -> None:
    for image in (texture("flat", (1, 64, 64)), texture("black", (3, 64, 64))):
        with pytest.raises(RefusedImage, match="too flat") as refusal:
            hide(image, b"message", KEY)
        assert "texture" in refusal.value.hint
        assert reveal(hide(image, b"message", KEY, allow_flat=True).stego, KEY) == b"message"


@pytest.mark.parametrize(("side", "public", "ones", "taken"), [(94, 47, 13, False), (128, 64, 10, True)])
def test_forty_bits_are_the_least_to_a_fiftieth_of_a_bit(side: int, public: int, ones: int, taken: bool) -> None:
    """39.986 bits are too few, 40.02 are enough."""
    image = np.random.default_rng(2).integers(0, 256, (1, 64, side), dtype=np.uint8)
    samples = container.samples_of(image, None)
    frozen = container.public_places(container.shape_of(image, samples), len(samples))
    assert len(frozen) == public
    image.reshape(-1)[frozen] = 0
    image.reshape(-1)[frozen[:ones]] = 1
    if taken:
        hide(image, b"message", KEY, scheme="lsb")
    else:
        with pytest.raises(RefusedImage, match="too flat"):
            hide(image, b"message", KEY, scheme="lsb")


def test_the_flatness_is_shannons_entropy_of_the_public_samples() -> None:
    """Of 64 public samples a share p is 1, the rest 0: 64 h(p) bits, where h is the binary entropy."""
    base = np.zeros((1, 96, 96), dtype=np.uint8)
    samples = container.samples_of(base, None)
    frozen = container.public_places(container.shape_of(base, samples), len(samples))
    assert len(frozen) == 64
    base.reshape(-1)[np.setdiff1d(np.arange(96 * 96), frozen)] = np.random.default_rng(2).integers(0, 256, 96 * 96 - 64)
    outcomes = {}
    for ones in range(1, 20):
        image = base.copy()
        image.reshape(-1)[frozen[:ones]] = 1
        p = ones / 64
        entropy = -64 * (p * np.log2(p) + (1 - p) * np.log2(1 - p))
        try:
            hide(image, b"message", KEY, scheme="lsb")
            outcomes[ones] = True
        except RefusedImage:
            outcomes[ones] = False
        assert outcomes[ones] == (entropy >= 40)  # written here, not taken from where it is
    assert set(outcomes.values()) == {False, True}


def test_an_unknown_scheme_is_a_mistake_of_the_caller(cover: np.ndarray) -> None:
    with pytest.raises(InvalidSetting, match="sepia"):
        hide(cover, b"message", KEY, scheme="sepia")


def test_no_error_repeats_the_message_or_the_key(cover: np.ndarray) -> None:
    secret = b"canary" * 100
    for given_key in (KEY, Passphrase("canary words")):
        with pytest.raises(DoesNotFit) as refusal:
            hide(cover, secret, given_key)
        assert "canary" not in str(refusal.value) + refusal.value.hint
