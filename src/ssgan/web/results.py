"""What a job of the page gives: facts to show, and files that stay in memory until they are forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PNG, BYTES = "image/png", "application/octet-stream"


@dataclass(frozen=True)
class Result:
    """`facts` are JSON values by name; `files` are bytes and their media type by name, in the order that they are shown in."""

    kind: str
    facts: dict[str, Any]
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(content) for content, _ in self.files.values())
