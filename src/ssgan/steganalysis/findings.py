"""What a diagnosis says: how bad, in a sentence, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ssgan.errors import InvalidSetting

Severity: TypeAlias = Literal["refuse", "warn", "note"]


@dataclass(frozen=True)
class Finding:
    """`refuse`: no figure would mean anything; `warn`: figures may mislead; `note`: good to know."""

    severity: Severity
    sentence: str
    hint: str


def refuse(findings: Sequence[Finding]) -> None:
    """Raise InvalidSetting for the first finding with which nothing is worth doing."""
    for finding in findings:
        if finding.severity == "refuse":
            raise InvalidSetting(finding.sentence, hint=finding.hint)


def some(count: int, total: int, what: str) -> str:
    """Such as 3 of 40 pairs."""
    return f"{count} of {total} {what}"
