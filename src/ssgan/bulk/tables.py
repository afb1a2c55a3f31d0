"""Write a table of features some rows at a time: Parquet for pandas, Polars and DuckDB, or NumPy's .npz.

In Parquet there are two columns, `file` and `features`, the latter a list of fixed size, and the names of the features are in
the schema's metadata. A column for each of 34,671 features would cost a header for each in every group of rows, hundreds of
megabytes for a few thousand images, and readers that take seconds to open the file; as a list a row is one vector, which is
what a classifier takes. At 64 x 64 pixels few different values occur, and compression leaves a third.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ssgan.errors import InvalidSetting
from ssgan.storage.names import written
from ssgan.storage.state_files import Damaged, is_file
from ssgan.version import __version__

SUFFIXES = (".parquet", ".npz")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of every member, so that equal tables are equal files

Groups: TypeAlias = Iterable[tuple[list[str], np.ndarray]]  # names, and features (rows, D), some rows at a time


@dataclass(frozen=True)
class Columns:
    """The feature set's name, its features' names, and the numbers' dtype, float32 or float64."""

    set: str
    names: list[str]
    dtype: str


Write: TypeAlias = Callable[[Path, Groups, int, Columns], None]


def writer(path: Path) -> Write:
    """Return the writer for a file's suffix. Raises InvalidSetting for another suffix, and where a package is missing."""
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return write_npz
    if suffix == ".parquet":
        pyarrow_or(".npz")
        return write_parquet
    raise InvalidSetting(
        f"{path} ends in {suffix or 'nothing'}, not in {' or '.join(SUFFIXES)}",
        hint="give the table a name with such an ending",
    )


def write_parquet(path: Path, groups: Groups, rows: int, columns: Columns) -> None:
    """Write columns `file` (string) and `features` (list of fixed size), one group of rows for each of `groups`."""
    pa = pyarrow_or(".npz")
    from pyarrow import parquet

    number = pa.float32() if columns.dtype == "float32" else pa.float64()
    features = pa.list_(number, len(columns.names))
    header = {"set": columns.set, "dimension": len(columns.names), "rows": rows, "version": __version__}
    metadata = {"ssgan": json.dumps(header), "feature_names": json.dumps(columns.names)}
    schema = pa.schema([("file", pa.string()), ("features", features)], metadata=metadata)
    # Statistics of single numbers in a vector are of no use.
    with parquet.ParquetWriter(path, schema, compression="zstd", write_statistics=False) as file:
        for names, part in groups:
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel(), number), type=features)
            file.write_table(
                pa.table([pa.array([written(name) for name in names], pa.string()), vectors], schema=schema),
                row_group_size=len(names),
            )


def write_npz(path: Path, groups: Groups, rows: int, columns: Columns) -> None:
    """Write arrays `features` (N, D), `names` (N,), `feature_names` (D,) and `set`, uncompressed."""
    listed: list[str] = []
    shape = rows, len(columns.names)
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(_member("features"), "w", force_zip64=True) as stream:
            header = {"descr": np.dtype(columns.dtype).str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_2_0(stream, header)
            for names, part in groups:
                listed += names
                stream.write(np.ascontiguousarray(part, columns.dtype).tobytes())
        for name, strings in (("names", listed), ("feature_names", columns.names), ("set", columns.set)):
            content = io.BytesIO()
            np.save(content, np.array(strings), allow_pickle=False)
            archive.writestr(_member(name), content.getvalue())


def write_part(path: Path, groups: Groups) -> None:
    """Write the rows of one portion of a table, kept until the others are there."""
    every = list(groups)
    names = np.array([name for names, _ in every for name in names], np.str_)
    with path.open("wb") as stream:
        np.savez(stream, names=names, features=np.concatenate([features for _, features in every]))


def read_part(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the names and features that `write_part` wrote. Raises Damaged."""
    hint = "remove it: the same command makes it again"
    if not is_file(path):  # a pipe would be waited for
        raise Damaged(path, "it is not a plain file", hint=hint)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            names, features = kept["names"].tolist(), kept["features"]
            if len(names) != len(features):
                raise ValueError("names and features are not equally many")
            return names, features
    except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError, NotImplementedError, zlib.error) as error:
        raise Damaged(path, str(error), hint=hint) from error
    except zipfile.BadZipFile as error:
        raise Damaged(path, "it is cut off", hint=hint) from error


def regrouped(groups: Groups, rows: int) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield names and features in groups of `rows`, the last one shorter, however they come."""
    names: list[str] = []
    held: list[np.ndarray] = []
    for more, features in groups:
        names += more
        held.append(features)
        while len(names) >= rows:
            together = np.concatenate(held)
            yield names[:rows], together[:rows]
            names, held = names[rows:], [together[rows:]]
    if names:
        yield names, np.concatenate(held)


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{name}.npy", _LONG_AGO)


def pyarrow_or(otherwise: str) -> Any:
    """Return pyarrow, which only this format needs. Raises InvalidSetting, naming a suffix to write in its place."""
    try:
        import pyarrow
    except ImportError as error:
        hint = f"install it with pip install pyarrow, or write a {otherwise}"
        raise InvalidSetting("writing Parquet needs pyarrow, which is not installed", hint=hint) from error
    return pyarrow
