"""How this program is called here, for commands that it prints."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def program() -> str:
    """Return `ssgan` where a shell finds it, or else what was typed: a path such as .venv/bin/ssgan, or PYTHON -m ssgan."""
    if shutil.which("ssgan"):
        return "ssgan"
    called = Path(sys.argv[0])
    if called.stem == "ssgan" and called.is_file():
        near = Path(os.path.relpath(called))
        return shlex.quote(str(called if near.parts[:1] == ("..",) else near))
    return f"{shlex.quote(sys.executable)} -m ssgan"
