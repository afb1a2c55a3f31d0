"""Define the result of a job: facts to show, and files in memory until they expire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PNG, JPEG, BYTES = "image/png", "image/jpeg", "application/octet-stream"


@dataclass(frozen=True)
class PageResult:
    """`facts` are JSON values by name; `files` are bytes and their media type by name, in the order that they are shown in."""

    kind: str
    facts: dict[str, Any]
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(len(content) for content, _ in self.files.values())
