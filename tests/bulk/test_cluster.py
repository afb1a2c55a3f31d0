"""Two hosts, as two network namespaces of this machine: Ray for bulk work, torchrun for training."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.bulk import Serial, engines
from ssgan.bulk.ray_engine import Ray
from ssgan.bulk.simulate import SimulationSettings, prepare, run
from ssgan.errors import InvalidSetting
from tests.processes import begun, ended

BIN = Path(sys.executable).parent
SETTINGS = SimulationSettings("mipod@0.4", seed=2)
# Waits for the end of whoever began it, then ends all that runs on the hosts and removes them.
REAPER = """
cat
for name in "$@"; do
    while pids=$(ip netns pids "$name") && [ -n "$pids" ]; do kill -9 $pids; sleep 0.1; done
    ip netns del "$name"
done
"""


class Hosts:
    """Two namespaces with a wire between them."""

    def __init__(self) -> None:
        number = os.getpid() % 250
        self.names = [f"ssgan{os.getpid()}{which}" for which in "ab"]
        self.addresses = [f"10.77.{number}.{which}" for which in (1, 2)]
        wires = [f"sg{os.getpid()}{which}" for which in "ab"]
        # However this process ends, its hosts end with it: the pipe to the one that waits is closed.
        self.reaper = subprocess.Popen(
            ["sh", "-c", REAPER, "sh", *self.names],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for name in self.names:
            _ip("netns", "add", name)
        _ip("link", "add", wires[0], "type", "veth", "peer", "name", wires[1])
        for name, wire, address in zip(self.names, wires, self.addresses, strict=True):
            _ip("link", "set", wire, "netns", name, "name", "eth0")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for interface in ("lo", "eth0"):
                _ip("-n", name, "link", "set", interface, "up")

    def begin(self, which: int, *command: object, **environment: str) -> subprocess.Popen[str]:
        """A program on the first or the second host."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.names[which], *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )

    def call(self, which: int, *command: object, **environment: str) -> str:
        """What a program says, which must succeed."""
        with self.begin(which, *command, **environment) as process, ended(process):
            output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
        return output

    def working(self, which: int, what: str) -> list[int]:
        """The processes on a host whose command line has these words."""
        found = subprocess.run(["ip", "netns", "pids", self.names[which]], capture_output=True, text=True, check=True)
        pids = [int(pid) for pid in found.stdout.split()]
        return [pid for pid in pids if what in _command_line(pid)]

    def end(self, what: str) -> None:
        """The processes on both hosts whose command line has these words."""
        for which in (0, 1):
            for pid in self.working(which, what):
                _end(pid)

    def remove(self) -> None:
        """With all that still runs there."""
        self.reaper.communicate(timeout=60)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return "gone"


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and the program ip")
    try:
        made = Hosts()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces are not to be had here: {error.stderr.decode().strip()}")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, rng = tmp_path_factory.mktemp("covers") / "covers.tar", np.random.default_rng(4)
    one = path.with_name("one.png")
    with tarfile.open(path, "w") as archive:
        for k in range(240):
            one.write_bytes(images.encode(rng.integers(0, 256, (1, 64, 64), dtype=np.uint8)))
            archive.add(one, f"{k:03}.png")
    return path


@pytest.fixture
def cluster(hosts: Hosts) -> Iterator[tuple[str, dict[str, str]]]:
    """Ray on both hosts, one processor each, and what somebody calls a card on the second one; its address and token."""
    pytest.importorskip("ray")
    with ExitStack() as at_the_end, tempfile.TemporaryDirectory(prefix="ray") as folder:  # short, for sockets lie in it
        (Path(folder) / "token").write_text("0123456789abcdef" * 4)
        own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": f"{folder}/token", "RAY_USAGE_STATS_ENABLED": "0"}
        address = f"{hosts.addresses[0]}:6379"
        at_the_end.callback(hosts.end, "ray")  # also where one of the two does not start
        begin = [BIN / "ray", "start", "--num-cpus=1", "--disable-usage-stats"]
        head = ["--head", "--port=6379", f"--node-ip-address={hosts.addresses[0]}", "--include-dashboard=false"]
        hosts.call(0, *begin, *head, f"--temp-dir={folder}/r", **own)
        hosts.call(1, *begin, f"--address={address}", f"--node-ip-address={hosts.addresses[1]}", "--num-gpus=1", **own)
        yield address, own


LEFT = """
import sys, time
from tests.bulk.test_cluster import Hosts
hosts = Hosts()
processes = [hosts.begin(which, "sleep", "600") for which in (0, 1)]
while not all(hosts.working(which, "sleep") for which in (0, 1)):
    time.sleep(0.05)
print(*hosts.names, *(process.pid for process in processes), flush=True)
time.sleep(600)
"""


