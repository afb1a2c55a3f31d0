"""List networks, and the detectors built on them and on feature sets, by name. Each file ends with its rows.

A detector is called like its network, or like its feature set; `NAME/CLASSIFIER` chooses another classifier than the ensemble.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ssgan.steganalysis.classifiers.ensemble import LEARNERS, SUBSPACE
from ssgan.steganalysis.feature_catalog import CLASSIFIERS as CLASSIFIERS
from ssgan.steganalysis.feature_catalog import FEATURES as FEATURES
from ssgan.steganalysis.feature_set import FeatureSet as FeatureSet
from ssgan.steganalysis.network import Network
from ssgan.steganalysis.networks import effnet, gncnn, sgan, srnet, xunet, yedroudj, yenet, zhunet


@dataclass(frozen=True)
class DetectorEntry:
    """One detector: its basis, a key of NETWORKS or FEATURES, and its classifier, "" for a network."""

    kind: Literal["network", "features"]
    built_on: str
    classifier: str
    title: str
    summary: str
    paper: str
    channels: tuple[int, ...]
    domain: Literal["pixels", "coefficients"] = "pixels"


# In the order of lists. A new one is its file and its name here, twice.
_NETWORKS = (gncnn, sgan, xunet, yenet, yedroudj, srnet, zhunet, effnet)

NETWORKS: dict[str, Network] = {name: row for module in _NETWORKS for name, row in module.ROWS.items()}

_ON_TOP = {
    "ensemble": "Fisher discriminants that vote",
    "ridge": "ridge regression",
    "fixed": f"{LEARNERS} Fisher discriminants of {SUBSPACE} features, without a search for these sizes",
}


def _entries() -> dict[str, DetectorEntry]:
    """Return a row for each network, and one for each feature set with each classifier."""
    rows = {k: DetectorEntry("network", k, "", n.title, n.summary, n.paper, n.channels) for k, n in NETWORKS.items()}
    for name, found in FEATURES.items():
        for classifier in CLASSIFIERS:
            key = name if classifier == CLASSIFIERS[0] else f"{name}/{classifier}"
            title, summary = f"{found.title} + {classifier}", f"{found.summary}; {_ON_TOP[classifier]}"
            rows[key] = DetectorEntry("features", name, classifier, title, summary, found.paper, found.channels, found.domain)
    return rows


DETECTORS: dict[str, DetectorEntry] = _entries()
