"""Read and write pixels, and the coefficients of JPEGs: the one decoder and encoder, pixels to floats, the eight symmetries.

`read`, `encode` and `write` work on NumPy arrays and never import torch; the tensor functions import it when first called.
Samples are read as they are in the file: nothing is rotated, scaled, clipped or converted unless the caller named the
conversion.
"""

from __future__ import annotations

from ssgan.images.accepted import AnyImage, AnyImages, accept, as_image, as_images, is_batch, is_one
from ssgan.images.arrays import ImageLike, Layout, laid_out
from ssgan.images.coefficient_files import check_cover, encode_coefficients, read_coefficients
from ssgan.images.coefficients import Coefficients, Component, carrier_values, with_carrier_values
from ssgan.images.detect import JPEG_SIGNATURE, JPEG_SUFFIXES, READ_SUFFIXES
from ssgan.images.encoded import Encoded
from ssgan.images.files import WRITTEN, Picture, encode, file_bytes, read, upright, write, written_format
from ssgan.images.header import CONVERSIONS, MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE
from ssgan.images.likeness import encode_like
from ssgan.images.tensors import SYMMETRIES, Floats, Images, inverse_symmetry, symmetry, to_floats, to_images, to_pixels
from ssgan.storage.atomic import atomic_write

__all__ = [
    "CONVERSIONS",
    "JPEG_SIGNATURE",
    "JPEG_SUFFIXES",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "READ_SUFFIXES",
    "SYMMETRIES",
    "WRITTEN",
    "AnyImage",
    "AnyImages",
    "Coefficients",
    "Component",
    "Encoded",
    "Floats",
    "ImageLike",
    "Images",
    "Layout",
    "Picture",
    "accept",
    "as_image",
    "as_images",
    "carrier_values",
    "check_cover",
    "encode",
    "encode_coefficients",
    "encode_like",
    "file_bytes",
    "inverse_symmetry",
    "is_batch",
    "is_one",
    "laid_out",
    "read",
    "read_coefficients",
    "symmetry",
    "to_floats",
    "to_images",
    "to_pixels",
    "upright",
    "atomic_write",
    "with_carrier_values",
    "write",
    "written_format",
]
