"""Make a new JPEG of a picture, to hide in it: its sender knows what rounding took."""

from __future__ import annotations

from dataclasses import replace

from ssgan import images
from ssgan.errors import InvalidSetting
from ssgan.images import Picture
from ssgan.images.coefficients import Precover
from ssgan.images.samples import OPAQUE


def check(quality: int, *, keep_metadata: bool) -> None:
    """Raise InvalidSetting for a quality that is not 1...100, and where metadata is to be kept, which a new JPEG has not."""
    from ssgan.images.new_jpeg import check_quality  # here, since it brings compiled loops, and most covers stay what they are

    check_quality(quality)
    if keep_metadata:
        raise InvalidSetting(
            "--keep-metadata is given together with --jpeg, and a new JPEG has no metadata", hint="leave one of them out"
        )


def as_new_jpeg(picture: Picture, name: str, quality: int) -> Picture:
    """Return a picture as a new JPEG, with its original. Raises InvalidSetting where parts of it are transparent."""
    from ssgan.images.new_jpeg import new_jpeg

    if picture.alpha is not None and picture.alpha.min() < OPAQUE:
        raise InvalidSetting(
            f"{name} is transparent in places, and a JPEG is not", hint="lay it on a background first, or leave --jpeg out"
        )
    made = new_jpeg(picture.samples, quality, layout="chw")
    shown = images.read(made.cover.file, convert=("jpeg",))
    precover = Precover(picture.samples, made.errors)
    return replace(shown, notes=picture.notes, coefficients=made.cover, file=b"", precover=precover)
