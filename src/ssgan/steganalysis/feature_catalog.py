"""List feature sets and the classifiers on top of them, without networks: no torch is imported."""

from __future__ import annotations

from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import crm, cspam, dctr, gfr, jrm, maxsrm, pharm, scrmq1, spam, srm

# In the order of lists. A new one is its file and its name here, twice.
_FEATURES = (spam, cspam, srm, crm, scrmq1, maxsrm, dctr, jrm, gfr, pharm)

FEATURES: dict[str, FeatureSet] = {name: row for module in _FEATURES for name, row in module.ROWS.items()}

CLASSIFIERS = ("ensemble", "ridge", "fixed")
