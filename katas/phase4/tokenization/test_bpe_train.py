import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_unchanged
from katas.phase4.tokenization.bpe_train import train

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/tokenization/merge_pair",),
    forbids={
        "tiktoken": "count the pairs and merge the best one, again and again",
        "tokenizers": "count the pairs and merge the best one, again and again",
        "sentencepiece": "count the pairs and merge the best one, again and again",
        "transformers": "count the pairs and merge the best one, again and again",
    },
)

Merges = list[tuple[bytes, bytes]]

LETTERS = st.text("abc", max_size=8).map(str.encode)
WORDS = st.dictionaries(LETTERS, st.integers(1, 4), max_size=7)
ALL = 1000  # more merges than there can be


def by_text(words: dict[bytes, int], num_merges: int) -> Merges:
    """The program in Sennrich et al. 2016: tokens stand in a text, in hex here, with a space between them."""
    texts = {word.hex(" "): count for word, count in words.items()}
    merges = []
    while len(merges) < num_merges:
        counts: Counter[tuple[str, ...]] = Counter()
        for text, count in texts.items():
            tokens = text.split()
            for i in range(1, len(tokens)):
                counts[tuple(tokens[i - 1 : i + 1])] += count
        if not counts:
            break
        left, right = max(sorted(counts, reverse=True), key=counts.__getitem__)
        pair = re.compile(rf"(?<!\S){left} {right}(?!\S)")
        texts = {pair.sub(left + right, text): count for text, count in texts.items()}
        merges.append((bytes.fromhex(left), bytes.fromhex(right)))
    return merges


def spaced(text: str) -> Merges:
    """Merges written as "s t, e st"."""
    pairs = (pair.split() for pair in text.split(", "))
    return [(left.encode(), right.encode()) for left, right in pairs]


def test_the_most_frequent_pair_is_merged_first() -> None:
    assert train({b"abc": 1, b"zab": 1}, 1) == [(b"a", b"b")]


def test_a_new_token_takes_part_in_the_next_pair() -> None:
    assert train({b"abc": 2, b"ab": 1}, 2) == [(b"a", b"b"), (b"ab", b"c")]


def test_a_word_counts_as_often_as_it_occurs() -> None:
    rare = {b"ab" + bytes([n]): 1 for n in range(128, 227)}
    assert train({b"XY": 100, **rare}, 1) == [(b"X", b"Y")]
    assert train({b"XY": 98, **rare}, 1) == [(b"a", b"b")]


def test_a_pair_counts_as_often_as_it_stands_in_a_word() -> None:
    assert train({b"abxab": 1, b"yz": 1}, 1) == [(b"a", b"b")]
    assert train({b"abxabxab": 3, b"yz": 8}, 1) == [(b"a", b"b")]
    assert train({b"abxabxab": 3, b"yz": 10}, 1) == [(b"y", b"z")]


def test_overlapping_pairs_count_and_the_left_one_is_merged() -> None:
    assert train({b"aaa": 2, b"xy": 3}, 2) == [(b"a", b"a"), (b"x", b"y")]
    assert train({b"aaab": 5}, ALL) == [(b"a", b"a"), (b"aa", b"a"), (b"aaa", b"b")]


def test_a_pair_never_reaches_into_the_next_word() -> None:
    assert train({b"xa": 9, b"bx": 9, b"yab": 1}, 1) == [(b"x", b"a")]
    assert train({b"x": 5, b"y": 5, b"z": 5}, 3) == []


def test_low_lower_newest_widest() -> None:
    """By hand in CS336: 'es' and 'st' both occur nine times, and the greater pair is taken."""
    words = {b"low": 5, b"lower": 2, b"widest": 3, b"newest": 6}
    first = "s t, e st, o w, l ow, w est, n e, ne west, w i, wi d, wid est, low e, lowe r"
    assert train(words, 6) == spaced(first)[:6]
    assert train(words, ALL) == spaced(first)


@given(WORDS, st.integers(0, 12))
def test_agrees_with_replacement_in_a_text(words: dict[bytes, int], num_merges: int) -> None:
    assert train(words, num_merges) == by_text(words, num_merges)


@given(st.dictionaries(st.binary(max_size=6), st.integers(1, 3), max_size=5))
def test_any_byte_may_occur(words: dict[bytes, int]) -> None:
    assert train(words, ALL) == by_text(words, ALL)


