"""A command that starts light: no torch for one picture, no Numba for reading a message, no SciPy for loops that are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ssgan
from ssgan import images
from ssgan.compute import light_start

COLOR, GRAY, JPEG = "color.png", "gray.png", "photograph.jpg"
# Command lines about one picture; K: the key file, S: a stego.
COMMANDS = {
    "help": "--help",
    "hide": f"hide {GRAY} -m hello --key-file K -o out.png --no-ledger",
    "hide in a JPEG": f"hide {JPEG} -m hello --key-file K -o out.jpg --no-ledger",
    "hide by MiPOD": f"hide {COLOR} -m hello --key-file K -o out.png --no-ledger --scheme mipod",
    "hide by HUGO": f"hide {COLOR} -m hello --key-file K -o out.png --no-ledger --scheme hugo",
    "reveal": "reveal S --key-file K",
    "capacity": f"capacity {COLOR} {JPEG}",
    "simulate": f"simulate {COLOR} --embedder hill@0.4 -o out",
    "simulate messages": f"simulate {GRAY} --embedder wow@0.2/stc -o out",
    "detect": f"detect {COLOR} {GRAY} {JPEG}",
    "inspect": f"inspect {COLOR}",
    "inspect a JPEG": f"inspect {JPEG}",
    "inspect two": f"inspect {GRAY} S",
}
HEAVY = {"reveal": {"torch", "numba", "scipy"}, "help": {"torch", "numba", "scipy", "numpy"}}
PROGRAM = """
import sys
from ssgan.cli.app import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("modules", *sys.modules, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, a key file K and a stego S."""
    place = tmp_path_factory.mktemp("pictures")
    rng, key = np.random.default_rng(1), ssgan.fresh_key()
    smooth = np.add.outer(np.arange(256), np.arange(256)) // 3 + rng.normal(0, 6, (256, 256))
    gray = np.clip(smooth, 20, 235).astype(np.uint8)
    images.write(place / GRAY, gray[None])
    images.write(place / COLOR, np.stack([gray, gray.T, gray[::-1]]))
    (place / JPEG).write_bytes(ssgan.encode_coefficients(_jpeg(gray)))
    (place / "K").write_text(key.text())
    images.write(place / "S.png", ssgan.hide(gray, b"found", key).stego[None])
    (place / "S.png").rename(place / "S")
    return place


def _jpeg(gray: np.ndarray) -> ssgan.Coefficients:
    from ssgan.images.new_jpeg import new_jpeg

    return new_jpeg(gray, 90).cover


@pytest.mark.parametrize("name", COMMANDS)
def test_one_picture_needs_no_torch(name: str, folder: Path, tmp_path: Path) -> None:
    words = [str(folder / word) if (folder / word).exists() else word for word in COMMANDS[name].split()]
    words = [str(tmp_path / word) if word.startswith("out") else word for word in words]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    modules = set(done.stderr.rpartition("modules ")[2].split())
    assert "ssgan.cli.app" in modules
    assert not modules & HEAVY.get(name, {"torch"})


def test_a_loop_that_is_kept_is_loaded_without_preparing_to_compile() -> None:
    program = """
import sys
import numpy as np
from ssgan.messages.order_loops import shuffle
words = np.arange(9, dtype=np.uint32)
places = np.arange(5)
assert shuffle(places, words, 4) == 0
print(sorted(places), "numba.np.arraymath" in sys.modules)
"""
    done = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(2)]
    assert done[1].stdout == "[0, 1, 2, 3, 4] False\n" or "np.int64" in done[1].stdout


@pytest.mark.parametrize("program", ["numba.njit(lambda x: numpy.dot(x, x))(numpy.eye(2)).sum() == 2"])
def test_loops_can_be_compiled_after_one_was_loaded(program: str) -> None:
    setup = "import numba, numpy\nfrom ssgan.messages.order_loops import shuffle\n"
    loaded = "shuffle(numpy.arange(5), numpy.arange(9, dtype=numpy.uint32), 4)\n"
    done = subprocess.run([sys.executable, "-c", f"{setup}{loaded}assert {program}"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shape", [(1, 40, 50), (3, 33, 47), (1, 300, 300)])
def test_few_samples_are_read_alike_without_loops(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    cover = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    key = ssgan.fresh_key()
    stego = ssgan.hide(cover, b"both ways", key).stego
    assert light_start.loops_pay(1)  # Numba is there
    assert ssgan.reveal(stego, key) == b"both ways"
    for module in ("messages.order", "messages.reveal", "embedding.stc.trellis"):
        monkeypatch.setattr(f"ssgan.{module}.loops_pay", lambda _: False)
    assert ssgan.reveal(stego, key) == b"both ways"
    with pytest.raises(ssgan.NothingFound):
        ssgan.reveal(stego, ssgan.fresh_key())


def test_many_samples_are_worth_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numba")
    assert not light_start.loops_pay(light_start.FEW)
    assert light_start.loops_pay(light_start.FEW + 1)
