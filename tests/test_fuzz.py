"""The fuzz harnesses hold on what a few minutes of a machine can try: their seeds, cut, flipped, spliced and stretched."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FUZZ = Path(__file__).resolve().parents[1] / "fuzz"


def load(name: str) -> ModuleType:
    """fuzz/<name>.py, which is no package."""
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", FUZZ / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mutants(seeds: list[bytes], count: int) -> Iterator[bytes]:
    rng = np.random.default_rng(10)
    for _ in range(count):
        data = bytearray(seeds[int(rng.integers(len(seeds)))])
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(len(data))) if data else 0
            kind = rng.integers(6)
            if kind == 0:
                del data[at:]
            elif kind == 1:
                data[at:at] = rng.bytes(int(rng.integers(1, 9)))
            elif kind == 2 and data:
                data[at] ^= 1 << int(rng.integers(8))
            elif kind == 3:
                data[at : at + 4] = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x01\x00\x00"][
                    int(rng.integers(4))
                ]
            elif kind == 4:
                other = seeds[int(rng.integers(len(seeds)))]
                data[at:] = other[int(rng.integers(len(other))) :]
            else:
                data += data[at:]
        yield bytes(data)


@pytest.mark.parametrize(("name", "count"), [("image_reader", 1500), ("container", 600)])
def test_a_harness_holds_on_its_seeds_and_on_what_mutation_makes_of_them(name: str, count: int) -> None:
    harness = load(name)
    seeds = harness.seeds()
    for data in (b"", b"\0", b"\1", *seeds, *mutants(seeds, count)):
        harness.check(data)


def test_no_mutant_of_a_jpeg_breaks_a_promise() -> None:
    harness = load("jpeg")
    files = harness.seeds()
    answers = [harness.check(data) for data in files]
    assert set(answers) == {"cover"}
    answers = [harness.check(harness.mutant(files, seed)) for seed in range(20_000, 21_000)]
    assert set(answers) == {"refused", "read", "cover"}


def test_a_harness_sees_a_reader_that_breaks_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, opener = load("image_reader"), load("container")
    monkeypatch.setattr("ssgan.images.read", lambda data, **options: 1 // 0)
    monkeypatch.setattr("ssgan.messages.container.unseal", lambda *arguments: opener.MessagePart(b"identity", 0, 1, 2, 0, b""))
    with pytest.raises(ZeroDivisionError):
        reader.check(reader.seeds()[0])
    with pytest.raises(AssertionError, match="another kind"):
        opener.open_body(b"\0\0text")
