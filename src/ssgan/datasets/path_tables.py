"""Tables of paths: Parquet files with a row for each picture, such as a query over a data set gives them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ssgan.errors import InvalidSetting, RefusedImage

TABLES = (".parquet",)
COLUMNS = ("path", "file", "image")  # of a table of paths: the first of these that it has


def paths_in(table: Path) -> Iterator[tuple[str, str]]:
    """Yield the name (`name_of`) and the path of each row; relative paths begin at the table's folder.

    Raises InvalidSetting where there is no column of paths or pyarrow is missing, RefusedImage where the table is damaged.
    """
    parquet = _parquet()
    try:
        with parquet.ParquetFile(table) as opened:
            column = next((name for name in COLUMNS if name in opened.schema_arrow.names), None)
            if column is None:
                raise InvalidSetting(
                    f"{table} has no column named {' or '.join(COLUMNS)}", hint="give a table with the paths of images"
                )
            for batch in opened.iter_batches(batch_size=10_000, columns=[column]):
                for path in map(str, batch.column(0).to_pylist()):
                    yield name_of(path, table.parent), path
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidSetting):
            raise
        raise RefusedImage(f"{table} cannot be read as a table ({error})", hint="give a Parquet file") from error


def name_of(path: str, folder: Path) -> str:
    """Return what a picture is called: its path below the table's folder, else all of its path but the root."""
    given = Path(path)
    if given.is_absolute():
        given = given.relative_to(folder) if given.is_relative_to(folder) else given.relative_to(given.anchor)
    return given.as_posix()


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        hint = "install it with pip install pyarrow, or name folders or archives"
        raise InvalidSetting("reading Parquet needs pyarrow, which is not installed", hint=hint) from error
    return parquet
