"""Weights are given back as they were saved, and forty kinds of hostile folders are refused without harm."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.storage import weights

SAVED: dict[str, np.ndarray] = {
    "layer.0.weight": np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4),
    "order": np.arange(5, dtype=np.int64),
    "flags": np.array([True, False, True]),
    "bias": np.array(0.25),
    "none": np.zeros((0, 3), np.float16),
}
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z0-9]{1,4})?", fullmatch=True)
numbers = st.sampled_from(["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]).flatmap(
    lambda dtype: arrays(
        dtype,
        array_shapes(min_dims=0, max_dims=3, max_side=4),
        elements=st.floats(-8, 8, width=16) if dtype.startswith("float") else None,
    )
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with a sound model."""
    weights.save(tmp_path / "model", SAVED, {"kind": "example", "settings": [1, 2.5, "x"]})
    return tmp_path / "model"


def weights_file(folder: Path) -> Path:
    (path,) = folder.glob("weights-*.safetensors")
    return path


@given(st.dictionaries(names, numbers, max_size=5), st.dictionaries(st.text(max_size=8), plain, max_size=4))
def test_what_is_saved_is_given_back(
    tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, np.ndarray], manifest: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("model")
    weights.save(folder, tensors, manifest)
    found, about = weights.load(folder)
    assert about == manifest
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_torch_tensors_come_back_as_arrays_that_may_be_written_to(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 2)
    weights.save(tmp_path, layer.state_dict() | {"turned": torch.arange(6).reshape(2, 3).T}, {})
    found, _ = weights.load(tmp_path)
    np.testing.assert_array_equal(found["weight"], layer.weight.detach().numpy())
    np.testing.assert_array_equal(found["turned"], [[0, 3], [1, 4], [2, 5]])
    torch.nn.Linear(3, 2).load_state_dict({name: torch.from_numpy(found[name]) for name in ("weight", "bias")})


def test_the_file_is_safetensors_to_its_own_library(model: Path) -> None:
    found = safetensors.numpy.load_file(weights_file(model))
    assert found.keys() == SAVED.keys()
    for name, array in SAVED.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_new_model_takes_the_place_of_the_old(model: Path) -> None:
    weights.save(model, {"new": np.ones(2)}, {"kind": "other"})
    found, about = weights.load(model)
    assert (list(found), about) == (["new"], {"kind": "other"})
    assert len(list(model.iterdir())) == 2


def test_a_write_that_stops_before_the_manifest_leaves_the_old_model(model: Path, tmp_path: Path) -> None:
    weights.save(tmp_path / "new", {"new": np.ones(2)}, {})
    other = weights_file(tmp_path / "new")
    (model / other.name).write_bytes(other.read_bytes())
    assert weights.load(model)[0].keys() == SAVED.keys()


def test_the_same_model_makes_the_same_bytes(model: Path, tmp_path: Path) -> None:
    weights.save(tmp_path / "again", dict(reversed(SAVED.items())), {"settings": [1, 2.5, "x"], "kind": "example"})
    assert weights_file(model).read_bytes() == weights_file(tmp_path / "again").read_bytes()


@pytest.mark.parametrize("name", ["../a", "a/b", "a\\b", "", "a..b", "__metadata__", "ü", "x" * 201, "-x", ".x", "a\x00"])
def test_a_name_that_could_lead_elsewhere_is_not_saved(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidSetting, match="name"):
        weights.save(tmp_path / "model", {name: np.ones(1)}, {})
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "tensor", [np.array([None, {}]), np.array(["text"]), np.ones(2, complex), torch.ones(2, dtype=torch.bfloat16)]
)
def test_what_is_no_number_is_not_saved(tmp_path: Path, tensor: Any) -> None:
    with pytest.raises(InvalidSetting):
        weights.save(tmp_path / "model", {"x": tensor}, {})


