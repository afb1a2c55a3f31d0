"""What is given out: a small wheel that works on its own, and a source distribution of everything (`make package`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import ssgan

ROOT = Path(__file__).resolve().parents[1]
LARGEST_WHEEL = 18_000_000  # bytes, with the bundled weights: generator, drawn model, extractor, detectors

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]  # whole environments are made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def clean(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment into which the wheel was installed.

    What the package needs is lent by this environment, so that torch is not fetched again; the package itself is not.
    """
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    asked = [str(scripts / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (own / "lent.pth").write_text("\n".join(sorted(lent)) + "\n", encoding="utf-8")
    (wheel,) = built.glob("*.whl")
    install = [
        str(scripts / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--force-reinstall",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True)
    return scripts


def run(clean: Path, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["XDG_CACHE_HOME"] = str(cwd / "cache")  # as after an installation: nothing is compiled yet
    return subprocess.run([clean / words[0], *words[1:]], cwd=cwd, env=environment, check=True, capture_output=True, text=True)


def test_the_wheel_is_small_and_holds_weights_templates_and_license(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.stat().st_size <= LARGEST_WHEEL
    names = zipfile.ZipFile(wheel).namelist()
    source = ROOT / "src"
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(source).as_posix() in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert all(name.startswith(("ssgan/", "ssgan-")) for name in names)


def test_the_source_distribution_holds_every_file_that_is_tracked(built: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    missing = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()} - names
    assert not missing


def test_the_installed_package_is_the_wheel_and_not_these_sources(clean: Path, tmp_path: Path) -> None:
    printed = run(clean, "python", "-c", "import ssgan; print(ssgan.__file__, ssgan.__version__)", cwd=tmp_path).stdout.split()
    assert Path(printed[0]).is_relative_to(clean.parent)
    assert printed[1] == ssgan.__version__
    assert run(clean, "ssgan", "--version", cwd=tmp_path).stdout.strip() == ssgan.__version__


def test_the_demonstration_runs_from_the_wheel(clean: Path, tmp_path: Path) -> None:
    made = run(clean, "ssgan", "demo", "--quick", "-o", "demo", "--json", cwd=tmp_path)
    result = json.loads(made.stdout.splitlines()[-1])
    assert result["message_came_back"]
    assert (tmp_path / result["page"]).stat().st_size > 100_000
    assert (tmp_path / result["stego"]).exists()


def test_the_doctor_finds_all_well_there(clean: Path, tmp_path: Path) -> None:
    assert "all is well" in run(clean, "ssgan", "doctor", "--no-warm", cwd=tmp_path).stdout
