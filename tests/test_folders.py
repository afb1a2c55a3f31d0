"""A folder is made with all above it, and what stands in the way is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssgan.errors import StorageFailed
from ssgan.folders import make_folder


def test_a_folder_is_made_once_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_in_the_way_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(StorageFailed, match="cannot be made"):
            make_folder(folder)
