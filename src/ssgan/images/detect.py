"""Detect the format of bytes, whatever the file's name: signature → the function that reads its header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from ssgan.errors import RefusedImage
from ssgan.images.formats import bmp, gif, jpeg, netpbm, png, tiff, webp
from ssgan.images.header import MAX_FILE_BYTES, Header

JPEG_SIGNATURE = b"\xff\xd8\xff"

READERS: dict[str, Callable[[bytes], Header]] = {
    "PNG": png.walk,
    "BMP": bmp.walk,
    "netpbm": netpbm.walk,
    "TIFF": tiff.walk,
    "WebP": webp.read_header,
    "JPEG": jpeg.walk,
    "GIF": gif.read_header,
}
# Suffix → the formats that may carry it.
READ_SUFFIXES = {
    ".png": ("PNG",),
    ".apng": ("PNG",),
    ".bmp": ("BMP",),
    ".dib": ("BMP",),
    ".pgm": ("PGM",),
    ".ppm": ("PPM",),
    ".pbm": ("PBM",),
    ".pnm": ("PGM", "PPM", "PBM"),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".webp": ("WebP",),
    ".jpg": ("JPEG",),
    ".jpeg": ("JPEG",),
    ".jpe": ("JPEG",),
    ".jfif": ("JPEG",),
    ".gif": ("GIF",),
}
JPEG_SUFFIXES = tuple(suffix for suffix, formats in READ_SUFFIXES.items() if "JPEG" in formats)
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (JPEG_SIGNATURE, "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
)
# Signatures that get a better answer than "not an image".
_BRANDS = {  # four bytes behind "ftyp" → what such a file is
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1"): "a HEIC photograph, as iPhones take them",
    (b"avif", b"avis"): "an AVIF picture",
}
_NOT_READ = (
    (b"II+\0", "a BigTIFF file"),
    (b"MM\0+", "a BigTIFF file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file"),
    (b"8BPS", "a Photoshop file"),
    (b"v/1\x01", "an OpenEXR file"),
    (b"#?RADIANCE", "a Radiance file"),
    (b"P7", "a PAM file"),
    (b"Pf", "a floating-point PFM file"),
    (b"PF", "a floating-point PFM file"),
    (b"\0\0\x01\0", "an icon file"),
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


def inspect(data: bytes, name: str = "") -> Header:
    """Return the Header of a whole file; the suffix of `name`, where known, must agree with the bytes.

    Raises RefusedImage for what is not an image we read, and for an image beyond the limits.
    """
    if not data:
        raise RefusedImage("the file is empty", hint="get a whole copy of the file")
    if len(data) > MAX_FILE_BYTES:
        raise RefusedImage(f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB", hint="cut it into smaller images")
    header = READERS[_recognize(data)](data)
    suffix = PurePath(name).suffix.lower()
    if header.format not in READ_SUFFIXES.get(suffix, (header.format,)):
        raise RefusedImage(f"the file is called {suffix} but is a {header.format} file", hint="rename it to what it is")
    return header


def format_of(data: bytes) -> str:
    """Return the format that a file's first bytes say, "" for none that is read; PBM, PGM and PPM together are "netpbm"."""
    for signature, format_name in _SIGNATURES:
        if data.startswith(signature):
            return format_name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[:1] == b"P" and data[1:2] in (b"1", b"2", b"3", b"4", b"5", b"6") and data[2:3] in b" \t\r\n\v\f#":
        return "netpbm"
    return ""


def _recognize(data: bytes) -> str:
    if format_name := format_of(data):
        return format_name
    what = next((what for signature, what in _NOT_READ if data.startswith(signature)), "no image of a format that is read")
    hint = "save it as an 8-bit gray or RGB PNG first"
    if data[4:8] == b"ftyp":
        what = next(
            (words for brands, words in _BRANDS.items() if data[8:12] in brands), "a video, or a picture in a video's format"
        )
        hint = "export it as a JPEG or PNG first; a JPEG can carry a message as well"
    raise RefusedImage(f"the file is {what}", hint=hint)
