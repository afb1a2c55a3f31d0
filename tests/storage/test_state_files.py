"""What a power loss or a bad copy leaves under the name of a state file: an error that names it, or on it goes."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ssgan
from ssgan.bulk import job, outputs, score, tables
from ssgan.datasets import cache
from ssgan.errors import Failure, SsganError
from ssgan.evaluation import results
from ssgan.experiments import records
from ssgan.steganalysis.checks import findings
from ssgan.storage import atomic
from ssgan.storage.runs import Run, check_manifest, logged, result
from ssgan.storage.state_files import (
    Damaged,
    is_figure,
    read_json,
    read_lines,
    read_object,
    read_rows,
    read_strictly,
)
from ssgan.web import runs, views

CONFIG = {"config": {"seed": 3, "name": "x", "parts": [1, 2.5, None, True]}, "made": {"python": "3"}}
STATS = '{"images_seen": 1, "loss": 2.0}\n{"images_seen": 2, "loss": 1.0}\n{"images_seen": 3, "loss": NaN}\n'
HOSTILE = [
    b"", b"\0" * 64, b"\xff\xfe{}", b"{", b"[]", b"null", b"3", b'"words"', b"[" * 100_000, b'{"a":' * 100_000, b"{}",
    b"[" * 900 + b"]" * 900, b'{"images_seen": 1' + b"0" * 400 + b', "a": 1}',
    b'{"images_seen": 1' + b"0" * 5000 + b', "a": 1}',
    b'{"images_seen": 1e999, "a": 1}', b'{"images_seen": NaN, "a": NaN}', b'{"images_seen": true, "a": true}',
    b'{"images_seen": "1", "a": "2"}', b'{"images_seen": -5, "a": 1}', b'{"config": [], "images_seen": []}',
    b'{"images_seen": 1, "a": 1e308}\n{"images_seen": 2, "a": -1e308}', b'{"images_seen": 1, "\\ud800\\u001b": 1}\n' * 2,
    b'{"images_seen": 1, "' + b"n" * 100_000 + b'": 1}\n{"images_seen": 1e99, "' + b"n" * 100_000 + b'": 1}',
    b'{"config": {"a": {"b": [[[["c"]]]]}}}', b'{"config": {"\\udce9": "\\ud800"}}', b"part,name\n\"", b"a,b\n1\n", b"\0,\0\n",
]  # fmt: skip
NAMES = ["images_seen", "a", "config"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
CONTENTS = (
    st.sampled_from(HOSTILE)
    | st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.lists(JSON.map(lambda value: json.dumps(value).encode()), max_size=4).map(b"\n".join)
    | st.integers(0, len(STATS)).map(lambda length: STATS.encode()[:length])
)
KINDS = ["folder", "pipe", "loop", "dangling", "unreadable"]
posix = pytest.mark.skipif(os.name != "posix", reason="pipes, links and permissions of POSIX")


def put(path: Path, what: str | bytes) -> None:
    """In place of a file: bytes, or something that is no plain file."""
    path.unlink(missing_ok=True)
    if isinstance(what, bytes):
        path.write_bytes(what)
    elif what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "loop":
        path.symlink_to(path.name)
    elif what == "dangling":
        path.symlink_to("nowhere")
    else:
        path.write_bytes(b"{}")
        path.chmod(0)


@given(CONTENTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    for read in (read_json, read_object, lambda path: read_rows(path, ("a",))):
        try:
            read(path)
        except Damaged as error:
            assert str(path) in str(error)
    assert all(isinstance(line, dict) for line in read_lines(path))


@posix
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_plain_file_is_damaged_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    put(path, kind)
    if kind == "unreadable" and os.access(path, os.R_OK):
        pytest.skip("for the superuser everything can be read")
    for read in (read_object, lambda path: list(read_lines(path)), lambda path: read_rows(path, ())):
        with pytest.raises(Damaged, match=r"state\.json is damaged"):
            read(path)


@given(st.integers() | st.floats() | st.booleans() | st.text() | st.none())
def test_a_figure_can_be_computed_with(value: object) -> None:
    if is_figure(value) and abs(value) < 10**300:  # type: ignore[arg-type]
        assert float(value) - float(value) == 0.0  # type: ignore[arg-type]


def seen(root: Path) -> None:
    """Every page that shows the runs in `root`."""
    listed = runs.runs(root)
    views.page("runs", "token", runs=listed, folder=root).encode("utf-8")
    for run in listed:
        views.run(run.folder, "token").encode("utf-8")
        text = json.dumps(runs._summary(run.folder), allow_nan=False)
        json.loads(text)


@given(CONTENTS, CONTENTS, CONTENTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_takes_the_pages_of_runs_down(tmp_path: Path, config: bytes, stats: bytes, done: bytes) -> None:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    for name, content in (("config.json", config), ("stats.jsonl", stats), ("done.json", done)):
        (folder / name).write_bytes(content)
    seen(tmp_path)


@posix
@pytest.mark.parametrize("name", ["config.json", "stats.jsonl", "done.json", "samples", "samples/1.png"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_file_takes_the_pages_of_runs_down(name: str, kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "stats.jsonl").write_text(STATS)
    if name == "samples":
        (folder / "samples").rmdir()
    put(folder / name, kind)
    put(tmp_path / "loop", "loop")
    seen(tmp_path)
    if name != "done.json":
        (folder / "done.json").touch()

    async def first() -> str:
        async for event in runs.events(folder):
            return event
        return ""

    assert "data: {" in asyncio.run(first())


@posix
@pytest.mark.parametrize("name", [b"\xe9", b"a\x1b[2J", b"\n", "日本".encode(), b"%41", b"a b"])
def test_a_run_of_any_name_has_its_page(name: bytes, tmp_path: Path) -> None:
    import httpx

    from ssgan.web import app

    folder = tmp_path / os.fsdecode(name)
    Run(folder, {})
    seen(tmp_path)
    guarded: Any = app.create_app(app.ServerSettings(frozenset({"page"}), tmp_path))

    async def asked() -> int:
        transport = httpx.ASGITransport(app=guarded.app)  # what is behind the guard
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            page = (await client.get("/runs")).text
            (address,) = re.findall(r'href="(/runs/[^"]+)"', page)
            return (await client.get(address)).status_code

    assert asyncio.run(asked()) == 200


def files_of_a_run(folder: Path) -> dict[str, Callable[[], object]]:
    """State files as they are written, each with what reads it."""
    run = Run(folder, {"seed": 1})
    (folder / "stats.jsonl").write_text(STATS)
    run.finish({"images_seen": 3, "pairs": [1, 2, 3]})
    findings.keep(folder, [findings.Finding("refuse", "a", "b")])
    outputs.write_manifest(folder, {"what": 1, "count": 3}, what="stegos")
    job.keep_failures(folder, 1, [Failure("a", "b", "c", 5)])
    (folder / "000001.csv").write_text('a,0.5,True,0.25,\n"b,c",,,,no image\n')
    (folder / "scores.csv").write_text("part,name,group,cover,stego\ntest,a,g,0.1,0.2\ntest,b,g,0.1,0.2\n")
    (folder / "table2.csv").write_text(records.as_csv([], {}))
    (folder / "x.json").write_text(json.dumps({"request": {}, "shape": [1], "names": [], "bad": []}))
    tables.write_part(folder / "000000.npz", [(["a"], np.zeros((1, 3)))])
    return {
        "config.json": lambda: Run(folder, {"seed": 1}),
        "stats.jsonl": lambda: [*logged(folder), run.rewind(2)],  # type: ignore[func-returns-value]
        "done.json": lambda: result(folder, "images_seen"),
        findings.FINDINGS: lambda: findings.kept(folder),
        "run.json": lambda: check_manifest(folder / "run.json", {"what": 1}, what="stegos"),
        ".failures/000001.jsonl": lambda: job.kept_failures(folder, 1),
        "000001.csv": lambda: list(score.rows_of(folder / "000001.csv")),
        "scores.csv": lambda: results.scores_of(folder),
        "table2.csv": lambda: records.read_csv(folder / "table2.csv"),
        "x.json": lambda: cache._manifest(folder / "x.npy", {}),
        "000000.npz": lambda: tables.read_part(folder / "000000.npz"),
    }


@pytest.mark.parametrize("number", range(11))
def test_a_file_cut_off_anywhere_is_named_or_passed_over(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "sync", lambda path: None)  # some hundred files, none of which has to last
    name, read = list(files_of_a_run(tmp_path).items())[number]
    path = tmp_path / name
    whole = path.read_bytes()
    read()
    path.write_bytes(whole)
    cut = range(len(whole)) if len(whole) < 200 else range(0, len(whole), 7)
    for content in (*(whole[:length] for length in cut), *HOSTILE):
        path.write_bytes(content)
        try:
            read()
        except SsganError as error:
            message = f"{error} {error.hint}"
            assert path.name in message or content in HOSTILE and str(tmp_path) in message, message  # an object of another job
            assert error.hint


@posix
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop"])
@pytest.mark.parametrize("number", range(11))
def test_what_is_no_plain_file_is_named_too(number: int, kind: str, tmp_path: Path) -> None:
    name, read = list(files_of_a_run(tmp_path).items())[number]
    put(tmp_path / name, kind)
    try:
        read()
    except SsganError as error:
        assert Path(name).name in f"{error} {error.hint}"


def test_a_run_whose_end_was_lost_has_not_ended(tmp_path: Path) -> None:
    run = Run(tmp_path, {})
    run.finish({"p_e": 0.25})
    whole = (tmp_path / "done.json").read_bytes()
    for length in range(len(whole.rstrip())):
        (tmp_path / "done.json").write_bytes(whole[:length])
        assert not run.done
    run.finish({"p_e": 0.25})
    assert run.done


def test_rewinding_drops_what_cannot_be_read(tmp_path: Path) -> None:
    run = Run(tmp_path, {})
    (tmp_path / "stats.jsonl").write_bytes(
        b'\0\0\n[1]\n{"a": 1}\n{"images_seen": "x"}\n{"images_seen": 2}\n\xff\n{"images_seen": 9}'
    )
    run.rewind(5)
    assert (tmp_path / "stats.jsonl").read_text() == '{"images_seen": 2}\n'


def test_every_state_file_is_read_in_one_place() -> None:
    for path in Path(ssgan.__file__).parent.rglob("*.py"):
        assert not re.search(r"json\.loads?\([^\n]*[)/\w]\.(read_text|read_bytes|open)\(", path.read_text(encoding="utf-8")), (
            path
        )


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', '{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}', '{"a": {"b": 1, "b": 2}}']
)
def test_strict_reading_refuses_what_json_does_not_say_once_and_finite(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    read_object(path)
    with pytest.raises(Damaged, match="is not JSON"):
        read_strictly(path, largest=100)


def test_strict_reading_opens_no_link_and_no_more_than_was_allowed(tmp_path: Path) -> None:
    path, link = tmp_path / "x.json", tmp_path / "link.json"
    path.write_text('{"a": 1}')
    link.symlink_to(path)
    assert read_strictly(path, largest=8) == {"a": 1}
    with pytest.raises(Damaged, match="it is a link"):
        read_strictly(link, largest=8)
    with pytest.raises(Damaged, match="more than 7 bytes"):
        read_strictly(path, largest=7)
