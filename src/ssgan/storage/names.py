"""Show and write the names of files, so that what a name holds never harms a terminal, a page or a table.

A name on POSIX is bytes. Where they are not UTF-8, Python hands them on as lone surrogates (PEP 383), which no strict encoder
takes; and a name may hold what steers a terminal. Four ways out, all here:

- `shown`, for people: a byte that is no UTF-8 is U+FFFD, and what would not be seen is an escape such as \\x1b;
- `written`, for tables and other text in UTF-8: a byte that is no UTF-8 is an escape such as \\xe9, so names stay apart;
- `name_bytes`, for digests and seeds: the bytes themselves, so that every name has a seed, and those in UTF-8 the usual one;
- `json_text`, for programs: a byte that is no UTF-8 is the escape \\udcXX, as Python's own json writes it, so that
  `os.fsencode` of what `json.loads` returns is the name on the disk.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

UNKNOWN = "\ufffd"  # in place of a byte that is no letter
_PLAIN = re.compile(r"[ -~]*")  # printable ASCII, nearly every name
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}  # controls, marks of direction, ends of lines and paragraphs
_SHAPING = "\u200c\u200d"  # joiners: several scripts and many emoji are wrong without them
_ESCAPED_BYTE = range(0xDC80, 0xDD00)  # PEP 383


def shown(text: str, *, keep: str = "") -> str:
    """Return `text` as it may be shown in one line; the controls in `keep` (say a line end) are unchanged."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_visible(letter, keep) for letter in text)


def written(text: str) -> str:
    """Return `text` such that UTF-8 can hold it: a byte of PEP 383 as \\xe9, any other lone surrogate as \\ud800."""
    if text.isascii():
        return text
    return "".join(_escape(letter) if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def json_text(value: Any, *, encoding: str = "utf-8") -> str:
    """Return `value` as JSON in one line, with escapes for invisible letters and those that `encoding` lacks."""
    text = json.dumps(value, ensure_ascii=False)
    if _PLAIN.fullmatch(text):
        return text
    return "".join(letter if _is_plain(letter, encoding) else json.dumps(letter)[1:-1] for letter in text)


def fitting(text: str, encoding: str) -> str:
    """Return `text` with a question mark for each letter that `encoding` lacks."""
    return text.encode(encoding, "replace").decode(encoding)


def name_bytes(name: str) -> bytes:
    """Return the bytes of a name: those of `os.fsencode` where names are UTF-8, the same on every machine."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate without a byte: Windows has such names
        return name.encode("utf-8", "surrogatepass")


def _is_plain(letter: str, encoding: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return letter in _SHAPING or unicodedata.category(letter) not in _UNSEEN


def _visible(letter: str, keep: str) -> str:
    if letter in keep or letter in _SHAPING:
        return letter
    if "\ud800" <= letter <= "\udfff":
        return UNKNOWN
    return _escape(letter) if unicodedata.category(letter) in _UNSEEN else letter


def _escape(letter: str) -> str:
    """Return the escape of a letter as in a Python string."""
    code = ord(letter)
    if code in _ESCAPED_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")  # of a lone surrogate, too