@pytest.mark.usefixtures("hosts")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_hosts_end_with_the_process_that_made_them(number: signal.Signals) -> None:
    """An interrupted run of the tests leaves no cluster behind."""
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    with begun(
        [sys.executable, "-c", LEFT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as run:
        assert run.stdout is not None
        names, pids = (words := run.stdout.readline().split())[:2], words[2:]
        assert len(pids) == 2
        run.send_signal(number)
        run.wait(timeout=60)
    until = time.monotonic() + 60
    while (left := [name for name in names if (Path("/run/netns") / name).exists()]) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left
    assert not any("sleep" in _command_line(int(pid)) for pid in pids)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tar"))}


def test_a_cluster_of_two_hosts_writes_what_one_process_writes_though_one_of_its_processes_is_killed(
    hosts: Hosts, cluster: tuple[str, dict[str, str]], covers: Path, tmp_path: Path
) -> None:
    address, own = cluster
    run(prepare([covers], tmp_path / "here", SETTINGS, shard_size=6), Serial())
    command = [
        sys.executable,
        "-m",
        "ssgan",
        "simulate",
        covers,
        "-o",
        tmp_path / "there",
        "--embedder",
        "mipod@0.4",
        "--seed",
        "2",
    ]
    command += ["--to", "tars", "--shard-size", "6", "--engine", "ray", "--ray-address", address, "--json"]
    with hosts.begin(0, *command, **own) as process, ended(process):
        seen: set[int] = set()
        killed = False
        while process.poll() is None:
            seen |= {which for which in (0, 1) if hosts.working(which, "ray::_work")}
            if not killed and len(list((tmp_path / "there").glob("*.tar"))) > 5 and (at_work := hosts.working(1, "ray::_work")):
                _end(at_work[0])
                killed = True
            time.sleep(0.02)
        output = process.communicate()[0]
    assert process.returncode == 0, output
    assert killed
    assert seen == {0, 1}, "both hosts worked"
    assert json.loads(output.splitlines()[-1])["written"] == 240
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    # Where there are cards, an actor on each does the work; the job itself computes on the processor here.
    script = (
        "import sys\nfrom pathlib import Path\nfrom ssgan.bulk import Ray\n"
        "from ssgan.bulk.simulate import SimulationSettings, prepare, run\n"
        "covers, out, address = sys.argv[1:]\n"
        "plan = prepare([Path(covers)], Path(out), SimulationSettings('mipod@0.4', seed=2), shard_size=6, limit=60)\n"
        "print(run(plan, Ray(address, gpus=True)).written)\n"
    )
    output = hosts.call(0, sys.executable, "-c", script, covers, tmp_path / "cards", address, **own)
    assert output.splitlines()[-1] == "60"
    wanted = contents(tmp_path / "here")
    assert contents(tmp_path / "cards") == {name: wanted[name] for name in (f"{k:06}.tar" for k in range(10))}


def test_two_hosts_train_one_detector(hosts: Hosts, covers: Path, tmp_path: Path) -> None:
    words = ["-m", "ssgan", "train-detector", covers, "--embedder", "lsb@1/plain", "--detector", "gncnn", "--images", "256"]
    address = ["--master-addr", hosts.addresses[0], "--master-port", "29511"]
    own = {"GLOO_SOCKET_IFNAME": "eth0", "OMP_NUM_THREADS": "1"}
    begun = []
    for which in (0, 1):
        where = [BIN / "torchrun", "--nnodes", "2", "--nproc-per-node", "1", "--node-rank", str(which), *address]
        begun.append(hosts.begin(which, *where, *words, "-o", tmp_path / "two", **own))
    with ended(*begun):
        outputs = [process.communicate(timeout=240)[0] for process in begun]
    assert [process.returncode for process in begun] == [0, 0], outputs
    assert "P_E" in outputs[0]
    assert "P_E" not in outputs[1], "the first process speaks"
    alone = [sys.executable, *words, "-o", tmp_path / "one"]
    subprocess.run([str(word) for word in alone], check=True, capture_output=True, env={**os.environ, **own})
    two, one = (json.loads((tmp_path / name / "done.json").read_text()) for name in ("two", "one"))
    assert two["validation_p_e"] == pytest.approx(one["validation_p_e"], abs=0.1)
    assert two["pairs"] == one["pairs"]


def test_without_a_cluster_it_is_said(monkeypatch: pytest.MonkeyPatch, many: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")

    def refuse(**_: object) -> None:
        raise ConnectionError("nobody is there")

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(InvalidSetting, match="no Ray cluster at 10"):
        run(prepare([many], tmp_path / "out", SETTINGS), engines.engine("ray", workers=1, address="10.77.9.9:1"))


def test_where_ray_is_missing_it_is_said(monkeypatch: pytest.MonkeyPatch, many: Path, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidSetting, match="package ray"):
        run(prepare([many], tmp_path / "out", SETTINGS), Ray())
