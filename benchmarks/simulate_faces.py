"""Stegos of a whole data set from the command line: `python benchmarks/simulate_faces.py [ARCHIVE] [EMBEDDER] [WORKERS]`.

The archive holds CelebA faces of 108 pixels or more; without one the faces beside the repository are taken, if they are there.
Bar: 14,859 faces with hugo@0.4 in 180 seconds on two cores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SHARED = Path(os.environ.get("SSGAN_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def main() -> None:
    """Simulate into a folder that is thrown away, and print one line."""
    given = dict(enumerate(sys.argv[1:]))
    archive = Path(given.get(0, SHARED / "data" / "faces64" / "celeba114.zip"))
    embedder, workers = given.get(1, "hugo@0.4"), given.get(2, "2")
    if not archive.exists():
        print(f"simulate_faces: no archive at {archive}, nothing measured")
        return
    with tempfile.TemporaryDirectory() as out:
        command = ["simulate", str(archive), "-o", out, "--embedder", embedder, "--seed", "1", "--geometry", "celeba64"]
        made = subprocess.run(
            [sys.executable, "-m", "ssgan", *command, "--workers", workers, "--json"],
            check=True,
            capture_output=True,
            text=True,
        )
    report = json.loads(made.stdout.splitlines()[-1])
    print(
        f"{report['written']} faces, {embedder}, {workers} processes: {report['seconds']:.1f} s, "
        f"{report['images_per_second']:.0f} images/s, change rate {report['change_rate']:.4f}"
    )


if __name__ == "__main__":
    main()
