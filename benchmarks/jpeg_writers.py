"""Ask of each program that writes JPEGs how many of its files are taken as covers: `python benchmarks/jpeg_writers.py --write`.

Each writes the same pictures in its usual ways. A file is a cover if it comes back byte for byte; a message is then hidden and
revealed. Programs that are not installed are left out: cjpeg and jpegtran (libjpeg-turbo-progs), jpegoptim, ImageMagick, the
Python packages jpeglib (old libjpegs and mozjpeg) and mozjpeg-lossless-optimization, the browser Chromium.
"""

from __future__ import annotations

import argparse
import base64
import csv
import io
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import skimage
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import check_cover, read_coefficients
from ssgan.messages.files import hide_content, reveal_files
from ssgan.messages.keys import KeyFile
from ssgan.messages.plan import HideSettings

KEY, MESSAGE = KeyFile(bytes(range(32))), b"Meet me at nine."
RESULTS = Path(__file__).resolve().parents[1] / "results" / "jpeg-writers.csv"
EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0"
Writer = Callable[[Image.Image], bytes]


def pictures() -> list[Image.Image]:
    """Photographs of several sizes, in color and gray."""
    color, gray = skimage.data.astronaut(), skimage.data.camera()
    sizes = ((512, 512), (301, 200), (64, 100), (255, 129))
    return [Image.fromarray(color[20 : 20 + h, 30 : 30 + w]) for w, h in sizes] + [Image.fromarray(gray[:200, :333])]


def by_pillow(**settings: Any) -> Writer:
    """Pillow with these settings."""

    def write(picture: Image.Image) -> bytes:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", **settings)
        return stream.getvalue()

    return write


def by_command(*words: str, source: str = "in.ppm") -> Writer:
    """A program that reads `source` and writes out.jpg in its folder."""

    def write(picture: Image.Image) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            picture.save(Path(folder) / source)
            subprocess.run(words, cwd=folder, check=True, capture_output=True)
            return (Path(folder) / "out.jpg").read_bytes()

    return write


def by_jpeglib(version: str, *, progressive: bool = False) -> Writer:
    """One of the libraries that jpeglib carries."""
    import jpeglib

    def write(picture: Image.Image) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "out.jpg")
            pixels = np.atleast_3d(np.asarray(picture))
            flags = ["+PROGRESSIVE_MODE"] if progressive else []
            with jpeglib.version(version):
                jpeglib.from_spatial(pixels).write_spatial(path, qt=80, flags=flags)
            return Path(path).read_bytes()

    return write


def phone(picture: Image.Image) -> bytes:
    """As a phone writes: EXIF with a thumbnail, standard tables, 4:2:2."""
    small = by_pillow(quality=70)(picture.resize((80, 60)))
    # IFD0 with an orientation, IFD1 with the thumbnail's place and length.
    head = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\x1a\0\0\0"
    second = b"\x02\0\x01\x02\x04\0\x01\0\0\0" + (56).to_bytes(4, "little")
    second += b"\x02\x02\x04\0\x01\0\0\0" + len(small).to_bytes(4, "little") + b"\0\0\0\0"
    return by_pillow(quality=93, subsampling=1, exif=b"Exif\0\0" + head + second + small)(picture)


def by_browser(program: str, *quality: float) -> Writer:
    """A page that draws the picture on a canvas and asks for a JPEG, of this quality or of the browser's own."""
    asked = ", ".join(["'image/jpeg'", *map(str, quality)])

    def write(picture: Image.Image) -> bytes:
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        given = base64.b64encode(stream.getvalue()).decode()
        page = f"""<body><script>const i = new Image(); i.onload = () => {{ const c = document.createElement('canvas');
            c.width = i.width; c.height = i.height; c.getContext('2d').drawImage(i, 0, 0);
            document.body.textContent = c.toDataURL({asked}) + ' '; }}; i.src = 'data:image/png;base64,{given}';</script>"""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.html"
            path.write_text(page)
            words = [program, "--headless", "--no-sandbox", "--virtual-time-budget=5000", "--dump-dom", path.as_uri()]
            shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return base64.b64decode(shown.partition("data:image/jpeg;base64,")[2].split()[0])

    return write


def with_segment(marker: int, body: bytes) -> Writer:
    """A phone's file with another segment after its beginning."""

    def write(picture: Image.Image) -> bytes:
        data = phone(picture)
        return data[:2] + bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body + data[2:]

    return write


