"""Extract features of images of any kind by the name of a feature set, in one call."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, spelled, unknown
from ssgan.images import AnyImages, Layout, as_images, is_one, read_coefficients, to_images
from ssgan.images.coefficients import Coefficients, planes
from ssgan.steganalysis.catalog import FEATURES
from ssgan.steganalysis.feature_set import FeatureSet


def features(
    images: AnyImages | Coefficients,
    name: str = "spam",
    *,
    embedder: Embedder | str | None = None,
    layout: Layout | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Return the features of images: float64 (D,) of one image, (N, D) of a batch or a sequence.

    images    one image, as `ssgan.as_image` takes it; a batch or a sequence of one size, as `ssgan.as_images` does. For sets of
              JPEGs (dctr, jrm, ccjrm, rootccjrm, gfr, pharm): the path of a JPEG, its Coefficients, or a sequence of these
    name      spam, cspam, srm, srmq1, crm, scrmq1, maxsrmd2, or a set of JPEGs
    embedder  for maxsrmd2: the embedding that the warden expects, such as "hill@0.4"
    layout    "chw" or "hwc", where the shape of a NumPy array leaves it open
    threads   images worked on at a time; as many as torch uses threads if left out

    Raises InvalidSetting for an unknown name and for what is no image, RefusedImage for one that is too small.

    >>> import numpy, ssgan
    >>> image = numpy.random.default_rng(1).integers(0, 256, (32, 32))
    >>> ssgan.features(image, "spam").shape
    (686,)
    """
    found = FEATURES.get(spelled(name, FEATURES))
    if found is None:
        raise unknown("feature set", name, FEATURES)
    check_embedder(found, embedder)
    if found.domain == "coefficients":
        if not isinstance(images, list | tuple):
            return np.asarray(_of_jpeg(images, found, threads)[0])
        if not images:
            raise InvalidSetting("no image is given", hint="give one image or more")
        return np.concatenate([_of_jpeg(one, found, threads) for one in images])
    batch = as_images(images, layout=layout)  # type: ignore[arg-type]
    if batch.shape[1] not in found.channels:
        raise InvalidSetting(f"{found.title} reads color images only", hint="give color images, or choose spam or srm")
    beside: tuple[Any, ...] = ()
    if embedder is not None:
        chosen = Embedder.parse(embedder) if isinstance(embedder, str) else embedder
        plus, minus = chosen.change_probabilities(to_images(batch))
        beside = ((plus + minus).double().numpy(),)
    rows = found.extract(batch, *beside, threads=threads)
    return np.asarray(rows[0] if is_one(images) else rows)  # type: ignore[arg-type]


def check_embedder(found: FeatureSet, embedder: object) -> None:
    """Raise InvalidSetting where a feature set needs change probabilities and no embedder is given, or the other way round."""
    if found.needs_probabilities and not embedder:
        raise InvalidSetting(
            f"{found.title} needs the change probabilities of every image",
            hint="name the embedder that they are of, such as hill@0.4",
        )
    if embedder and not found.needs_probabilities:
        raise InvalidSetting(f"an embedder is given, and {found.title} uses none", hint="leave it out")


def _of_jpeg(given: Any, found: FeatureSet, threads: int | None) -> NDArray[np.float64]:
    """Return float64 (1, D) of one JPEG's luma."""
    if isinstance(given, str | os.PathLike):
        given = read_coefficients(given)
    if not isinstance(given, Coefficients):
        raise InvalidSetting(
            f"{found.title} looks at JPEG files, and this is a {type(given).__name__}",
            hint="give the path of a JPEG, or what ssgan.read_coefficients returns; for pixels choose spam or srm",
        )
    luma = given.components[0]
    return found.extract(planes(luma.carriers)[None, None], luma.table.astype(np.uint16), threads=threads)
