"""Encode and decode with merges

Training leaves a list of merges. Encoding has to cut a new text as training would have cut it, or the model
meets tokens where it has never seen them; decoding has to cope with whatever ids a model comes up with.

Tokens are bytes, ids are ints. `build_vocab(merges)` says which token each id stands for: the ids 0 ... 255
are the single bytes, and the merge (l, r) at place i of merges, counted from 0, makes the token l + r with
the id 256 + i.

`encode_word(word, ranks)` cuts one word into tokens. ranks gives each merge its rank: the lower, the earlier
it was learned. Ranks are distinct ints, but they need not be 0, 1, 2 ..., nor does the dict list them in
order. The word begins as its single bytes. Again and again, among the pairs of neighbouring tokens that have
a rank, that with the lowest is merged wherever it occurs, from left to right (a a a with the merge (a, a) is
aa a), until no neighbours have a rank. Which token is longest, or which cut has the fewest tokens, does not
matter. word may be empty or hold any bytes, UTF-8 or not.

`encode(text, merges)` gives the ids of a text: its UTF-8 bytes are cut as one single word, blanks and all,
with the place in merges as the rank.

`decode(ids, vocab)` gives the text that the tokens spell together. A character can be spread over several
tokens. Sampled ids need not be UTF-8 at all: what cannot be read becomes U+FFFD, the replacement character,
exactly as Python's error handler "replace" does it, and is no error. An id that vocab lacks is a KeyError.
vocab may be any dict from ids to tokens. Otherwise nothing is lost: decode(encode(text, merges),
build_vocab(merges)) is text.

merges is as training makes it: each half is a single byte or was made by an earlier merge, and no two merges
make the same token. The same holds of ranks. Inputs are not changed. Speed needs nothing clever here: 3,000
bytes in a few seconds will do.

Sennrich, Haddow and Birch 2016; Radford et al. 2019, section 2.2; Stanford's CS336, assignment 1, 2025,
section 2.6.
"""


def build_vocab(merges: list[tuple[bytes, bytes]]) -> dict[int, bytes]:
    """Which token each id stands for: the 256 bytes first, then what each merge makes."""
    raise NotImplementedError


def encode_word(word: bytes, ranks: dict[tuple[bytes, bytes], int]) -> list[bytes]:
    """The tokens of word, after merging the pair of lowest rank again and again."""
    raise NotImplementedError


def encode(text: str, merges: list[tuple[bytes, bytes]]) -> list[int]:
    """The ids of text, taken as one word."""
    raise NotImplementedError


def decode(ids: list[int], vocab: dict[int, bytes]) -> str:
    """The text that ids spell, U+FFFD where it is no UTF-8; KeyError for an id that vocab lacks."""
    raise NotImplementedError
