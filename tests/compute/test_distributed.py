"""Real processes that talk by gloo, each a fresh interpreter, as torchrun would start them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import multiprocessing

from ssgan.compute import distributed
from ssgan.compute.distributed import Processes, SharedBatchNorm
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.network import Recipe
from ssgan.steganalysis.training.curriculum import Stage
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.training.settings import NetworkSettings

RECIPE = {
    "gncnn": Recipe("sgd", 1e-2, batch_pairs=8, duration_images=128, evaluate_images=64),
    "yenet": NETWORKS["yenet"].recipe.with_(batch_pairs=8, duration_images=64, evaluate_images=32),
    "xunet": Recipe("sgd", 1e-2, batch_pairs=8, duration_images=128, evaluate_images=64),
}


def pairs(count: int, seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    covers = rng.normal(128, 20, (count, 1, 32, 32)).clip(1, 254).astype(np.uint8)
    stegos = (covers + rng.choice([-1, 1], covers.shape) * (rng.random(covers.shape) < 0.3)).astype(np.uint8)
    return Pairs(torch.from_numpy(covers), torch.from_numpy(stegos))


def trained(network: str, folder: Path) -> dict[str, np.ndarray]:
    train = pairs(20, 1)
    detector = NetworkDetector(NetworkSettings.of(network, train, recipe=RECIPE[network]))
    detector.fit([Stage(pairs(20, 3), 32), Stage(train)], pairs(140, 2), run=folder)
    assert detector.network is not None
    return {name: tensor.numpy() for name, tensor in detector.network.state_dict().items()}


def ask(detector: NetworkDetector, wrong: Pairs) -> str:
    with pytest.raises(InvalidSetting) as caught:
        detector.fit(wrong, pairs(10, 2))
    return str(caught.value)


def work(rank: int, port: int, folder: str) -> None:
    """All that is asked of two processes, in one start of them: figures into a file of each."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    tensors: dict[str, Any] = {}
    with distributed.joined() as processes:
        assert processes == Processes(rank, 2) == distributed.current()
        with distributed.joined() as again:
            assert again == processes
        assert processes.first(lambda: f"of {processes.rank}") == "of 0"
        assert processes.gathered(rank * 10) == [0, 10]
        assert processes.figures(rank, 5.0).tolist() == [[0.0, 5.0], [1.0, 5.0]]
        for network in RECIPE:
            for name, array in trained(network, Path(folder) / f"two-{network}").items():
                tensors[f"{network}.{name}"] = array
        odd = NetworkDetector(NetworkSettings.of("gncnn", pairs(20, 1), recipe=RECIPE["gncnn"].with_(batch_pairs=7)))
        assert "7 pairs cannot be shared out among 2" in ask(odd, pairs(20, 1))
        wrong = NetworkDetector(NetworkSettings.of("gncnn", pairs(20, 1), recipe=RECIPE["gncnn"]))
        assert "belong to other covers" in ask(wrong, Pairs(pairs(20, 1).covers, pairs(20, 1).stegos.roll(1, 0)))
        tensors["norm"] = _normalized(rank)
    assert distributed.current() == Processes()
    np.savez(Path(folder) / f"{rank}.npz", **tensors)


def _batch() -> torch.Tensor:
    return torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 3 + 50


def _normalized(rank: int) -> np.ndarray:
    """This rank's half of a batch through a shared normalization, its gradient, and the running statistics."""
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    Processes(rank, 2).share_statistics(network)
    assert isinstance(network[0], SharedBatchNorm)
    x = _batch()[4 * rank : 4 * rank + 4].requires_grad_()
    y = network(x)
    (y * y.detach().sin()).sum().backward()
    assert x.grad is not None
    buffers = [network.get_buffer(f"0.{name}") for name in ("running_mean", "running_var")]
    return torch.cat([y.detach().flatten(), x.grad.flatten(), *buffers]).numpy()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, np.ndarray]]]:
    """What two processes made together."""
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(work, args=(port, str(folder)), nprocs=2)  # type: ignore[attr-defined, no-untyped-call]
    return folder, [dict(np.load(folder / f"{rank}.npz")) for rank in (0, 1)]


# Where a batch is normalized, the order in which sums are taken shows more; that the normalization is right is tested below.
@pytest.mark.parametrize(("network", "apart"), [("gncnn", 1e-6), ("yenet", 1e-6), ("xunet", 1e-3)])
def test_two_processes_train_what_one_does(
    two: tuple[Path, list[dict[str, np.ndarray]]], network: str, apart: float, tmp_path: Path
) -> None:
    """Also with batch normalization, whose statistics are those of the whole batch."""
    alone = trained(network, tmp_path / "one")
    for made in two[1]:
        for name, array in alone.items():
            np.testing.assert_allclose(made[f"{network}.{name}"], array, rtol=apart, atol=apart)


def test_all_processes_hold_the_same_weights(two: tuple[Path, list[dict[str, np.ndarray]]]) -> None:
    first, second = two[1]
    for name in set(first) - {"norm"}:
        np.testing.assert_array_equal(first[name], second[name])


def test_one_process_writes_and_one_alone_goes_on_with_it(two: tuple[Path, list[dict[str, np.ndarray]]]) -> None:
    folder = two[0] / "two-gncnn"
    assert len((folder / "stats.jsonl").read_text().splitlines()) == 2
    again = trained("gncnn", folder)  # to the end already: what was saved is taken
    for name, array in again.items():
        np.testing.assert_array_equal(two[1][0][f"gncnn.{name}"], array)


def test_shared_normalization_is_that_of_the_whole_batch(two: tuple[Path, list[dict[str, np.ndarray]]]) -> None:
    whole = torch.nn.BatchNorm2d(3)
    x = _batch().requires_grad_()
    y = whole(x)
    (y * y.detach().sin()).sum().backward()
    assert x.grad is not None
    for rank, made in enumerate(two[1]):
        half = slice(4 * rank, 4 * rank + 4)
        expected = [y[half].detach().flatten(), x.grad[half].flatten(), whole.running_mean, whole.running_var]
        np.testing.assert_allclose(made["norm"], torch.cat([part for part in expected if part is not None]), atol=2e-5)


def test_one_process_is_nothing_special() -> None:
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    with distributed.joined("cpu") as processes:
        assert processes == Processes()
        assert processes.averaging(network, network, torch.device("cpu")) is network
        processes.share_statistics(network)
    assert type(network[0]) is torch.nn.BatchNorm2d
    assert processes.part(range(3, 8), what="pairs") == range(3, 8)
    assert distributed.device_of("cuda") == "cuda"


def test_a_batch_is_shared_out_whole() -> None:
    parts = [Processes(rank, 4).part(range(10, 22), what="pairs") for rank in range(4)]
    assert [number for part in parts for number in part] == list(range(10, 22))
    with pytest.raises(InvalidSetting, match="cannot be shared out"):
        Processes(0, 5).part(range(12), what="pairs")


def test_the_module_itself_is_imported_without_torchrun() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "from ssgan.compute.distributed import current; print(current().count)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "1\n"
