from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from ssgan.compute import seeds
from ssgan.embedding.catalog import CODERS, SCHEMES, fitting_coder
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, InvalidSetting

ANY_SCHEME = sorted(name for name, coder in CODERS.items() if name != "authors" and not coder.redraws and not coder.only)


@given(st.sampled_from(sorted(SCHEMES)), st.floats(0, 1.5), st.sampled_from(["bound", "stc"]))
def test_its_name_is_read_back(scheme: str, payload: float, coder: str) -> None:
    embedder = Embedder(scheme, float(f"{payload:g}"), coder)
    assert Embedder.parse(str(embedder)) == embedder


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("hil@0.4", "hill"), ("hill", "hill@0.4"), ("hill@", "hill@0.4"), ("hill@x", "bits per sample"), ("hill@-1", ""),
        ("hill@nan", ""), ("hill@0.4/sct", "stc"), ("hill@0.4/plain", "lsb@0.4/plain"), ("hill@0.4/stc:w=3", "h="), ("", ""),
        ("hill@0.4/bound:h=10", "none"), ("hill@0.4:h=10", "hill@0.4/stc:h=10"), ("drawn", "drawn@0.4"),
    ],
)  # fmt: skip
def test_what_is_no_embedder_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        Embedder.parse(text)
    assert hint in refusal.value.hint


@pytest.mark.parametrize("covers", [torch.zeros(1, 1, 8, 8), torch.zeros(8, 8).byte(), torch.zeros(0, 1, 8, 8).byte()])
def test_what_are_no_images_is_refused(covers: torch.Tensor) -> None:
    with pytest.raises(InvalidSetting, match="expected Images"):
        Embedder("hill", 0.4).costs(covers)


@pytest.mark.parametrize("coder", ANY_SCHEME)
def test_every_coder_changes_by_one_at_most_and_repeats_itself(coder: str, textured: torch.Tensor) -> None:
    embedder = Embedder("lsb", 0.4, coder)
    stegos = embedder.simulate(textured, seeds.generator(1, "coder"))
    assert int((stegos.int() - textured.int()).abs().max()) == 1
    assert torch.equal(stegos, embedder.simulate(textured, seeds.generator(1, "coder")))
    image_seeds = seeds.image_seeds(seeds.generator(1, "coder"), len(textured))
    alone = embedder.simulate_seeded(textured[2:3], image_seeds[2:3])
    assert torch.equal(alone, stegos[2:3])


@pytest.mark.parametrize("coder", ANY_SCHEME)
def test_the_share_of_changes_is_about_what_the_coder_says(coder: str) -> None:
    covers = torch.randint(1, 255, (8, 1, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    embedder = Embedder("lsb", 0.4, coder)
    said = embedder.change_probabilities(covers)
    rate = float((embedder.simulate(covers, seeds.generator(1, "rate")) != covers).double().mean())
    expected = float((said.plus + said.minus).mean())
    chance = 5 * (expected * (1 - expected) / covers.numel()) ** 0.5
    assert rate == pytest.approx(
        expected, abs=chance + (0.15 * expected if coder in ("stc", "message") else 0)
    )  # real codes lose some


def test_a_large_batch_is_worked_on_in_shares_that_do_not_show(textured: torch.Tensor) -> None:
    many = textured.repeat(40, 1, 1, 1)
    embedder = Embedder("hill", 0.4)
    torch.testing.assert_close(embedder.costs(many).plus[:6], embedder.costs(textured).plus, rtol=1e-12, atol=0)
    assert embedder.change_probabilities(many).plus.shape == many.shape
    stegos = embedder.simulate_seeded(many, np.arange(len(many), dtype=np.uint64))
    assert torch.equal(stegos[-1:], embedder.simulate_seeded(textured[-1:], np.array([len(many) - 1], dtype=np.uint64)))


def test_a_cover_that_cannot_carry_the_payload_is_refused_with_what_it_can() -> None:
    covers = torch.full((1, 1, 16, 16), 255, dtype=torch.uint8)
    with pytest.raises(DoesNotFit) as refusal:
        Embedder("lsb", 1.2).simulate(covers, seeds.generator(1, "white"))
    assert refusal.value.reachable == 256


@pytest.mark.parametrize("scheme", ["lsb", "lsbr"])
def test_capturable_embedder_reads_no_value(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On tensors without values, any look at one is an error; a capture on a graphics card would fail there."""
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
    embedder = Embedder(scheme, 0.4, "plain")
    assert embedder.capturable
    with FakeTensorMode():
        covers, image_seeds = (
            torch.empty((2, 1, 8, 8), dtype=torch.uint8, device="meta"),
            torch.empty(2, dtype=torch.int64, device="meta"),
        )
        assert embedder.simulate_seeded(covers, image_seeds).shape == covers.shape


def test_a_scheme_without_a_named_coder_gets_one_that_suits_its_costs() -> None:
    for scheme, entry in SCHEMES.items():
        chosen = CODERS[fitting_coder(scheme)]
        assert chosen.default_for_flat_costs is not entry.adaptive
        assert chosen.adaptive or not entry.adaptive


@pytest.mark.parametrize("coder", CODERS)
def test_a_text_is_taken_by_the_coders_that_say_so(coder: str, textured: torch.Tensor) -> None:
    if not CODERS[coder].takes_text:
        with pytest.raises(InvalidSetting, match="writes no text"):
            Embedder("lsb", 0.4, coder, text=b"text")
        return
    image_seeds = np.arange(len(textured), dtype=np.uint64)
    stegos = [Embedder("lsb", 0.4, coder, text=text).simulate_seeded(textured, image_seeds) for text in (b"text", b"other")]
    assert not torch.equal(*stegos)


def test_nothing_asks_for_a_coder_by_its_name() -> None:
    """A property of its row is asked instead: a new coder is then treated as it says."""
    source = Path(__file__).resolve().parents[2] / "src" / "ssgan"
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and any(
                isinstance(side, ast.Attribute | ast.Name) and getattr(side, "attr", getattr(side, "id", "")) == "coder"
                for side in (node.left, *node.comparators)
            ):
                words = {side.value for side in (node.left, *node.comparators) if isinstance(side, ast.Constant)}
                assert not words & set(CODERS), f"{path.name}:{node.lineno}"
