import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_unchanged
from katas.phase4.tokenization.bpe_encode import build_vocab, decode, encode, encode_word

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/tokenization/bpe_train",),
    forbids={
        "tiktoken": "look for the pair of lowest rank and merge it, again and again",
        "tokenizers": "look for the pair of lowest rank and merge it, again and again",
        "sentencepiece": "look for the pair of lowest rank and merge it, again and again",
        "transformers": "look for the pair of lowest rank and merge it, again and again",
    },
)

Merges = list[tuple[bytes, bytes]]

LOW = "s t, e st, o w, l ow, w est, n e, ne west, w i, wi d, wid est, low e, lowe r"


def spaced(text: str) -> Merges:
    """Merges written as "s t, e st"."""
    pairs = (pair.split() for pair in text.split(", "))
    return [(left.encode(), right.encode()) for left, right in pairs]


def ranked(merges: Merges) -> dict[tuple[bytes, bytes], int]:
    return {pair: rank for rank, pair in enumerate(merges)}


def cut(word: str, merges: str) -> str:
    """What encode_word makes of it, with spaces between the tokens."""
    return b" ".join(encode_word(word.encode(), ranked(spaced(merges)))).decode()


def replayed(word: bytes, merges: Merges) -> list[bytes]:
    """Training once more: all merges in turn, on the tokens in hex with a space between them."""
    text = word.hex(" ")
    for left, right in merges:
        pair = rf"(?<!\S){left.hex()} {right.hex()}(?!\S)"
        text = re.sub(pair, left.hex() + right.hex(), text)
    return [bytes.fromhex(token) for token in text.split()]


@st.composite
def merge_lists(draw: st.DrawFn, letters: bytes = b"abc", most: int = 10) -> Merges:
    """Merges of tokens that are there, each making a new one."""
    tokens = [bytes([byte]) for byte in letters]
    merges = []
    for _ in range(draw(st.integers(0, most))):
        pair = draw(st.sampled_from(tokens)), draw(st.sampled_from(tokens))
        if b"".join(pair) not in tokens:
            merges.append(pair)
            tokens.append(b"".join(pair))
    return merges


MERGES = merge_lists()
WORDS = st.text("abc", max_size=20).map(str.encode)
SIGNS = "aé🙂"
SIGN_MERGES = merge_lists(bytes(sorted(set(SIGNS.encode()))), 12)


def test_the_first_ids_are_the_bytes() -> None:
    vocab = build_vocab([])
    assert vocab == {byte: bytes([byte]) for byte in range(256)}


def test_each_merge_makes_the_next_id() -> None:
    vocab = build_vocab([(b"t", b"h"), (b"th", b"e"), (b"\xff", b"\x00")])
    assert len(vocab) == 259
    assert (vocab[0], vocab[255]) == (b"\x00", b"\xff")
    assert (vocab[256], vocab[257], vocab[258]) == (b"th", b"the", b"\xff\x00")


def test_without_merges_a_word_is_its_bytes() -> None:
    assert encode_word(b"ab\xff\x00", {}) == [b"a", b"b", b"\xff", b"\x00"]
    assert encode_word(b"", {}) == []
    assert encode_word(b"", {(b"a", b"b"): 0}) == []


def test_the_merge_that_was_learned_first_goes_first() -> None:
    assert cut("abc", "b c, a b") == "a bc"
    assert cut("abc", "a b, b c") == "ab c"
    assert cut("cabc", "b c, c a, a b") == "ca bc"


def test_a_longer_token_does_not_go_first() -> None:
    assert cut("abc", "b c, a b, ab c") == "a bc"
    assert cut("abcd", "b c, a b, c d") == "a bc d"  # though ab cd were fewer


def test_tokens_that_were_merged_are_merged_further() -> None:
    assert cut("abc", "a b, ab c") == "abc"
    assert cut("abcabc", "a b, ab c, abc abc") == "abcabc"
    assert cut("abcab", "a b, ab c, abc abc") == "abc ab"


