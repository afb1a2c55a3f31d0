"""Accept one picture from outside: an image of NumPy, Pillow or torch becomes uint8 (C, H, W), or is refused.

Shapes decide wherever they can. The axes of a PIL image are known; a torch tensor is (C, H, W); a NumPy array is
(C, H, W) or (H, W, C), whichever makes 1 or 3 channels. Where both do, in pictures 1 or 3 samples wide or high, `layout` says
which; two axes are gray. Whole numbers of any type are taken if they are 0...255. Nothing is scaled, converted or guessed.
`accepted.py` adds files and batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan.errors import InvalidSetting, unknown
from ssgan.images.samples import PEAK

if TYPE_CHECKING:
    import torch

    ImageLike: TypeAlias = NDArray[np.integer[Any]] | Image.Image | torch.Tensor
else:
    ImageLike: TypeAlias = "np.ndarray | Image.Image | torch.Tensor"

Layout: TypeAlias = Literal["chw", "hwc"]
Axes: TypeAlias = Literal["hw", "chw", "hwc"]

CHANNELS = (1, 3)
_TENSORS = ("torch.uint8", "torch.int8", "torch.int16", "torch.int32", "torch.int64", "torch.uint16", "torch.uint32")
_WANTED = "uint8 (C, H, W) with C = 1 gray or 3 color, (H, W) or (H, W, C)"


def samples_of(image: ImageLike, *, layout: Layout | None = None) -> NDArray[np.uint8]:
    """Return one picture in memory as uint8 (C, H, W), C = 1 or 3; memory is shared where possible.

    `image` and `layout` as `as_image` takes them, without paths. Raises InvalidSetting for everything else.
    """
    return with_axes(image, layout=layout)[0]


def with_axes(image: ImageLike, *, layout: Layout | None = None) -> tuple[NDArray[np.uint8], Axes]:
    """Return what `samples_of` does, and the axes that the picture came with. Raises InvalidSetting."""
    if isinstance(image, Image.Image) and image.mode not in ("L", "RGB"):
        raise InvalidSetting(
            f"a PIL image of mode {image.mode} has other samples than 8-bit gray or RGB",
            hint='convert it: image.convert("RGB"), with alpha=numpy.asarray(image)[..., 3] of an RGBA image',
        )
    array = _array(image)
    axes = _axes(image, array, "hwc" if isinstance(image, Image.Image) else layout)
    if axes == "hw":
        return array[None], axes
    return (array if axes == "chw" else array.transpose(2, 0, 1)), axes


def as_alpha(alpha: ImageLike | None, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return the alpha uint8 (H, W) of `image` uint8 (C, H, W), or None. Raises InvalidSetting for another shape."""
    if alpha is None:
        return None
    array = _array(alpha)
    if array.dtype != np.uint8 or array.shape != image.shape[1:]:
        raise InvalidSetting(
            f"alpha is {array.dtype} {array.shape}; it must be uint8 {image.shape[1:]}, as high and wide as the image",
            hint="give it the height and width of the samples, or leave it out",
        )
    return array


def batch_of(images: object, *, layout: Layout | None = None) -> NDArray[np.uint8]:
    """Return a batch in memory with four axes as uint8 (N, C, H, W). Raises InvalidSetting for everything else.

    A torch tensor is (N, C, H, W), a NumPy array that or (N, H, W, C), whichever makes 1 or 3 channels.
    """
    array = _array(images)
    if array.dtype != np.uint8 or array.ndim != 4 or not array.size:
        raise _refused(array, _hint(array) if array.dtype != np.uint8 else "give (N, C, H, W), none of them 0")
    axes = _axes(images, array[0], layout)
    return array if axes == "chw" else array.transpose(0, 3, 1, 2)


def _axes(image: object, array: NDArray[np.uint8], layout: Layout | None) -> Axes:
    """Return the axes of one picture, held as `image` and read as `array`. Raises InvalidSetting."""
    if layout not in (None, "chw", "hwc"):
        raise unknown("layout", layout, ("chw", "hwc"))
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or not array.size:
        raise _refused(array, _hint(array))
    if array.ndim == 2:
        return "hw"
    first, last = array.shape[0] in CHANNELS, array.shape[2] in CHANNELS
    if layout is None and not isinstance(image, np.ndarray):
        layout = "chw"  # torch's own order
    if array.shape == (1, 1, 1):  # the same either way
        layout = layout or "chw"
    if layout is None and first and last:
        raise _refused(array, 'it can be read both ways: say layout="chw" or layout="hwc"')
    axes: Axes = layout or ("chw" if first else "hwc")
    if not (first if axes == "chw" else last):
        raise _refused(array, _hint(array, layout))
    return axes


def laid_out(samples: NDArray[np.uint8], axes: Axes) -> NDArray[np.uint8]:
    """Return `samples` uint8 (C, H, W) with the axes of the image that they came from, in memory of their own order."""
    if axes == "hw":
        return samples[0]
    return samples if axes == "chw" else np.ascontiguousarray(samples.transpose(1, 2, 0))


def _array(image: object) -> NDArray[np.uint8]:
    """Return a NumPy array of a possible image, as uint8 where its numbers allow; shape and other types unchecked."""
    if isinstance(image, np.ndarray):
        return _as_bytes(image)
    if isinstance(image, Image.Image):
        return np.asarray(image)
    if hasattr(image, "detach") and hasattr(image, "cpu"):  # a tensor, without an import of torch
        if str(getattr(image, "dtype", "")) not in _TENSORS:  # not all of torch's types are NumPy's
            raise InvalidSetting(
                f"{getattr(image, 'dtype', type(image).__name__)} {tuple(getattr(image, 'shape', ()))} is no image; "
                f"expected {_WANTED}",
                hint="round and clip to 0...255, then convert with .to(torch.uint8)",
            )
        return _as_bytes(np.asarray(image.detach().cpu().numpy()))
    raise InvalidSetting(
        f"a {type(image).__name__} is no image", hint=f"give {_WANTED}, of NumPy, Pillow or torch: read a file first"
    )


def _as_bytes(array: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers 0...255 of a wider type as uint8, and everything else as it is."""
    if array.dtype == np.uint8 or array.dtype.kind not in "iu" or not array.size:
        return array
    return array.astype(np.uint8) if array.min() >= 0 and array.max() <= PEAK else array


def _hint(array: NDArray[Any], layout: Layout | None = None) -> str:
    if array.dtype.kind in "iu" and array.dtype != np.uint8 and array.size:
        return f"samples are 0...255, and these reach from {array.min()} to {array.max()}: clip them, or divide first"
    if array.dtype != np.uint8:
        return "round and clip to 0...255 first, then astype(numpy.uint8)"
    if array.ndim == 4:
        return "give one image at a time: images[i]"
    if array.ndim == 3 and layout is not None and array.shape[{"chw": 2, "hwc": 0}[layout]] in CHANNELS:
        other = {"chw": "hwc", "hwc": "chw"}[layout]
        return f'it looks like ({", ".join(other.upper())}): say layout="{other}", or transpose it'
    if array.ndim == 3 and {2, 4} & {array.shape[0], array.shape[2]}:
        return "give the alpha channel by itself: alpha=, uint8 (H, W)"
    return "transpose it, and leave out what is no channel"


def _refused(array: NDArray[Any], hint: str) -> InvalidSetting:
    return InvalidSetting(f"{array.dtype} {array.shape} is no image; expected {_WANTED}", hint=hint)
