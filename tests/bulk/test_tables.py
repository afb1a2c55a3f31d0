from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssgan.bulk import tables
from ssgan.errors import InvalidSetting

COLUMNS = tables.Columns("spam", [f"f[{i}]" for i in range(5)], "float32")


def groups(sizes: list[int], *, dtype: str = "float32") -> list[tuple[list[str], np.ndarray]]:
    rng = np.random.default_rng(1)
    return [([f"é{size}/{i}.png" for i in range(size)], rng.normal(size=(size, 5)).astype(dtype)) for size in sizes]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_written_as_npz_is_read_by_numpy(tmp_path: Path, dtype: str) -> None:
    given = groups([3, 1, 4], dtype=dtype)
    tables.write_npz(tmp_path / "f.npz", given, 8, tables.Columns("spam", COLUMNS.names, dtype))
    with np.load(tmp_path / "f.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["features"], np.concatenate([part for _, part in given]))
        assert found["features"].dtype == dtype
        assert found["names"].tolist() == [name for names, _ in given for name in names]
        assert found["feature_names"].tolist() == COLUMNS.names
        assert str(found["set"]) == "spam"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_written_as_parquet_has_a_vector_a_row_and_says_what_it_is(tmp_path: Path, dtype: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    given = groups([3, 1, 4], dtype=dtype)
    tables.write_parquet(tmp_path / "f.parquet", given, 8, tables.Columns("spam", COLUMNS.names, dtype))
    found = parquet.read_table(tmp_path / "f.parquet")
    vectors = found["features"].combine_chunks().flatten().to_numpy().reshape(8, 5)
    np.testing.assert_array_equal(vectors, np.concatenate([part for _, part in given]))
    assert vectors.dtype == dtype
    assert found["file"].to_pylist() == [name for names, _ in given for name in names]
    metadata = parquet.read_schema(tmp_path / "f.parquet").metadata
    assert json.loads(metadata[b"feature_names"]) == COLUMNS.names
    assert {"set": "spam", "dimension": 5, "rows": 8}.items() <= json.loads(metadata[b"ssgan"]).items()
    assert parquet.ParquetFile(tmp_path / "f.parquet").num_row_groups == 3


def test_equal_tables_are_equal_files(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for suffix in tables.SUFFIXES:
        one, other = (tmp_path / f"{name}{suffix}" for name in ("one", "other"))
        for path in (one, other):
            tables.writer(path)(path, groups([2, 3]), 5, COLUMNS)
        assert one.read_bytes() == other.read_bytes()


def test_another_suffix_is_refused() -> None:
    for name in ("f.csv", "f"):
        with pytest.raises(InvalidSetting, match="ends in"):
            tables.writer(Path(name))


def test_where_pyarrow_is_missing_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidSetting) as caught:
        tables.writer(Path("f.parquet"))
    assert "pip install pyarrow" in caught.value.hint
    assert tables.writer(Path("f.npz")) is tables.write_npz
