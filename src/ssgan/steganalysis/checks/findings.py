"""What a diagnosis says: how bad, in a sentence, and what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ssgan.errors import InvalidSetting
from ssgan.storage.atomic import whole_file
from ssgan.storage.state_files import Damaged, read_json

FINDINGS = "findings.json"

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


def keep(folder: Path, findings: Sequence[Finding]) -> None:
    """Write them into a folder, in place of those before."""
    with whole_file(folder / FINDINGS, overwrite=True) as temporary:
        temporary.write_text(json.dumps([asdict(found) for found in findings], indent=2) + "\n", encoding="utf-8")


def kept(folder: Path) -> list[Finding]:
    """The findings of a folder."""
    path = folder / FINDINGS
    if not path.exists():
        return []
    try:
        return [Finding(**told) for told in read_json(path)]
    except TypeError as error:
        raise Damaged(path, "it is no list of findings") from error


def some(count: int, total: int, what: str) -> str:
    """Such as 3 of 40 pairs."""
    return f"{count} of {total} {what}"
