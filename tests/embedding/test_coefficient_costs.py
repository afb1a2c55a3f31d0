from __future__ import annotations

import numpy as np
import pytest

from ssgan.embedding.coefficient_costs import coefficient_costs, coefficient_samples, payload_bits, with_samples
from ssgan.errors import InvalidSetting
from ssgan.images.samples import low_bytes
from tests.embedding.jpeg_covers import color, gray


def test_samples_are_in_the_order_of_the_format() -> None:
    """Component by component, block rows from the top, blocks from the left, 64 values in row order; whole blocks alone."""
    cover = color(41, 55)
    expected = []
    for part in cover.components:
        rows, columns = part.size[0] // 8, part.size[1] // 8
        for r in range(rows):
            for c in range(columns):
                for k in range(8):
                    expected += part.blocks[r, c, k].tolist()
    samples = coefficient_samples(cover)
    assert samples.values.tolist() == expected
    assert (samples.low, samples.high, samples.usable, samples.unit) == (-1023, 1023, None, "quantization step")
    assert np.array_equal(low_bytes(samples.values), np.array(expected) % 256)


@pytest.mark.parametrize("options", [(), ("luma",)])
def test_samples_go_back_to_their_places(options: tuple[str, ...]) -> None:
    cover = color(41, 55)
    values = coefficient_samples(cover, options=options).values
    back = with_samples(cover, values + 1, options=options)
    for number, (before, after) in enumerate(zip(cover.components, back.components, strict=True)):
        expected = before.blocks.copy()
        if number == 0 or not options:
            expected[: before.whole[0], : before.whole[1]] += 1
        assert np.array_equal(after.blocks, expected)
    assert np.array_equal(coefficient_samples(cover, options=options).values, values)
    with pytest.raises(InvalidSetting, match="coefficients to change"):
        with_samples(cover, values[:-1], options=options)


def test_costs_are_in_the_order_of_the_samples() -> None:
    cover = color(41, 55)
    rho, position = coefficient_costs(cover, "uerd", 0.4).plus, 0
    for part in cover.components:
        steps = part.table.astype(float)
        steps[0, 0] = (steps[0, 1] + steps[1, 0]) / 2
        for _ in range(part.whole[0] * part.whole[1]):
            block = rho[position : position + 64].reshape(8, 8)
            if np.isfinite(block[7, 7]):
                np.testing.assert_allclose(block / block[7, 7], steps / steps[7, 7], rtol=1e-12)
            position += 64
    assert position == len(rho)


def test_plus_and_minus_are_one_array_where_they_agree() -> None:
    assert (prices := coefficient_costs(gray(32, 32), "juniward", 0.4)).plus is prices.minus
    assert (prices := coefficient_costs(gray(32, 32), "nsf5", 0.4)).plus is not prices.minus


def test_the_payload_counts_nonzero_ac_coefficients_of_whole_blocks() -> None:
    cover = color(41, 55)
    counts = [np.count_nonzero(part.carriers.reshape(-1, 64)[:, 1:]) for part in cover.components]
    assert payload_bits(cover, 0.4) == round(0.4 * sum(counts))
    assert payload_bits(cover, 0.4, options=["luma"]) == round(0.4 * counts[0])


def test_an_option_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="no option 'chroma'") as refused:
        coefficient_costs(gray(16, 16), "uerd", 0.4, options=["chroma"])
    assert refused.value.hint == "choose from luma"
