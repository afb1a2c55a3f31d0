"""Turn files into features: the settings, and the extraction from several files together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ssgan import images
from ssgan.datasets import Geometry
from ssgan.embedding.embedder import Embedder
from ssgan.errors import Failure, InvalidSetting, RefusedImage, SsganError, unknown
from ssgan.steganalysis.catalog import FEATURES

DTYPES = ("float32", "float64")
_TOGETHER_SAMPLES = 2**20  # of images whose features are extracted in one call


@dataclass(frozen=True)
class ExtractionSettings:
    """What is extracted, and from what: a key of FEATURES, how files become images, and the numbers' dtype.

    `embedder` is for feature sets that need change probabilities, and only for them: the embedding that the warden expects.
    """

    features: str
    geometry: Geometry = field(default_factory=Geometry)
    convert: tuple[str, ...] = ()
    embedder: str = ""
    dtype: str = "float32"

    def __post_init__(self) -> None:
        found = FEATURES.get(self.features)
        if found is None:
            raise unknown("feature set", self.features, FEATURES)
        if missing := set(self.convert) - set(images.CONVERSIONS):
            raise unknown("conversion", min(missing), images.CONVERSIONS)
        if self.dtype not in DTYPES:
            raise unknown("dtype", self.dtype, DTYPES)
        if found.needs_probabilities and not self.embedder:
            hint = "name the embedder that the probabilities are of: --embedder hill@0.4"
            raise InvalidSetting(f"{found.title} needs the change probabilities of every image", hint=hint)
        if self.embedder and not found.needs_probabilities:
            raise InvalidSetting(f"an embedder is given, and {found.title} uses none", hint="leave it out")
        if self.embedder:
            Embedder.parse(self.embedder)


class FileBatch(NamedTuple):
    """Files in a row, read but not decoded: names, and bytes or the reason why there are none."""

    names: list[str]
    files: list[bytes | RefusedImage]


class Looked(NamedTuple):
    """The outcome of a batch: names of the images with features, the features (K, D), and what failed."""

    names: list[str]
    features: np.ndarray
    failures: tuple[Failure, ...]


class Look:
    """An extractor of features from batches, for any number of threads at once."""

    def __init__(self, settings: ExtractionSettings) -> None:
        self.settings, self._found = settings, FEATURES[settings.features]
        self._embedder = Embedder.parse(settings.embedder) if settings.embedder else None

    def __call__(self, batch: FileBatch) -> Looked:
        """Return the features of a batch; images of one shape are processed together, as many as memory should hold."""
        rows: dict[int, np.ndarray] = {}
        failures: list[Failure] = []
        shapes: dict[tuple[int, ...], list[tuple[int, np.ndarray]]] = {}

        def look(shape: tuple[int, ...]) -> None:
            held = shapes.pop(shape)
            try:
                given = np.stack([samples for _, samples in held])
                maps = () if self._embedder is None else (_probabilities(self._embedder, given),)
                made = self._found.extract(given, *maps, threads=1).astype(self.settings.dtype)
                rows.update(zip((number for number, _ in held), made, strict=True))
            except SsganError as error:  # with an embedder one image at a time, else all of a shape are too small
                failures.extend(Failure.of(batch.names[number], error) for number, _ in held)

        for number, (name, data) in enumerate(zip(batch.names, batch.files, strict=True)):
            try:
                samples = self._samples(data, name)
            except RefusedImage as error:
                failures.append(Failure.of(name, error))
                continue
            held = shapes.setdefault(samples.shape, [])
            held.append((number, samples))
            if len(held) * samples.size >= _TOGETHER_SAMPLES or self._embedder is not None:
                look(samples.shape)
        for shape in list(shapes):
            look(shape)
        good = sorted(rows)
        empty = np.empty((0, self._found.dimension), self.settings.dtype)
        features = np.stack([rows[number] for number in good]) if rows else empty
        return Looked([batch.names[number] for number in good], features, tuple(sorted(failures)))

    def _samples(self, data: bytes | RefusedImage, name: str) -> np.ndarray:
        """Return uint8 (C, H, W), cut after the settings; alpha is ignored."""
        if isinstance(data, RefusedImage):
            raise data
        picture = images.upright(images.read(data, convert=self.settings.convert, name=name))
        (_, samples), *_ = self.settings.geometry.cut(picture.samples)
        if len(samples) not in self._found.channels:
            title = self._found.title
            raise RefusedImage(f"{name}: {title} reads color images only", hint="choose features for gray images: spam, srm")
        return samples


def _probabilities(embedder: Embedder, given: np.ndarray) -> np.ndarray:
    """Return the probability that the embedder changes each sample, up or down."""
    plus, minus = embedder.change_probabilities(images.to_images(given))
    return (plus + minus).double().numpy()
