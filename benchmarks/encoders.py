"""Whether a stego's PNG is written as its cover's was, for covers by several encoders.

Each picture is written by each encoder, a message is hidden, and the stego's file is compared with the cover's: the same chunks
(with and without metadata kept), the same IDAT sizes but for the last, the same zlib header; and with the file that the encoder
itself makes of the stego's pixels: the same filters row by row, the same compressed bytes. Encoders that are not installed are
left out: apt-get install imagemagick pngcrush optipng netpbm chromium. `python benchmarks/encoders.py [PHOTOGRAPHS]`; without a
folder of photographs, a picture that scikit-image comes with is cut into tiles.
"""

from __future__ import annotations

import base64
import io
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import skimage
from PIL import Image

from ssgan import images
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile

COUNT, SIDE = 8, 256
KEY = KeyFile(bytes(range(32)))
Encoder = Callable[[np.ndarray], bytes]  # of uint8 (H, W, 3)


def pictures() -> Iterator[np.ndarray]:
    """uint8 (SIDE, SIDE, 3) each."""
    if len(sys.argv) > 1:
        paths = sorted(path for path in Path(sys.argv[1]).rglob("*") if path.suffix.lower() in images.READ_SUFFIXES)
        for path in paths[:COUNT]:
            samples = images.read(path, convert=images.CONVERSIONS).samples
            yield np.ascontiguousarray(samples[:, :SIDE, :SIDE].transpose(1, 2, 0))
        return
    whole = skimage.data.astronaut()
    for row in (0, SIDE):
        for column in (0, SIDE):
            yield np.ascontiguousarray(whole[row : row + SIDE, column : column + SIDE])


def by_pillow(**options: object) -> Encoder:
    """Pillow with these options."""

    def encode(pixels: np.ndarray) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG", **options)
        return stream.getvalue()

    return encode


def by_command(*words: str) -> Encoder:
    """A program that reads in.ppm or in.png and writes out.png."""

    def encode(pixels: np.ndarray) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            image = Image.fromarray(pixels)
            image.save(Path(folder) / "in.ppm")
            image.save(Path(folder) / "in.png")
            subprocess.run(words, cwd=folder, check=True, capture_output=True)
            return (Path(folder) / "out.png").read_bytes()

    return encode


def by_netpbm(pixels: np.ndarray) -> bytes:
    """Netpbm's pnmtopng, which is libpng with its defaults."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PPM")
    return subprocess.run(["pnmtopng"], input=stream.getvalue(), check=True, capture_output=True).stdout


def by_canvas(pixels: np.ndarray) -> bytes:
    """Chromium's canvas.toBlob, with the pixels put into it as they are."""
    coded = base64.b64encode(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]).tobytes()).decode()
    script = f"""<canvas id=c width={pixels.shape[1]} height={pixels.shape[0]}></canvas><script>
        const at = document.getElementById('c').getContext('2d');
        const bytes = Uint8ClampedArray.from(atob('{coded}'), one => one.charCodeAt(0));
        at.putImageData(new ImageData(bytes, {pixels.shape[1]}), 0, 0);
        document.getElementById('c').toBlob(blob => {{ const reader = new FileReader();
            reader.onload = () => {{ document.body.innerText = reader.result }}; reader.readAsDataURL(blob) }}, 'image/png');
        </script><body></body>"""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(script)
        words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        words += ["--virtual-time-budget=5000", "--dump-dom", f"file://{folder}/page.html"]
        page = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    found = re.search("data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    assert found, "Chromium gave no picture"
    return base64.b64decode(found[1])


def by_fixed_filter(kind: int, **settings: Any) -> Encoder:
    """As telephones write: one filter (1 sub, 2 up) for every row, fast compression, one IDAT."""

    def encode(pixels: np.ndarray) -> bytes:
        height, width, _ = pixels.shape
        before = np.zeros_like(pixels)
        if kind == 1:
            before[:, 1:] = pixels[:, :-1]
        else:
            before[1:] = pixels[:-1]
        rows = np.concatenate([np.full((height, 1), kind, np.uint8), (pixels - before).reshape(height, -1)], axis=1)
        compressor = zlib.compressobj(**settings)
        stream = compressor.compress(rows.tobytes()) + compressor.flush()
        parts = [
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"sRGB", b"\0"),
            (b"IDAT", stream),
            (b"IEND", b""),
        ]
        whole = [struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in parts]
        return b"\x89PNG\r\n\x1a\n" + b"".join(whole)

    return encode


