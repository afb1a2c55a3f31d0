"""A running server of the page, and how its own page speaks to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

JSON = {"accept": "application/json"}


@dataclass
class Site:
    """A running server, and how its own page speaks to it."""

    address: str
    settings: Any
    queue: Any
    config: Any

    @property
    def own(self) -> dict[str, str]:
        """What the page sends with all that it asks for."""
        return {**JSON, "cookie": f"ssgan={self.settings.allowed.cookie}", "x-ssgan-token": self.settings.allowed.action}

    def ask(self, kind: str, **form: Any) -> dict[str, Any]:
        """Start a job and wait for its end."""
        files = {name: value for name, value in form.items() if isinstance(value, tuple)}
        data = {name: value for name, value in form.items() if not isinstance(value, tuple)}
        begun = httpx.post(f"{self.address}/{kind}", headers=self.own, data=data, files=files, timeout=60)
        assert begun.status_code == 202, begun.text
        return self.end(begun.json()["id"])

    def end(self, number: str) -> dict[str, Any]:
        """What came of a job."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            state: dict[str, Any] = httpx.get(f"{self.address}/jobs/{number}", headers=self.own).json()
            if state["state"] not in ("waiting", "running"):
                return state
            time.sleep(0.05)
        raise AssertionError("it did not end")

    def file(self, number: str, name: str) -> bytes:
        """A file of a job."""
        return httpx.get(f"{self.address}/jobs/{number}/files/{name}", headers=self.own).content
