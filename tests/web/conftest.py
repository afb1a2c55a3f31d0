"""A server of the page, on the loopback, with one worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from tests.drawn.models import untrained
from tests.web.site import Site


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run under way, a finished one, one whose generator draws, and things that are none."""
    from ssgan.gan.covers.generators import FOLDER, save_generator
    from ssgan.gan.covers.integers import export_drawn
    from ssgan.storage.runs import Run
    from ssgan.views.contact_sheet import contact_sheet

    folder = tmp_path_factory.mktemp("runs")
    for name in ("first", "second"):
        run = Run(folder / name, {"preset": "tiny", "seed": 1})
        for seen in range(100, 1100, 100):
            run.log(seen, critic=-2 + 100 / seen, detector=0.69 - seen / 1e5, words="none")
    run.finish({"p_e": 0.4})
    (folder / "first" / "samples").mkdir()
    grain = np.random.default_rng(1).integers(0, 256, (24, 3, 64, 64), dtype=np.uint8)
    images.write(folder / "first" / "samples" / "000001000.png", contact_sheet(images.to_images(grain), 8))
    artist = Run(folder / "artist", {"preset": "tiny", "seed": 1})  # whose generator draws
    artist.log(100, critic=-1.0)
    net, card, details = untrained()
    save_generator(folder / "artist" / FOLDER, net, card.config)
    export_drawn(net, card, details, folder / "artist" / FOLDER, draws=10)
    (folder / "plain").mkdir()
    (folder / "away").symlink_to(folder.parent)
    return folder


@pytest.fixture(scope="session")
def site(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page, served."""
    with pytest.MonkeyPatch.context() as patch:
        yield from _served(runs, tmp_path_factory, patch)


def _served(runs: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Iterator[Site]:
    from ssgan.web.app import ServerSettings, create_app
    from ssgan.web.queue import Jobs
    from ssgan.web.serving import LOOPBACK, Address, _hosts, _socket, configured
    from ssgan.web.slow_requests import TimedServer

    listening = _socket(Address())
    port = listening.getsockname()[1]
    # The tests hide in one cover many times; their list of used covers is their own.
    patch.setenv("SSGAN_LEDGER", str(tmp_path_factory.mktemp("used") / "ledger"))
    settings, queue = ServerSettings(_hosts(LOOPBACK, port), runs, reveals=1000, reuse=True), Jobs(workers=1)
    server = TimedServer(configured(create_app(settings, queue)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield Site(f"http://{LOOPBACK}:{port}", settings, queue, server.config)
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="session")
def cover() -> bytes:
    """A PNG that is as rough as a photograph, 64 x 64 in color."""
    rng = np.random.default_rng(1)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(3, 64, 64)), axis=1), axis=2)
    scaled = (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 180 + 30
    return images.encode(np.clip(scaled + rng.normal(0, 3, scaled.shape), 0, 255).astype(np.uint8))