def writers() -> Iterator[tuple[str, Writer]]:
    """Yield names and functions of all that is installed here."""
    pillow = f"Pillow {PIL.__version__}"
    kinds: dict[str, dict[str, Any]] = {
        "as it is": {}, "quality 95, 4:4:4": {"quality": 95, "subsampling": 0}, "optimized": {"optimize": True},
        "progressive": {"progressive": True}, "restart markers": {"restart_marker_rows": 1},
        "like a website (progressive, quality 82)": {"quality": 82, "progressive": True, "optimize": True},
    }  # fmt: skip
    for name, settings in kinds.items():
        yield f"{pillow}, {name}", by_pillow(**settings)
    if shutil.which("cjpeg"):
        yield "cjpeg (libjpeg-turbo)", by_command("cjpeg", "-outfile", "out.jpg", "in.ppm")
        for option in ("-optimize", "-progressive", "-arithmetic"):
            yield f"cjpeg (libjpeg-turbo) {option}", by_command("cjpeg", option, "-outfile", "out.jpg", "in.ppm")
    if shutil.which("jpegtran"):
        for option in ("-optimize", "-progressive", "-arithmetic"):
            name = f"jpegtran (libjpeg-turbo) {option}"
            yield name, by_command("jpegtran", option, "-outfile", "out.jpg", "in.jpg", source="in.jpg")
    if shutil.which("jpegoptim"):
        yield "jpegoptim", by_command("jpegoptim", "--force", "out.jpg", source="out.jpg")
        yield (
            "jpegoptim --all-progressive",
            by_command("jpegoptim", "--force", "--all-progressive", "out.jpg", source="out.jpg"),
        )
    magick = shutil.which("magick") or shutil.which("convert.im6") or shutil.which("convert-im6.q16")
    if magick:
        yield "ImageMagick", by_command(magick, "in.png", "out.jpg", source="in.png")
        yield "ImageMagick -interlace JPEG", by_command(magick, "in.png", "-interlace", "JPEG", "out.jpg", source="in.png")
    try:
        import jpeglib
    except ImportError:
        pass
    else:
        for version in ("6b", "8d", "9f", "turbo210", "mozjpeg403"):
            assert version in jpeglib.version.versions()
            yield f"jpeglib, {version}", by_jpeglib(version)
        yield "jpeglib, mozjpeg403, progressive", by_jpeglib("mozjpeg403", progressive=True)
    try:
        import mozjpeg_lossless_optimization as mozjpeg
    except ImportError:
        pass
    else:
        yield "mozjpeg, lossless optimization", lambda picture: mozjpeg.optimize(by_pillow()(picture))
    if browser := shutil.which("chromium"):
        yield "Chromium, canvas", by_browser(browser)
        yield "Chromium, canvas, quality 0.5", by_browser(browser, 0.5)
        yield "Chromium, canvas, quality 1", by_browser(browser, 1)
    yield "phone-like: EXIF with a thumbnail", phone
    yield "phone-like, several pictures in the file (MPF)", with_segment(0xE2, b"MPF\0II*\0" + bytes(40))
    yield "phone-like, with a signature (C2PA)", with_segment(0xEB, b"JP\0\1" + bytes(40))
    yield "scanner-like: CMYK", lambda picture: by_pillow()(picture.convert("CMYK"))


def tried(data: bytes) -> str:
    """Return "cover", or the reason of the refusal; a message in a cover must come back."""
    try:
        check_cover(read_coefficients(data))
    except RefusedImage as refusal:
        return str(refusal)
    stego = hide_content(data, MESSAGE, KEY, HideSettings(scheme="uerd"), out="stego.jpg").content
    assert reveal_files([io.BytesIO(stego)], KEY) == MESSAGE
    return "cover"


def main() -> None:
    """Print the table, and write it with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = []
    print("| writer | files | covers | why not |\n| --- | --- | --- | --- |")
    for name, write in writers():
        answers = Counter(tried(write(picture)) for picture in pictures())
        covers = answers.pop("cover", 0)
        why = "; ".join(reason.removeprefix("the JPEG is read, but not written: ") for reason in answers)
        rows.append((name, len(pictures()), covers, why))
        print(f"| {name} | {len(pictures())} | {covers} | {why} |", flush=True)
    if options.write:
        with RESULTS.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("writer", "files", "covers", "why_not"), *rows])


if __name__ == "__main__":
    main()