def test_a_pair_is_merged_wherever_it_occurs_from_left_to_right() -> None:
    assert cut("abxab", "a b") == "ab x ab"
    assert cut("aaa", "a a") == "aa a"
    assert cut("aaaaaaa", "a a, aa aa") == "aaaa aa a"
    assert cut("aaab", "a a, a b") == "aa ab"


@pytest.mark.parametrize(
    ("word", "tokens"),
    [
        ("low", "low"),
        ("lower", "low e r"),
        ("newest", "ne west"),
        ("widest", "w i d est"),
        ("lowest", "low est"),
        ("western", "west e r n"),
        ("stew", "st e w"),
    ],
)
def test_six_merges_of_low_lower_newest_widest(word: str, tokens: str) -> None:
    """By hand in CS336: the first six merges make [ne] [west] of newest."""
    first_six = ", ".join(LOW.split(", ")[:6])
    assert cut(word, first_six) == tokens


@pytest.mark.parametrize("word", ["low", "lower", "newest", "widest"])
def test_with_all_merges_a_training_word_is_one_token(word: str) -> None:
    assert cut(word, LOW) == word


def test_the_cat_ate() -> None:
    """The example of CS336, section 2.6."""
    ranks = ranked([(b"t", b"h"), (b" ", b"c"), (b" ", b"a"), (b"th", b"e"), (b" a", b"t")])
    assert encode_word(b"the", ranks) == [b"the"]
    assert encode_word(b" cat", ranks) == [b" c", b"a", b"t"]
    assert encode_word(b" ate", ranks) == [b" at", b"e"]


@given(WORDS, MERGES)
def test_a_word_is_cut_as_training_would_have_cut_it(word: bytes, merges: Merges) -> None:
    assert encode_word(word, ranked(merges)) == replayed(word, merges)


@given(WORDS, MERGES)
def test_the_tokens_spell_the_word_and_none_can_be_merged(word: bytes, merges: Merges) -> None:
    tokens = encode_word(word, ranked(merges))
    assert b"".join(tokens) == word
    assert not set(pairwise(tokens)) & set(merges)


@given(WORDS, MERGES, st.integers(), st.integers(-50, 300))
def test_ranks_count_and_not_their_order_in_the_dict(
    word: bytes, merges: Merges, seed: int, start: int
) -> None:
    entries = [(pair, start + 3 * rank) for pair, rank in ranked(merges).items()]
    random.Random(seed).shuffle(entries)
    assert encode_word(word, dict(entries)) == replayed(word, merges)


def test_a_rank_may_be_negative_and_the_dict_in_any_order() -> None:
    assert encode_word(b"abc", {(b"a", b"b"): 7, (b"b", b"c"): -7}) == [b"a", b"bc"]
    assert encode_word(b"abc", {(b"b", b"c"): 400, (b"a", b"b"): 300}) == [b"ab", b"c"]


def test_a_word_may_be_thousands_of_bytes_long() -> None:
    letters = "".join(random.choices("abc", k=3000)).encode()
    merges = spaced("a b, b c, ab c, a a, aa aa, c ab, bc bc, abc a, ab ab, c c, aaaa aaaa, cab cab, b b")
    assert encode_word(letters, ranked(merges)) == replayed(letters, merges)
    assert encode_word(b"a" * 3000, ranked(merges)) == replayed(b"a" * 3000, merges)


def test_a_text_without_merges_is_its_bytes() -> None:
    assert encode("aé🙂", []) == [97, 0xC3, 0xA9, 0xF0, 0x9F, 0x99, 0x82]
    assert encode("", []) == []
    assert encode("", [(b"a", b"b")]) == []


def test_a_merge_has_the_id_256_and_on() -> None:
    merges = [(b"b", b"c"), (b"a", b"b"), (b"ab", b"c"), (b"x", b"bc")]
    assert encode("abcxbcab", merges) == [97, 256, 259, 257]


