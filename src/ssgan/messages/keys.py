"""Derive keys for one image from a passphrase or a key file (docs/format.md, 3 and 4).

Salts are read off samples that no writer changes, so every image has its own keys and nothing is stored for them. The first
salt is public; with the key it gives the positions of the samples of the second salt, which therefore differ from image to
image, for passphrases and key files alike. A passphrase costs Argon2id once an image; a key file is strong already.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from ssgan.errors import InvalidSetting

SECRET_BYTES = 32
ROOT_BYTES = 64
_PREFIX = "SSGAN-KEY-1-"
_MARK = "\ufeff"  # the byte order mark that some editors put before a text


@dataclass(frozen=True)
class Passphrase:
    """Words that both sides know. `strong` takes 2 GiB of memory in place of 64 MiB, against guessing.

    A byte order mark before the words is no part of them: it comes from an editor, and cannot be seen.
    """

    text: str
    strong: bool = False

    mode = b"passphrase"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.removeprefix(_MARK))
        if not self.text:
            raise InvalidSetting("the passphrase is empty", hint="give the words that both sides know")

    def __repr__(self) -> str:
        return f"Passphrase(<hidden>, strong={self.strong})"

    def first_root(self, salt: bytes) -> bytes:
        """Return 64 bytes by Argon2id (RFC 9106)."""
        memory, passes = (2 << 20, 1) if self.strong else (64 << 10, 3)
        kdf = Argon2id(salt=salt, length=ROOT_BYTES, iterations=passes, lanes=4, memory_cost=memory)
        return kdf.derive(unicodedata.normalize("NFC", self.text).encode())


@dataclass(frozen=True)
class KeyFile:
    """32 random bytes that both sides hold as a file."""

    secret: bytes

    mode = b"key file"

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise InvalidSetting(
                f"the key has {len(self.secret)} bytes; it must have {SECRET_BYTES}", hint="make one with ssgan keygen"
            )

    def __repr__(self) -> str:
        return "KeyFile(<hidden>)"

    def first_root(self, salt: bytes) -> bytes:
        """Return 64 bytes by HKDF-Extract."""
        return HKDF.extract(SHA512(), salt, self.secret)

    def text(self) -> str:
        """Return the content of the file."""
        return f"# secret: whoever has this reads your messages\n{_PREFIX}{self.secret.hex()}\n"


Key = Passphrase | KeyFile


def frozen_key(first_root: bytes) -> bytes:
    """Return the 32 bytes that choose the frozen samples of one image that are not public."""
    return expand(first_root, b"ssgan/1/frozen", 32)


def expand(root: bytes, label: bytes, size: int) -> bytes:
    """Return `size` bytes from a root by HKDF-Expand with SHA-512."""
    return HKDFExpand(SHA512(), size, label).derive(root)


def final_root(first_root: bytes, salt: bytes) -> bytes:
    """Return 64 bytes that depend on all frozen samples: on the public ones by the first root, on the others by the second
    salt.
    """
    return HKDF.extract(SHA512(), salt, first_root)


def check_key(key: object) -> None:
    """Raise InvalidSetting for anything that is no key, such as a bare string."""
    if isinstance(key, Passphrase | KeyFile):
        return
    hint = "make one with fresh_key(), or read a key file with parse_key_file(text)"
    if isinstance(key, str):
        hint = 'write Passphrase("words"), or make a key with fresh_key()'
    raise InvalidSetting(f"a key is a Passphrase or a KeyFile, not {_kind(key)}", hint=hint)


def as_message(message: object) -> bytes:
    """Return a message as bytes, text as UTF-8. Raises InvalidSetting for other types."""
    if isinstance(message, str):
        try:
            return message.encode()
        except UnicodeEncodeError:  # half a letter, as from a name that is no UTF-8
            raise InvalidSetting("the message is no text that UTF-8 can hold", hint="give it as bytes") from None
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(message)
    raise InvalidSetting(f"a message is bytes or text, not {_kind(message)}", hint="give bytes, or a str for UTF-8")


def _kind(value: object) -> str:
    return f"a {type(value).__name__}" if value is not None else "nothing"


@dataclass(frozen=True, repr=False)
class Subkeys:
    """The keys derived from one image's root."""

    order: bytes
    probe: bytes
    seal: bytes
    code: bytes

    @classmethod
    def of(cls, root: bytes, label: bytes = b"ssgan/1/") -> Subkeys:
        """Derive them by HKDF-Expand, with a label each that begins with `label`."""
        sizes = {"order": 32, "probe": 32, "seal": 64, "code": 32}
        return cls(**{name: expand(root, label + name.encode(), size) for name, size in sizes.items()})


def fresh_key() -> KeyFile:
    """Return a new key from the operating system's random source."""
    return KeyFile(secrets.token_bytes(SECRET_BYTES))


def parse_key_file(text: str) -> KeyFile:
    """Return the key in the text of a key file. Raises InvalidSetting where there is none."""
    text = text.removeprefix(_MARK)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = re.fullmatch(_PREFIX + "([0-9a-fA-F]{64})", lines[0]) if len(lines) == 1 else None
    if found is None:
        raise InvalidSetting(
            "this is not a key file", hint=f"give a file with one line, {_PREFIX} and 64 hexadecimal digits, beside comments"
        )
    return KeyFile(bytes.fromhex(found[1]))
