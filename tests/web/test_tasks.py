from __future__ import annotations

import io

from PIL import Image

from ssgan.web.tasks import capacity, hide, reveal
from tests.images.jpegs import made


def quiet(*_: object) -> None:
    pass


def test_a_jpeg_is_a_cover_and_its_stego_a_jpeg() -> None:
    given = {
        "cover": made("EXIF, profile, comment"), "name": "photo.jpg", "model": None, "no_ledger": True, "reuse": False,
        "passphrase": "correct horse", "key_file": None, "message": b"hello", "scheme": None, "runs": None,
    }  # fmt: skip
    fits = capacity(given, quiet).facts
    assert 0 < fits["wise"] < fits["bytes"]
    result = hide(given, quiet)
    assert result.facts["kind"] == "coefficients"
    assert result.facts["scheme"] == "juniward"
    assert set(result.facts["risk"]) == {"stego", "cover"}
    content, media_type = result.files["stego.jpg"]
    assert media_type == "image/jpeg"
    assert Image.open(io.BytesIO(content)).getexif()
    found = reveal(
        {"stego": content, "name": "stego.jpg", "passphrase": "correct horse", "key_file": None, "runs": None}, quiet
    )
    assert found.facts["text"] == "hello"
