"""Define a finding of a check: its severity, a sentence, and advice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ssgan.errors import InvalidSetting
from ssgan.storage.atomic import atomic_write
from ssgan.storage.state_files import Damaged, read_json

FINDINGS = "findings.json"

Severity: TypeAlias = Literal["refuse", "warn", "note"]


@dataclass(frozen=True)
class Finding:
    """One finding: `refuse`, figures would be meaningless; `warn`, figures may mislead; `note`, a remark."""

    severity: Severity
    sentence: str
    hint: str


def refuse(findings: Sequence[Finding]) -> None:
    """Raise InvalidSetting for the first finding that makes every figure meaningless."""
    for finding in findings:
        if finding.severity == "refuse":
            raise InvalidSetting(finding.sentence, hint=finding.hint)


def keep(folder: Path, findings: Sequence[Finding]) -> None:
    """Write findings into a folder, in place of earlier ones."""
    with atomic_write(folder / FINDINGS, overwrite=True) as temporary:
        temporary.write_text(json.dumps([asdict(found) for found in findings], indent=2) + "\n", encoding="utf-8")


def kept(folder: Path) -> list[Finding]:
    """Return the findings of a folder."""
    path = folder / FINDINGS
    if not path.exists():
        return []
    try:
        return [Finding(**row) for row in read_json(path)]
    except TypeError as error:
        raise Damaged(path, "it is no list of findings") from error


def some(count: int, total: int, what: str) -> str:
    """Return the counts in words, such as 3 of 40 pairs."""
    return f"{count} of {total} {what}"
