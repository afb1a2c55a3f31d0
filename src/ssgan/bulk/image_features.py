"""Turn files into features: the settings, and the extraction from several files together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ssgan import images
from ssgan.datasets import Geometry
from ssgan.detection.extracted import check_embedder
from ssgan.embedding.embedder import Embedder
from ssgan.errors import Failure, InvalidSetting, RefusedImage, SsganError, spelled, unknown
from ssgan.images.coefficients import SIDE, planes
from ssgan.steganalysis.feature_catalog import FEATURES

DTYPES = ("float32", "float64")
_TOGETHER_SAMPLES = 2**20  # of images whose features are extracted in one call


@dataclass(frozen=True)
class ExtractionSettings:
    """What is extracted, and from what: a key of FEATURES, how files become images, and the numbers' dtype.

    Sets for JPEGs take the luma of JPEG files as it is in the file, its whole blocks, each with its own table.
    `embedder` is for feature sets that need change probabilities, and only for them: the embedding that the warden expects.
    """

    features: str
    geometry: Geometry = field(default_factory=Geometry)
    convert: tuple[str, ...] = ()
    embedder: str = ""
    dtype: str = "float32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", spelled(self.features, FEATURES))
        found = FEATURES.get(self.features)
        if found is None:
            raise unknown("feature set", self.features, FEATURES)
        if missing := set(self.convert) - set(images.CONVERSIONS):
            raise unknown("conversion", min(missing), images.CONVERSIONS)
        if self.dtype not in DTYPES:
            raise unknown("dtype", self.dtype, DTYPES)
        check_embedder(found, self.embedder)
        if self.embedder:
            Embedder.parse(self.embedder)
        if found.domain == "coefficients" and (self.convert or self.geometry != Geometry()):
            hint = "leave out --crop, --size, --gray and --convert"
            raise InvalidSetting(f"{found.title} looks at JPEG files as they are, and they are to be converted", hint=hint)


class FileBatch(NamedTuple):
    """Files in a row, read but not decoded: names, and bytes or the reason why there are none."""

    names: list[str]
    files: list[bytes | RefusedImage]


class Looked(NamedTuple):
    """The outcome of a batch: names of the images with features, the features (K, D), and what failed."""

    names: list[str]
    features: np.ndarray
    failures: tuple[Failure, ...]


class _Kind(NamedTuple):
    """What images that are processed together have in common: the shape, and the bytes of the table, empty for pixels."""

    shape: tuple[int, ...]
    table: bytes


class Look:
    """An extractor of features from batches, for any number of threads at once."""

    def __init__(self, settings: ExtractionSettings) -> None:
        self.settings, self._found = settings, FEATURES[settings.features]
        self._embedder = Embedder.parse(settings.embedder) if settings.embedder else None

    def __call__(self, batch: FileBatch) -> Looked:
        """Return the features of a batch; images of one shape and table are processed together, as many as memory should
        hold.
        """
        rows: dict[int, np.ndarray] = {}
        failures: list[Failure] = []
        kinds: dict[_Kind, list[tuple[int, np.ndarray]]] = {}

        def look(kind: _Kind) -> None:
            held = kinds.pop(kind)
            try:
                given = np.stack([samples for _, samples in held])
                beside = () if self._embedder is None else (_probabilities(self._embedder, given),)
                if kind.table:
                    beside = (np.frombuffer(kind.table, np.uint16).reshape(SIDE, SIDE),)
                made = self._found.extract(given, *beside, threads=1).astype(self.settings.dtype)
                rows.update(zip((number for number, _ in held), made, strict=True))
            except SsganError as error:  # with an embedder one image at a time, else all of a shape are too small
                failures.extend(Failure.of(batch.names[number], error) for number, _ in held)

        for number, (name, data) in enumerate(zip(batch.names, batch.files, strict=True)):
            try:
                samples, table = self._read(data, name)
            except RefusedImage as error:
                failures.append(Failure.of(name, error))
                continue
            kind = _Kind(samples.shape, table)
            held = kinds.setdefault(kind, [])
            held.append((number, samples))
            if len(held) * samples.size >= _TOGETHER_SAMPLES or self._embedder is not None:
                look(kind)
        for kind in list(kinds):
            look(kind)
        good = sorted(rows)
        empty = np.empty((0, self._found.dimension), self.settings.dtype)
        features = np.stack([rows[number] for number in good]) if rows else empty
        return Looked([batch.names[number] for number in good], features, tuple(sorted(failures)))

    def _read(self, data: bytes | RefusedImage, name: str) -> tuple[np.ndarray, bytes]:
        """Return pixels uint8 (C, H, W), cut after the settings, without alpha; or luma int16 (1, H, W) and its table."""
        if isinstance(data, RefusedImage):
            raise data
        if self._found.domain == "coefficients":
            luma = images.read_coefficients(data, name=name).components[0]
            return planes(luma.carriers)[None], luma.table.astype(np.uint16).tobytes()
        picture = images.upright(images.read(data, convert=self.settings.convert, name=name))
        (_, samples), *_ = self.settings.geometry.cut(picture.samples)
        if len(samples) not in self._found.channels:
            title = self._found.title
            raise RefusedImage(f"{name}: {title} reads color images only", hint="choose features for gray images: spam, srm")
        return samples, b""


def _probabilities(embedder: Embedder, given: np.ndarray) -> np.ndarray:
    """Return the probability that the embedder changes each sample, up or down."""
    plus, minus = embedder.change_probabilities(images.to_images(given))
    return (plus + minus).double().numpy()
