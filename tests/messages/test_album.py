"""Albums: what is said is read, in any order and with losses; signs are uniform and independent; pilots find the nonce."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import linear_sum_assignment

from ssgan.errors import DoesNotFit, InvalidSetting, NothingFound
from ssgan.messages import album, pilots
from ssgan.messages.album import AlbumShape
from ssgan.messages.keys import KeyFile, Passphrase, fresh_key

IDENTITY = bytes(range(32))
SHAPE = AlbumShape(12, 128, IDENTITY)
KEY = KeyFile(bytes(range(1, 33)))


def read_signs(is_negative: NDArray[np.uint8], variance: float, seed: int) -> NDArray[np.float64]:
    """Ratios as an extractor gives them: normal latents of these signs, known up to this variance."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0, np.sqrt(1 - variance), is_negative.shape)
    latents = means + rng.normal(0, np.sqrt(variance), is_negative.shape)
    ratios = stats.norm.logcdf(means / np.sqrt(variance)) - stats.norm.logcdf(-means / np.sqrt(variance))
    return np.where(is_negative, -1, 1) * np.sign(latents) * ratios


@pytest.mark.parametrize("message", [b"", b"Hello", b"sixteen bytes ok", "Grüße".encode()])
def test_a_message_comes_through_noise_shuffling_and_loss(message: bytes) -> None:
    ratios = read_signs(album.signs(message, KEY, SHAPE), 0.2, len(message))
    order = np.random.default_rng(1).permutation(12)
    assert album.opened(ratios, KEY, SHAPE) == message
    assert album.opened(ratios[order][1:], KEY, SHAPE) == message


def test_another_key_and_noise_alone_find_nothing() -> None:
    ratios = read_signs(album.signs(b"secret", KEY, SHAPE), 0.02, 3)
    for given, key in ((ratios, fresh_key()), (np.zeros((12, 128)), KEY), (np.zeros((13, 128)), KEY), (ratios[:, :96], KEY)):
        with pytest.raises(NothingFound):
            album.opened(given, key, SHAPE)


def test_a_model_and_a_size_of_its_own_are_part_of_the_key() -> None:
    ratios = read_signs(album.signs(b"secret", KEY, SHAPE), 0.02, 3)
    with pytest.raises(NothingFound):
        album.opened(ratios, KEY, AlbumShape(12, 128, bytes(32)))
    with pytest.raises(NothingFound):
        album.opened(ratios, KEY, AlbumShape(24, 128, IDENTITY))


def test_signs_are_uniform_and_independent_whatever_is_said() -> None:
    """Of 300 albums of one key that say the same: each sign, each pair of signs in a picture, and each pair of albums."""
    found = np.stack([album.signs(b"the same message", KEY, SHAPE) for _ in range(300)]).astype(np.float64)
    albums, bits = len(found), found[0].size
    flat = 2 * found.reshape(albums, bits) - 1
    dither = np.random.default_rng(11)  # sums of signs are two apart; spread over that, they are nearly normal

    def normal(sums: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        return (sums + dither.uniform(-1, 1, sums.shape)) / np.sqrt(count)

    by_sign = normal(flat.sum(0), albums)
    assert stats.kstest(by_sign, "norm").pvalue > 1e-4
    across = normal((flat @ flat.T)[np.triu_indices(albums, 1)], bits)
    assert stats.kstest(across, "norm").pvalue > 1e-4
    assert abs(across).max() < 6
    within = found[:, 0].T * 2 - 1
    pairs = normal((within @ within.T)[np.triu_indices(128, 1)], albums)
    assert stats.kstest(pairs, "norm").pvalue > 1e-4
    assert abs(flat.mean()) < 5 / np.sqrt(flat.size)


def test_two_albums_do_not_add_up_to_a_word_of_the_code() -> None:
    """Without a nonce in the mask, coded bits of two albums, the one XOR the other, would be a code word, and show."""
    keys = album.AlbumKeys(KEY, SHAPE)
    assert not np.array_equal(keys.mask(1, 2), keys.mask(1, 3))
    assert not np.array_equal(keys.mask(1, 2), keys.mask(2, 2))
    assert not np.array_equal(keys.order(1, 2), keys.order(1, 3))
    assert keys.second_book(1) != keys.second_book(2)


def test_an_album_is_a_function_of_nonce_key_and_message() -> None:
    first, again = (album.signs(b"x", KEY, SHAPE, nonce=(5, 6)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, album.signs(b"x", KEY, SHAPE, nonce=(5, 7)))
    assert not np.array_equal(first, album.signs(b"x", Passphrase("words"), SHAPE, nonce=(5, 6)))


def test_what_does_not_fit_is_refused_with_what_does() -> None:
    with pytest.raises(DoesNotFit) as caught:
        album.signs(bytes(45), KEY, SHAPE)
    assert caught.value.reachable == SHAPE.largest_rung == 40
    album.signs(bytes(40), KEY, SHAPE)
    for size, latents in ((13, 128), (0, 128), (12, 48)):
        with pytest.raises(InvalidSetting):
            AlbumShape(size, latents, IDENTITY)


def test_the_best_order_is_that_of_the_hungarian_method() -> None:
    rng = np.random.default_rng(4)
    for _ in range(100):
        count = int(rng.integers(1, 12))
        fit = rng.normal(size=(count, count + int(rng.integers(0, 5))))
        np.testing.assert_array_equal(pilots.assigned(fit), linear_sum_assignment(-fit)[1])
        ascending = pilots.ascending(fit)
        assert (np.diff(ascending) > 0).all()
        others = np.array([np.sort(rng.permutation(fit.shape[1])[:count]) for _ in range(200)])
        assert fit[np.arange(count), ascending].sum() >= fit[np.arange(count), others].sum(1).max() - 1e-9


def test_orders_come_once_and_the_first_ascends() -> None:
    fit = np.random.default_rng(5).normal(size=(6, 8))
    found = [tuple(order) for order in pilots.orders(fit)]
    assert len(found) == len(set(found))
    assert all(len(set(order)) == 6 for order in found)
    assert list(found[0]) == sorted(found[0])


def test_the_likeliest_number_is_that_of_the_formula() -> None:
    """Against sums and logarithms written out, for a small book."""
    rng = np.random.default_rng(6)
    ratios, known = rng.normal(0, 2, (5, 7, 16)), rng.normal(0, 3, (5, 7))
    scores = []
    for number in range(60):
        bits = pilots.word(bytes(32), number, 7, 2)
        at = known + pilots.fits(bits, ratios)
        scores.append(np.log(np.exp(at).sum(1)).sum())
    assert pilots.likeliest(bytes(32), 60, ratios, known) == int(np.argmax(scores))
