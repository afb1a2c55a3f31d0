"""Make any detector of the catalog by its name, and load it from its folder, for callers that accept any detector."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from ssgan.errors import InvalidSetting, spelled, unknown
from ssgan.images.quantization import steps_of
from ssgan.steganalysis import feature_detector
from ssgan.steganalysis.catalog import DETECTORS, FEATURES, NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings
from ssgan.steganalysis.training import settings
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.training.settings import NetworkSettings
from ssgan.storage import weights

AnyDetector: TypeAlias = NetworkDetector | FeatureDetector


def make(
    name: str,
    pairs: Pairs,
    *,
    seed: int = 0,
    duration_images: int | None = None,
    precision: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> AnyDetector:
    """Return an untrained detector (a key of DETECTORS) for pairs like these.

    `duration_images` and `precision` are for networks, which else follow their recipe. Raises InvalidSetting for an unknown
    name, and where the detector reads other channels.
    """
    entry = DETECTORS.get(spelled(name, DETECTORS))
    if entry is None:
        raise unknown("detector", name, DETECTORS)
    channels = pairs.covers.shape[1]
    if channels not in entry.channels:
        raise InvalidSetting(f"{entry.title} reads color images only", hint="give color images, or another detector")
    if entry.kind == "features":
        table = None if pairs.table is None else steps_of(pairs.table)
        return FeatureDetector(FeatureSettings(entry.built_on, entry.classifier, seed, table=table), threads=threads)
    recipe = NETWORKS[entry.built_on].recipe.with_(duration_images=duration_images, precision=precision)
    recipe = recipe.with_(evaluate_images=min(recipe.evaluate_images, max(1, recipe.duration_images // 8)))
    return NetworkDetector(NetworkSettings.of(entry.built_on, pairs, seed=seed, recipe=recipe), device=device)


def uses_probabilities(name: str) -> bool:
    """Return whether a detector (a key of DETECTORS) can use change probabilities."""
    entry = DETECTORS[spelled(name, DETECTORS)]
    if entry.kind == "features":
        return FEATURES[entry.built_on].needs_probabilities
    return settings.uses_probabilities(entry.built_on)


def load(folder: Path, *, device: str = "cpu", threads: int | None = None) -> AnyDetector:
    """Return the trained detector in a folder. Raises RefusedModel."""
    _, manifest = weights.load(folder)
    if manifest.get("kind") == feature_detector.KIND:
        return FeatureDetector.load(folder, threads=threads)
    return NetworkDetector.load(folder, device=device)