@pytest.mark.parametrize("manifest", [{"x": float("nan")}, {"x": object()}, {"x": {1, 2}}, {"x": "a" * weights.LARGEST_TEXT}])
def test_a_manifest_that_is_no_plain_json_is_not_saved(tmp_path: Path, manifest: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        weights.save(tmp_path / "model", {}, manifest)


def test_numbers_that_are_not_finite_come_only_when_asked_for(tmp_path: Path) -> None:
    weights.save(tmp_path, {"x": np.array([1, np.inf, np.nan])}, {})
    with pytest.raises(RefusedModel, match="finite"):
        weights.load(tmp_path)
    np.testing.assert_array_equal(weights.load(tmp_path, finite=False)[0]["x"], [1, np.inf, np.nan])


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("float64", (2, 3, 4)), ("float32", (2, 3)), ("float32", (2, 3, 5)), ("float32", (None, None, 5))],
    ids=["dtype", "rank", "side", "one side"],
)
def test_a_tensor_of_another_shape_is_not_taken(dtype: str, shape: tuple[int | None, ...]) -> None:
    with pytest.raises(RefusedModel, match="should hold"):
        weights.take(SAVED, "layer.0.weight", dtype, shape)


def test_a_tensor_of_the_right_shape_is_taken() -> None:
    assert weights.take(SAVED, "layer.0.weight", "float32", (2, None, 4)) is SAVED["layer.0.weight"]
    with pytest.raises(RefusedModel, match="nothing"):
        weights.take(SAVED, "absent", "float32", ())


# Hostile folders. Each of these changes a sound model; where it can, it puts the digests right, as an attacker would.