def encoders() -> Iterator[tuple[str, Encoder]]:
    """Those that are installed, with their versions."""
    pillow = f"Pillow {PIL.__version__}"
    yield f"{pillow}, default", by_pillow()
    for level in range(10):
        yield f"{pillow}, level {level}", by_pillow(compress_level=level)
    yield f"{pillow}, optimize", by_pillow(optimize=True)
    magick = next((name for name in ("magick", "convert-im6.q16", "convert") if shutil.which(name)), "magick")
    if version := version_of(magick, "-version", r"ImageMagick (\S+)"):
        ways = {"default": [], "-strip": ["-strip"], "interlaced": ["-interlace", "PNG"], "-quality 95": ["-quality", "95"]}
        for label, words in ways.items():
            yield f"ImageMagick {version}, {label}", by_command(magick, "in.ppm", *words, "out.png")
    if version := version_of("pnmtopng", "--version", r"Version: *(?:Netpbm )?(\S+)"):
        yield f"pnmtopng {version}", by_netpbm
    if version := version_of("optipng", "--version", r"version (\S+?):?\s"):
        yield f"optipng {version}", by_command("optipng", "in.png", "-out", "out.png")
    if version := version_of("pngcrush", "-version", r"pngcrush (\d\S+?),?\s"):
        yield f"pngcrush {version}", by_command("pngcrush", "in.png", "out.png")
    if version := version_of("chromium", "--version", r"Chromium (\S+)"):
        yield f"Chromium {version}, canvas", by_canvas
    for kind, name in ((1, "sub"), (2, "up")):
        yield f"fixed filter {name}, level 1", by_fixed_filter(kind, level=1)
        yield f"fixed filter {name}, level 3, runs", by_fixed_filter(kind, level=3, strategy=zlib.Z_RLE)


def version_of(program: str, option: str, pattern: str) -> str:
    """What a program says of itself, or nothing where it is not installed."""
    if not shutil.which(program):
        return ""
    completed = subprocess.run([program, option], capture_output=True, text=True, check=False)
    found = re.search(pattern, completed.stdout + completed.stderr)
    return found[1] if found else ""


def parts(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and body of each chunk."""
    found, position = [], 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        found.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def names(data: bytes) -> list[bytes]:
    """The list of chunks, a run of IDAT being one."""
    found = [name for name, _ in parts(data)]
    return [name for number, name in enumerate(found) if number == 0 or not name == found[number - 1] == b"IDAT"]


def stream(data: bytes) -> bytes:
    """What is in the IDAT chunks."""
    return b"".join(body for name, body in parts(data) if name == b"IDAT")


def sizes(data: bytes) -> list[int]:
    """Of the IDAT chunks, all but the last (an empty block after a flush counts with it)."""
    found = [len(body) for name, body in parts(data) if name == b"IDAT"]
    return found[:-2] if len(found) > 1 and found[-1] == 6 else found[:-1]


def filters(data: bytes) -> bytes:
    """The filter of each row; of an interlaced file, all that is compressed."""
    content = zlib.decompress(stream(data))
    head = parts(data)[0][1]
    width, planes = struct.unpack_from(">I", head)[0], {0: 1, 2: 3, 4: 2, 6: 4}[head[9]]
    return content if head[12] else content[:: 1 + width * planes]


def compared(cover: bytes, stego: np.ndarray, encode: Encoder) -> list[bool]:
    """One answer for each column of the table."""
    picture = images.read(cover)
    written, kept = (images.encode_like(stego, picture, alpha=picture.alpha, keep_metadata=keep) for keep in (False, True))
    own = encode(np.ascontiguousarray(stego.transpose(1, 2, 0)))
    a, b = sizes(cover), sizes(written.content)
    same_sizes = a[: len(b)] == b[: len(a)] and set(a) == set(b)
    return [
        names(kept.content) == names(cover),
        names(written.content) == names(cover),
        same_sizes,
        filters(written.content) == filters(own),
        stream(written.content)[:2] == stream(cover)[:2],
        stream(written.content) == stream(own),
        written.manner == "cover",
    ]


def main() -> None:
    """Print the table."""
    shown = [(pixels, hide(pixels.transpose(2, 0, 1).copy(), b"Meet me at nine", KEY).stego) for pixels in pictures()]
    print(f"{len(shown)} pictures of {SIDE} x {SIDE}, zlib {zlib.ZLIB_RUNTIME_VERSION}; share in percent\n")
    print("| encoder | chunks, metadata kept | chunks | IDAT sizes | filters | zlib header | own bytes | said so |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, encode in encoders():
        rows = [compared(encode(pixels), stego, encode) for pixels, stego in shown]
        print(
            f"| {name} | " + " | ".join(f"{100 * np.mean(column):.0f}" for column in zip(*rows, strict=True)) + " |", flush=True
        )


if __name__ == "__main__":
    main()
