"""Recognize what bytes begin: known kinds of files, by signatures.

Behind an end a short signature is telling; among last bits, where a thousand places are tried, only one that chance gives once
in 2^40 is (`certain=True`): a longer signature, or a short one with header fields that have few values.
"""

from __future__ import annotations

import re

# Beginning → what begins so. The second list is of those whose bytes are at least 40 bits that are no chance.
_SHORT = {
    b"PK\x03\x04": "a ZIP archive", b"Rar!": "a RAR archive", b"7z\xbc\xaf": "a 7z archive", b"\x1f\x8b\x08": "a gzip archive",
    b"BZh": "a bzip2 archive", b"\xff\xd8\xff": "a JPEG", b"GIF8": "a GIF", b"RIFF": "a RIFF file", b"%PDF": "a PDF",
    b"ID3": "an MP3", b"OggS": "an Ogg file", b"\x7fELF": "a program (ELF)", b"MZ\x90\x00": "a program (Windows)",
    b"#!/": "a script",
}  # fmt: skip
_CERTAIN = (
    # Version, flags and method of a local header have few values.
    (rb"PK\x03\x04[\x0a-\x3f]\x00.[\x00\x08](?:\x00|\x08|\x09|\x0c|\x0e|\x5d|\x63)\x00", "a ZIP archive"),
    (rb"PK\x05\x06\x00{4}", "an empty ZIP archive"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (rb"Rar!\x1a\x07[\x00\x01]", "a RAR archive"),
    (rb"\x1f\x8b\x08[\x00\x08].{4}[\x00\x02\x04][\x00-\x0d\xff]", "a gzip archive"),
    (rb"BZh[1-9]1AY&SY", "a bzip2 archive"),
    (rb"\xfd7zXZ\x00", "an xz archive"),
    (rb".{257}ustar", "a tar archive"),
    (rb"\x89PNG\r\n\x1a\n", "a PNG"),
    (rb"\xff\xd8\xff(?:[\xe0\xe1]..(?:JFIF|Exif)|\xdb\x00[\x43\x84]\x00)", "a JPEG"),
    (rb"GIF8[79]a", "a GIF"),
    (rb"RIFF.{4}(?:WAVE|AVI |WEBP)", "a RIFF file"),
    (rb".{4}ftyp(?:isom|iso[2-6]|mp4[12]|M4[AV] |qt  |avi[fs]|hei[cx]|mif1|3gp.)", "a video or HEIC file"),
    (rb"%PDF-[12]\.", "a PDF"),
    (rb"ID3[\x02-\x04]\x00[\x00\x40\x80\xc0][\x00-\x7f]{4}", "an MP3"),
    (rb"OggS\x00[\x02\x00]\x00{4}", "an Ogg file"),
    (rb"SQLite format 3", "a database (SQLite)"),
    (rb"\x7fELF[\x01\x02][\x01\x02]\x01", "a program (ELF)"),
    (rb"Salted__", "data encrypted by OpenSSL"),
    (rb"age-encryption\.org/", "a file encrypted by age"),
    (rb"OPENSTEGO[\x01\x02]", "OpenStego's header"),
)
_CERTAIN_PATTERN = re.compile(b"|".join(b"(%s)" % pattern for pattern, _ in _CERTAIN), re.DOTALL)


def what_begins(data: bytes, *, certain: bool = False) -> str:
    """Return the kind of file that `data` is the beginning of, in words such as "a ZIP archive"; "" for none that is known."""
    match = _CERTAIN_PATTERN.match(data)
    if match is not None and match.lastindex is not None:
        return _CERTAIN[match.lastindex - 1][1]
    return "" if certain else next((what for magic, what in _SHORT.items() if data.startswith(magic)), "")