def sealed(folder: Path, content: bytes, **changes: Any) -> None:
    """Put a weights file of this content into the folder, and a manifest whose digests are right for it."""
    weights_file(folder).unlink()
    digest = hashlib.sha256(content).hexdigest()
    name = f"weights-{digest[:16]}.safetensors"
    (folder / name).write_bytes(content)
    about = changes.pop("manifest", {"kind": "example"})
    seal = hashlib.sha256(json.dumps(about, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    manifest = {
        "format": weights.FORMAT, "weights": name, "bytes": len(content), "sha256": digest, "manifest_sha256": seal,
        "manifest": about,
    }  # fmt: skip
    (folder / weights.MANIFEST).write_text(json.dumps(manifest | changes))


def header(folder: Path, entries: object, data: bytes = bytes(16), *, length: int | None = None) -> None:
    """A weights file of any header, and with any length said of it."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    sealed(folder, struct.pack("<Q", len(text) if length is None else length) + text + data)


def entry(**changes: object) -> dict[str, object]:
    return {"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} | changes}


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.path,)


def pickled(folder: Path) -> None:
    sealed(folder, pickle.dumps(Bomb(str(folder / "executed"))))


def pickled_manifest(folder: Path) -> None:
    (folder / weights.MANIFEST).write_bytes(pickle.dumps(Bomb(str(folder / "executed"))))


def torch_file(folder: Path) -> None:
    torch.save(Bomb(str(folder / "executed")), folder / "made.pt")
    sealed(folder, (folder / "made.pt").read_bytes())


def object_array(folder: Path) -> None:
    np.save(folder / "made.npy", np.array([Bomb(str(folder / "executed"))]), allow_pickle=True)
    sealed(folder, (folder / "made.npy").read_bytes())


def flipped_bit(folder: Path) -> None:
    content = bytearray(weights_file(folder).read_bytes())
    content[-1] ^= 1
    weights_file(folder).write_bytes(content)


def cut_short(folder: Path) -> None:
    weights_file(folder).write_bytes(weights_file(folder).read_bytes()[:-1])


def longer(folder: Path) -> None:
    with weights_file(folder).open("ab") as file:
        file.write(b"\x00")


def altered_manifest(folder: Path) -> None:
    text = (folder / weights.MANIFEST).read_text()
    (folder / weights.MANIFEST).write_text(text.replace('"example"', '"another"'))


def linked(folder: Path) -> None:
    path = weights_file(folder)
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")


def linked_manifest(folder: Path) -> None:
    (folder / weights.MANIFEST).rename(folder.parent / "elsewhere.json")
    (folder / weights.MANIFEST).symlink_to(folder.parent / "elsewhere.json")


def pipe(folder: Path) -> None:
    path = weights_file(folder)
    path.unlink()
    os.mkfifo(path)


def directory(folder: Path) -> None:
    path = weights_file(folder)
    path.unlink()
    path.mkdir()


def sparse(folder: Path) -> None:
    """A gigabyte of nothing, whose size the manifest tells rightly."""
    with weights_file(folder).open("r+b") as file:
        file.truncate(1 << 30)
    record = json.loads((folder / weights.MANIFEST).read_text())
    (folder / weights.MANIFEST).write_text(json.dumps(record | {"bytes": 1 << 30}))


def huge_manifest(folder: Path) -> None:
    with (folder / weights.MANIFEST).open("r+b") as file:
        file.truncate(1 << 30)


def crowd(folder: Path) -> None:
    """Ten thousand tensors that share 64 megabytes of data."""
    size = 1 << 26
    shared = {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}
    header(folder, {f"x{i}": shared for i in range(10000)}, bytes(size))


def infinite(folder: Path) -> None:
    """JSON knows no infinity, but 1e999 is read as one."""
    sealed(folder, weights_file(folder).read_bytes(), manifest={"x": 9.75})
    text = (folder / weights.MANIFEST).read_text()
    (folder / weights.MANIFEST).write_text(text.replace("9.75", "1e999"))


def repeated_key(folder: Path) -> None:
    one = json.dumps(entry())[1:-1].encode()
    header(folder, b"{" + one + b"," + one + b"}")


def manifest_text(text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / weights.MANIFEST).write_text(text)

    return spoil


def with_record(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: sealed(folder, weights_file(folder).read_bytes(), **changes)


def headed(entries: object, data: bytes = bytes(16), *, length: int | None = None) -> Callable[[Path], None]:
    return lambda folder: header(folder, entries, data, length=length)


HOSTILE: dict[str, Callable[[Path], None]] = {
    "a pickle": pickled,
    "a pickled manifest": pickled_manifest,
    "a torch file": torch_file,
    "an object array": object_array,
    "a flipped bit": flipped_bit,
    "cut short": cut_short,
    "a byte too many": longer,
    "an altered manifest": altered_manifest,
    "weights behind a link": linked,
    "manifest behind a link": linked_manifest,
    "a pipe": pipe,
    "a directory": directory,
    "no weights": lambda folder: weights_file(folder).unlink(),
    "no manifest": lambda folder: (folder / weights.MANIFEST).unlink(),
    "a sparse gigabyte": sparse,
    "a sparse manifest": huge_manifest,
    "an empty file": lambda folder: sealed(folder, b""),
    "seven bytes": lambda folder: sealed(folder, bytes(7)),
    "a header longer than the file": headed(entry(), length=2**20),
    "a header of 2^63 bytes": headed(entry(), length=2**63),
    "a header of no bytes": headed(b"", length=0),
    "a header beyond the limit": headed(b" " * (weights.LARGEST_TEXT + 1)),
    "a header that is a list": headed([]),
    "a header that is no JSON": headed(b"{'x': 1}"),
    "a header that is no UTF-8": headed(b'{"\xff": 1}'),
    "a header nested deeply": headed(b"[" * 100_000),
    "a manifest nested deeply": manifest_text('{"a":' * 20_000),
    "a manifest nested in its own part": with_record(
        manifest={"x": eval("[" * 80 + "]" * 80)} | {"y": "altered"}, manifest_sha256="0"
    ),
    "a manifest that is a number": manifest_text("1"),
    "a manifest with nan": manifest_text('{"format": NaN}'),
    "a manifest with infinity": with_record(manifest={"x": 1.0}, manifest_sha256=float("inf")),
    "a manifest with a number beyond all floats": manifest_text('{"format": 1e999}'),
    "a manifest that says a thing twice": manifest_text('{"format": "ssgan weights 1", "format": "ssgan weights 1"}'),
    "a manifest of another format": with_record(format="ssgan weights 2"),
    "a manifest with more to say": with_record(more=1),
    "a path as the weights' name": with_record(weights="../model/weights-0123456789abcdef.safetensors"),
    "an absolute path": with_record(weights="/etc/passwd"),
    "a number as the weights' name": with_record(weights=7),
    "a size that is true": with_record(bytes=True),
    "a negative size": with_record(bytes=-1),
    "a repeated key": repeated_key,
    "tensors that overlap": headed(entry() | {"y": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
    "ten thousand tensors in one place": crowd,
    "a gap between tensors": headed(entry(), bytes(24)),
    "offsets beyond the file": headed(entry(data_offsets=[8, 24])),
    "offsets the wrong way": headed(entry(shape=[0], data_offsets=[16, 0])),
    "negative offsets": headed(entry(data_offsets=[-16, 0])),
    "offsets that are fractions": headed(entry(data_offsets=[0.0, 16.0])),
    "a shape of another size": headed(entry(shape=[5])),
    "a negative side": headed(entry(shape=[-4])),
    "a side that is true": headed(entry(shape=[True, 4])),
    "a shape that overflows": headed(entry(shape=[2**40, 2**40, 2**40])),
    "an empty shape that overflows": headed(entry(shape=[0, 2**40, 2**40], data_offsets=[0, 0]), b""),
    "too many axes": headed(entry(shape=[1] * 60 + [4])),
    "an unknown dtype": headed(entry(dtype="O")),
    "a dtype that is a list": headed(entry(dtype=["F32"])),
    "an entry that is a list": headed({"x": [1, 2]}),
    "a path in a name": headed({"../x": entry()["x"]}),
    "a name of 100,000 letters": headed({"x" * 100_000: entry()["x"]}),
    "a name that is empty": headed({"": entry()["x"]}),
    "not a number": headed(entry(), np.array([1, 2, np.nan, 4], np.float32).tobytes()),
    "infinity": headed(entry(), np.array([1, 2, np.inf, 4], np.float32).tobytes()),
    "truth values of 7": headed(entry(dtype="BOOL", shape=[16]), bytes([7] * 16)),
}


@pytest.mark.parametrize("spoil", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_folders_are_refused(model: Path, spoil: Callable[[Path], None]) -> None:
    spoil(model)
    before = set(model.iterdir())
    with pytest.raises(RefusedModel) as refusal:
        weights.load(model)
    assert refusal.value.hint
    assert len(str(refusal.value)) < 500
    assert set(model.iterdir()) == before, "nothing is executed"


def test_the_largest_size_is_what_the_caller_allows(model: Path) -> None:
    size = weights_file(model).stat().st_size
    assert weights.load(model, largest_bytes=size)[0].keys() == SAVED.keys()
    with pytest.raises(RefusedModel, match="bytes"):
        weights.load(model, largest_bytes=size - 1)


MEASURE = """
import sys
from pathlib import Path
from ssgan.storage import weights
from ssgan.errors import RefusedModel
for folder in sys.argv[1:]:
    try:
        weights.load(Path(folder))
    except RefusedModel:
        continue
    raise SystemExit(folder + " was taken")
peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
print(peak, "torch" in sys.modules)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells the peak of memory in another way")
def test_hostile_folders_cost_little_memory_and_no_torch(tmp_path: Path) -> None:
    folders = []
    for number, spoil in enumerate(HOSTILE.values()):
        folders.append(tmp_path / str(number) / "model")
        weights.save(folders[-1], SAVED, {"kind": "example"})
        spoil(folders[-1])
    made = subprocess.run([sys.executable, "-c", MEASURE, *folders], capture_output=True, text=True, check=True)
    kilobytes, torch_there = made.stdout.split()
    assert int(kilobytes) < 256 * 1024
    assert torch_there == "False"


def test_what_is_announced_needs_no_weights(model: Path) -> None:
    path = weights_file(model)
    content = path.read_bytes()
    path.unlink()
    announced = weights.announced(model)
    assert announced["manifest"] == {"kind": "example", "settings": [1, 2.5, "x"]}
    assert (announced["bytes"], announced["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