@pytest.mark.parametrize(
    ("words", "num_merges", "last"),
    [
        ("ba ab", 1, "b a"),  # the left half decides
        ("ac ba", 1, "b a"),
        ("ab ac", 1, "a c"),  # then the right half
        ("cd ab", 1, "c d"),
    ],
)
def test_of_equally_frequent_pairs_the_greatest_is_taken(words: str, num_merges: int, last: str) -> None:
    assert train({word.encode(): 7 for word in words.split()}, num_merges)[-1:] == spaced(last)
    assert train({word.encode(): 7 for word in reversed(words.split())}, num_merges)[-1:] == spaced(last)


def test_tokens_are_compared_by_their_bytes_and_not_by_age() -> None:
    assert train({b"ab": 5, b"abx": 1, b"cx": 1}, ALL) == spaced("a b, c x, ab x")
    assert train({b"ab": 5, b"xab": 1, b"xc": 1}, ALL) == spaced("a b, x c, x ab")


def test_tokens_are_compared_by_their_bytes_and_not_by_length() -> None:
    assert train({b"ab": 5, b"abx": 1, b"ax": 1}, ALL) == spaced("a b, ab x, a x")
    assert train({b"ab": 5, b"abx": 1, b"bx": 1}, ALL) == spaced("a b, b x, ab x")


def test_the_halves_are_compared_and_not_what_they_make() -> None:
    assert train({b"ab": 9, b"zz": 9, b"azz": 1, b"abc": 1}, ALL) == spaced("z z, a b, ab c, a zz")


def test_bytes_compare_as_numbers_from_0_to_255() -> None:
    assert train({b"\x7f\x00": 1, b"\x80\x00": 1, b"\x00\xff": 1}, 1) == [(b"\x80", b"\x00")]
    assert train({b"\x80\x00": 1, b"\xff\x00": 1, b"\xfe\xff": 1}, 1) == [(b"\xff", b"\x00")]


@given(WORDS, st.integers())
def test_the_order_of_the_words_does_not_matter(words: dict[bytes, int], seed: int) -> None:
    shuffled = list(words.items())
    random.Random(seed).shuffle(shuffled)
    assert train(dict(shuffled), ALL) == by_text(words, ALL)


def test_only_which_count_is_higher_matters_and_by_however_little() -> None:
    assert train({b"ab": 10**20 + 1, b"cd": 10**20}, 2) == spaced("a b, c d")


@given(WORDS, st.integers(0, 5))
def test_fewer_merges_are_the_beginning_of_more(words: dict[bytes, int], num_merges: int) -> None:
    merges = train(words, ALL)
    assert train(words, num_merges) == merges[:num_merges]
    assert len(train(words, num_merges)) == min(num_merges, len(merges))


@given(WORDS)
def test_each_merge_makes_a_new_token_of_known_ones_that_some_word_holds(words: dict[bytes, int]) -> None:
    known = {bytes([byte]) for byte in range(256)}
    for left, right in train(words, ALL):
        assert {left, right} <= known
        assert left + right not in known
        assert any(left + right in word for word in words)
        known.add(left + right)


@given(WORDS)
def test_in_the_end_every_word_is_one_token(words: dict[bytes, int]) -> None:
    made = {left + right for left, right in train(words, ALL)}
    assert {word for word in words if len(word) > 1} <= made


def test_a_pair_that_occurs_once_is_merged_as_well() -> None:
    assert train({b"abcde": 1}, ALL) == spaced("d e, c de, b cde, a bcde")


@pytest.mark.parametrize("words", [{}, {b"": 3}, {b"a": 3, b"": 1, b"\xff": 2}])
def test_without_pairs_there_is_nothing_to_merge(words: dict[bytes, int]) -> None:
    assert train(words, 5) == []


def test_no_merges_may_be_asked_for_and_fewer_may_not() -> None:
    assert train({b"abc": 2}, 0) == []
    for num_merges in (-1, -256):
        with pytest.raises(ValueError):
            train({b"abc": 2}, num_merges)
        with pytest.raises(ValueError):
            train({}, num_merges)


@given(WORDS)
def test_the_words_stay_as_they_were(words: dict[bytes, int]) -> None:
    with assert_unchanged(words):
        train(words, 3)
