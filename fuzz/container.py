"""Any bytes to all that reads what a key opens: images, sealed bodies, parts, key files; and any small image as a cover.

The first byte says which of them the others are for. Behind the seal only holders of the key can be malicious, or mistaken; a
reader must not trip over them either: nothing but the errors of the family may come out.
"""

from __future__ import annotations

import contextlib

import numpy as np

from ssgan.errors import DoesNotFit, Incomplete, InvalidSetting, NothingFound
from ssgan.messages import container
from ssgan.messages.container import KINDS, SPLITS
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile, parse_key_file
from ssgan.messages.parts import MessagePart, parse_part
from ssgan.messages.reveal import reveal, reveal_any
from ssgan.messages.spread import gather

KEY = KeyFile(bytes(range(32)))
SEED_MESSAGE = b"message"
_VALUES = np.random.default_rng(3).integers(0, 256, 24 * 24, dtype=np.uint8)


def check(data: bytes) -> None:
    """Raises where something other than the family's errors comes out, or something else than went in."""
    if len(data) > 4:
        (read_image, open_body, join_parts, read_key_file, use_cover)[data[0] % 5](data[1:])


def read_image(data: bytes) -> None:
    """Samples hold the one message that a seed has, or nothing."""
    image = _image(data)
    with contextlib.suppress(NothingFound):
        assert reveal_any(image, KEY, alpha=_alpha(data, image)) == SEED_MESSAGE, "a message that nobody hid"


def open_body(data: bytes) -> None:
    """A body sealed with the key is read by the rules for its kind, or is nothing."""
    layout = container.keyed_layout(container.shape_of(_VALUES.reshape(1, 24, 24), _VALUES), _VALUES, KEY)
    kind, split, body = KINDS[data[0] % len(KINDS)], data[1] % len(SPLITS), data[2:]
    length = next((rung for rung in layout.rungs if rung >= len(body)), layout.rungs[-1])
    found = container.unseal(layout, container.seal(layout, body[:length].ljust(length, b"\0"), split, kind), split)
    assert found is None or isinstance(found, MessagePart) == bool(kind & container.PART), "another kind than was sealed"


def join_parts(data: bytes) -> None:
    """Bodies cut from the data are parts or nothing; parts give bytes or one of the family's errors."""
    size = 15 + data[0] % 16
    bodies = [data[1 + i : 1 + i + size] for i in range(0, min(len(data), 12 * size), size)]
    parts = [part for body in bodies if (part := parse_part(body, deflated=bool(data[0] & 64))) is not None]
    assert all(part.body() in bodies for part in parts), "a part that comes back as another"
    with contextlib.suppress(NothingFound, Incomplete, InvalidSetting):
        gather(parts)


def read_key_file(data: bytes) -> None:
    """A text is a key file or a mistake."""
    with contextlib.suppress(InvalidSetting):
        key = parse_key_file(data.decode("latin-1"))
        assert parse_key_file(key.text()).secret == key.secret, "a key that comes back as another"


def use_cover(data: bytes) -> None:
    """Any image takes what its capacity says, and gives it back; a byte more is refused."""
    image = _image(data)
    alpha = _alpha(data, image)
    capacity_bytes = container.capacity(image, alpha=alpha)
    message = data[: min(capacity_bytes, data[2])]
    try:
        stego = hide(image, message, KEY, scheme="lsb", alpha=alpha, compress=bool(data[0] & 32), allow_flat=True).stego
    except DoesNotFit as refusal:
        assert refusal.reachable == capacity_bytes == 0, "refused what fits"
        return
    assert reveal(stego, KEY, alpha=alpha) == message, "another message"
    assert np.abs(stego.astype(int) - image).max() <= 1, "a sample moved by more than one"


def seeds() -> list[bytes]:
    """A few inputs for each of the five, well formed where there is a form."""
    rng = np.random.default_rng(2)
    image = hide(_VALUES.reshape(1, 24, 24), SEED_MESSAGE, KEY, scheme="lsb").stego.tobytes()
    parts = [MessagePart(b"identity", i, 2, 3, 20, rng.bytes(10)).body() for i in range(3)]
    bodies = [
        bytes([k, 3]) + body for k in range(8) for body in (b"text\x80", container.deflate(b"text"), parts[0], rng.bytes(20))
    ]
    covers = [bytes([c, side, 9]) + rng.bytes(60) for c in (0, 1, 32, 64) for side in (1, 19, 24)]
    inputs = {
        0: [*covers, b"\0\x17\x17" + image],
        1: bodies,
        2: [b"\x0a" + b"".join(parts)],
        3: [KEY.text().encode()],
        4: covers,
    }
    return [bytes([kind]) + data for kind, those in inputs.items() for data in those]


def _image(data: bytes) -> np.ndarray:
    """uint8 (C, H, W): its kind and sides (up to 32) from the first three bytes, values from the others, repeated."""
    channels = 3 if data[0] & 1 else 1
    height, width = 1 + data[1] % 32, 1 + data[2] % 32
    return np.resize(np.frombuffer(data[3:] or data, dtype=np.uint8), (channels, height, width))


def _alpha(data: bytes, image: np.ndarray) -> np.ndarray | None:
    if not data[0] & 64:
        return None
    return np.where(np.resize(np.frombuffer(data, dtype=np.uint8), image.shape[1:]) & 3 == 0, 254, 255).astype(np.uint8)
