"""Random words: as many as eight bits tell apart, and not easily taken for each other."""

from __future__ import annotations

from ssgan.messages.words import WORDS, fresh_passphrase


def test_a_word_is_eight_bits() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() for word in WORDS)


def test_four_letters_tell_the_words_apart() -> None:
    assert len({word[:4] for word in WORDS}) == len(WORDS)
    assert not any(one != other and one.startswith(other) for one in WORDS for other in WORDS)


def test_a_passphrase_is_ten_of_them_and_always_another() -> None:
    drawn = [fresh_passphrase() for _ in range(200)]
    assert all(len(text.split(" ")) == 10 and set(text.split(" ")) <= set(WORDS) for text in drawn)
    assert len(set(drawn)) == len(drawn)
    assert len({word for text in drawn for word in text.split()}) > 250  # of 256, all but one in a thousand times