def test_blanks_are_bytes_like_any_other() -> None:
    merges = [(b"t", b" "), (b" ", b" "), (b"t ", b"c"), (b"\r", b"\n")]
    assert encode("at cat  \r\n", merges) == [97, 258, 97, 256, 32, 259]
    assert encode(" \t ", merges) == [32, 9, 32]


def test_a_token_may_hold_a_part_of_a_character() -> None:
    merges = [(b"\x9f", b"\x99"), (b"\xa9", b"a")]
    assert encode("🙂éa", merges) == [0xF0, 256, 0x82, 0xC3, 257]


@given(st.text(SIGNS, max_size=12), SIGN_MERGES)
def test_a_text_is_cut_as_training_would_have_cut_it(text: str, merges: Merges) -> None:
    tokens = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
    assert encode(text, merges) == [tokens.index(token) for token in replayed(text.encode(), merges)]


def test_tokens_are_read_one_after_the_other() -> None:
    assert decode([2, 1, 2], {1: b"lo", 2: b"hel"}) == "hellohel"
    assert decode([], {1: b"lo"}) == ""


def test_a_character_may_be_spread_over_tokens() -> None:
    assert decode([300, 7, 0], {300: b"a\xf0", 7: b"\x9f\x99", 0: b"\x82b"}) == "a🙂b"


@pytest.mark.parametrize("text", ["\ufeffa", "a\r\nb\r", "\0", "e\u0301"])
def test_nothing_is_cleaned_up(text: str) -> None:
    assert decode(list(text.encode()), {byte: bytes([byte]) for byte in range(256)}) == text


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([b"caf", b"\xc3"], "caf\ufffd"),
        ([b"\xa9", b"a"], "\ufffda"),
        ([b"\xf0\x9f", b"\x99"], "\ufffd"),
        ([b"\xf0\x9f", b"x", b"\x99\x82"], "\ufffdx\ufffd\ufffd"),
        ([b"\xff", b"\xfe"], "\ufffd\ufffd"),
    ],
)
def test_what_is_no_utf_8_is_replaced(tokens: list[bytes], text: str) -> None:
    assert decode(list(range(len(tokens))), dict(enumerate(tokens))) == text


@given(st.lists(st.binary(max_size=3), max_size=12))
def test_any_tokens_at_all_are_read(tokens: list[bytes]) -> None:
    text = decode(list(range(len(tokens))), dict(enumerate(tokens)))
    assert text == b"".join(tokens).decode("utf-8", "replace")


@pytest.mark.parametrize("unknown", [258, -1, 1000])
def test_an_unknown_id_is_a_key_error(unknown: int) -> None:
    vocab = {**{byte: bytes([byte]) for byte in range(256)}, 256: b"ab", 257: b"abc"}
    for ids in ([unknown], [97, unknown], [unknown, 257]):
        with pytest.raises(KeyError):
            decode(ids, vocab)


@given(st.text(max_size=20), SIGN_MERGES)
def test_what_is_encoded_is_decoded_again(text: str, merges: Merges) -> None:
    assert decode(encode(text, merges), build_vocab(merges)) == text


@given(st.text(SIGNS, max_size=8), SIGN_MERGES, st.integers(0, 8))
def test_a_cut_never_raises(text: str, merges: Merges, length: int) -> None:
    begun = decode(encode(text, merges)[:length], build_vocab(merges))
    assert text.startswith(begun.rstrip("\ufffd"))


@given(st.text(SIGNS, max_size=8), SIGN_MERGES)
def test_inputs_stay_as_they_were(text: str, merges: Merges) -> None:
    ranks = ranked(merges)
    with assert_unchanged(merges, ranks):
        vocab = build_vocab(merges)
        encode_word(text.encode(), ranks)
        ids = encode(text, merges)
    with assert_unchanged(ids, vocab):
        decode(ids, vocab)
