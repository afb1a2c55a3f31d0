"""`ssgan serve` as it is started: its address, its end, and that it speaks to nobody else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest

from ssgan.cli.app import run
from ssgan.web.serving import LOOPBACK, Address
from tests.processes import begun
from tests.web.site import Site

WATCH = """
import sys

def audit(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"):
        with open({log!r}, "a") as file:
            print(event, arguments[1:], file=file)

sys.addaudithook(audit)
"""
MANY = """
import socket, sys, time

held = [socket.socket() for _ in range(int(sys.argv[3]))]
for one in held:
    one.setblocking(False)
    one.connect_ex((sys.argv[1], int(sys.argv[2])))
print("there", flush=True)
time.sleep(600)
"""
CROWD = 128


def test_it_binds_one_loopback_socket_and_connects_to_nothing(tmp_path: Path, cover: bytes) -> None:
    log = tmp_path / "audit"
    (tmp_path / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    environment = {**os.environ, "SSGAN_LEDGER": str(tmp_path / "ledger")}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "ssgan", "serve", "--no-browser", "--json"]
    with begun(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        where = json.loads(server.stdout.readline())["address"]
        _hide(where, cover)
        server.send_signal(signal.SIGINT)
        assert server.wait(20) in (0, 130)
    events = log.read_text().splitlines()
    assert len(events) == 1, events
    assert events[0].startswith("socket.bind")
    assert LOOPBACK in events[0]


@pytest.mark.parametrize("files", [256, 1024])
def test_more_connections_than_there_can_be_files_are_answered_at_once(files: int) -> None:
    pytest.importorskip("resource")
    command = ["sh", "-c", f'ulimit -n {files}; exec "$0" -m ssgan serve --no-browser --json', sys.executable]
    with (
        begun(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server,
        contextlib.ExitStack() as held,
    ):
        assert server.stdout is not None
        where = json.loads(server.stdout.readline())["address"]
        base = where.partition("/?")[0]
        host, port = base[7:].split(":")
        client = httpx.Client(headers={"connection": "close"}, timeout=30)
        client.get(where)
        assert client.get(f"{base}/hide").status_code == 200
        for _ in range(2 * files // CROWD):  # each a process, whose own bound may be as low as the server's
            one = held.enter_context(begun([sys.executable, "-c", MANY, host, port, str(CROWD)], stdout=subprocess.PIPE))
            assert one.stdout is not None
            assert one.stdout.readline() == b"there\n"
        assert client.get(f"{base}/hide").status_code == 503
        held.close()
        until = time.monotonic() + 30
        while client.get(f"{base}/hide").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        client.close()
        server.send_signal(signal.SIGINT)
        assert server.wait(20) in (0, 130)
        assert server.stderr is not None
        assert "out of system resource" not in server.stderr.read()


def test_who_never_ends_a_handshake_is_closed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssgan.web import slow_requests
    from ssgan.web.app import ServerSettings, create_app
    from ssgan.web.queue import Jobs
    from ssgan.web.serving import _hosts, _socket, configured

    monkeypatch.setattr(slow_requests, "HEAD_SECONDS", 2.0)
    certificate = _certificate(tmp_path)
    listening = _socket(Address())
    port = listening.getsockname()[1]
    settings = ServerSettings(_hosts(LOOPBACK, port), scheme="https")
    app = create_app(settings, Jobs(workers=0))
    server = slow_requests.TimedServer(configured(app, ssl_certfile=certificate, ssl_keyfile=certificate))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        held = [stack.enter_context(socket.create_connection((LOOPBACK, port))) for _ in range(50)]
        response = httpx.get(
            f"https://{LOOPBACK}:{port}/hide",
            headers={"cookie": f"ssgan={settings.allowed.cookie}"},
            verify=ssl.create_default_context(cafile=certificate),
        )
        assert response.status_code == 200
        for connection in held:
            connection.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        assert time.monotonic() - began < 9
    server.should_exit = True
    thread.join(10)
    listening.close()


def _certificate(folder: Path) -> Path:
    """One of this machine's own, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "page")])
    now, alternative = datetime.now(UTC), x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    signed = made.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_request_for_another_protocol_is_one_like_others(site: Site) -> None:
    from ssgan.web.serving import configured

    # Where a package for it is installed, uvicorn would take it up, past the bounds on heads.
    config = configured(None)
    config.load()
    assert config.ws_protocol_class is None
    asked = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": "dGhlIHNhbXBsZQ==",
        "sec-websocket-version": "13",
    }
    assert httpx.get(f"{site.address}/hide", headers=asked).status_code == 403
    assert httpx.get(f"{site.address}/hide", headers={**asked, **site.own}).status_code == 200


def _hide(where: str, cover: bytes) -> None:
    """One whole job, so that a worker has done its work, too; a second one in the same cover is refused."""
    base = where.partition("/?")[0]
    with httpx.Client() as client:
        client.get(where)
        token = client.get(f"{base}/hide").text.partition('n": "')[2].partition('"')[0]
        own = {"x-ssgan-token": token, "accept": "application/json"}
        form = {"data": {"message": "x", "passphrase": "words"}, "files": {"cover": ("a.png", cover)}}
        for expected in ("done", "failed"):
            job = client.post(f"{base}/hide", headers=own, **form).json()["id"]  # type: ignore[arg-type]
            until = time.monotonic() + 240
            while (state := client.get(f"{base}/jobs/{job}", headers=own).json())["state"] in ("waiting", "running"):
                assert time.monotonic() < until
                time.sleep(0.1)
            assert state["state"] == expected, state
        assert "used before" in state["error"]["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--listen", "0.0.0.0"],
        ["--listen", "0.0.0.0", "--i-understand"],
        ["--listen", "0.0.0.0", "--certificate", "a", "--certificate-key", "b"],
        ["--port", "70000"],
        ["--runs", "nowhere"],
    ],
)
def test_what_would_not_be_safe_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--no-browser", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) >= 2  # what is wrong, and what to do


def test_only_this_machine_unless_said_otherwise() -> None:
    assert Address().listen == LOOPBACK


OPENED = """#!/bin/sh
printf '%s' "$#" "$1" > "$SEEN/arguments"
cp "${1#file://}" "$SEEN/page"
ls -l "${1#file://}" > "$SEEN/mode"
mv "$SEEN/arguments" "$SEEN/opened"
"""


@pytest.mark.skipif(os.name != "posix", reason="the browser of this test is a script of the shell")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_browser_is_handed_a_file_and_no_token(tmp_path: Path, number: signal.Signals) -> None:
    script, kept = tmp_path / "browser", tmp_path / "kept"
    script.write_text(OPENED)
    script.chmod(0o700)
    kept.mkdir()
    environment = {**os.environ, "BROWSER": f"{script} %s", "SEEN": str(tmp_path), "TMPDIR": str(kept)}
    command = ["sh", "-c", 'umask 0; exec "$0" -m ssgan serve --json', sys.executable]
    with begun(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        where = json.loads(server.stdout.readline())["address"]
        until = time.monotonic() + 30
        while not (tmp_path / "opened").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        server.send_signal(number)
        assert server.wait(20) in (0, 128 + number)
    token = where.partition("token=")[2]
    assert token
    assert token not in (tmp_path / "opened").read_text()
    assert (tmp_path / "opened").read_text().startswith("1file://")
    assert f"url={where}" in (tmp_path / "page").read_text()
    assert (tmp_path / "mode").read_text().startswith("-rw-------")
    assert list(kept.iterdir()) == []


def test_without_a_place_for_that_file_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert run(["serve"]) == 7
    assert "--no-browser" in capsys.readouterr().err
