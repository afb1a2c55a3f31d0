"""Drive a harness of this folder by coverage: `python fuzz/run.py image_reader -max_total_time=180`; needs the extra `fuzz`.

All options after the harness's name are libFuzzer's; its last line says how many executions were done. What it learns is kept
in out/fuzz/, and an input that breaks a promise is left there as crash-*.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import atheris

HARNESSES = ("image_reader", "container", "jpeg")
CORPUS = Path(__file__).resolve().parents[1] / "out" / "fuzz"


def left_alone() -> list[str]:
    """The modules that are not instrumented: compiled ones, which Numba could not read, and the schemes, to be fast."""
    spec = importlib.util.find_spec("ssgan")
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    paths = {path for path in root.rglob("*.py") if "ssgan.compute.compiled import" in path.read_text(encoding="utf-8")}
    paths |= set((root / "embedding").glob("*.py"))
    return ["ssgan.compute.compiled", *(".".join(("ssgan", *path.relative_to(root).with_suffix("").parts)) for path in paths)]


def main() -> None:
    """Instrument, load, run."""
    if len(sys.argv) < 2 or sys.argv[1] not in HARNESSES:
        sys.exit(f"usage: python fuzz/run.py {{{','.join(HARNESSES)}}} [options of libFuzzer]")
    name = sys.argv[1]
    with atheris.instrument_imports(include=["ssgan"], exclude=left_alone()):
        harness = importlib.import_module(name)
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(harness.seeds()):
        (folder / f"seed-{i:03}").write_bytes(seed)

    def check(data: bytes) -> None:  # libFuzzer takes an answer for a number
        harness.check(data)

    atheris.Setup([sys.argv[0], f"-artifact_prefix={CORPUS}/", *sys.argv[2:], str(folder)], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
