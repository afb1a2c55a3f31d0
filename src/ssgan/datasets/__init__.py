"""Read Images from folders, archives and CelebA's own layout, cut to one size, split by cover, kept in a cache."""

from __future__ import annotations

from ssgan.datasets.cache import Cached, cached
from ssgan.datasets.geometry import GEOMETRIES, Geometry, Patches, patches
from ssgan.datasets.loading import Loaded, load
from ssgan.datasets.sources import Source, open_source
from ssgan.datasets.splits import PARTS, Split, groups, official_split, split

__all__ = [
    "GEOMETRIES",
    "PARTS",
    "Cached",
    "Geometry",
    "Loaded",
    "Patches",
    "Source",
    "Split",
    "cached",
    "groups",
    "load",
    "official_split",
    "open_source",
    "patches",
    "split",
]
