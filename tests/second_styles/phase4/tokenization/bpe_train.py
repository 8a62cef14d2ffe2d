"""Tokens of bytes instead of ids; the order of all pairs instead of a maximum; a merge in place."""

from collections import defaultdict
from itertools import pairwise


def train(words: dict[bytes, int], num_merges: int) -> list[tuple[bytes, bytes]]:
    if num_merges < 0:
        raise ValueError("fewer than none")
    corpus = [([word[i : i + 1] for i in range(len(word))], count) for word, count in words.items()]
    merges: list[tuple[bytes, bytes]] = []
    while len(merges) < num_merges and any(len(tokens) > 1 for tokens, _ in corpus):
        counts: dict[tuple[bytes, bytes], int] = defaultdict(int)
        for tokens, count in corpus:
            for left, right in pairwise(tokens):
                counts[left, right] += count
        *_, (_, pair) = sorted((count, pair) for pair, count in counts.items())
        merges.append(pair)
        for tokens, _ in corpus:
            _merge_in_place(tokens, *pair)
    return merges


def _merge_in_place(tokens: list[bytes], left: bytes, right: bytes) -> None:
    at = 0
    while at + 1 < len(tokens):
        if tokens[at] == left and tokens[at + 1] == right:
            tokens[at] += tokens.pop(at + 1)
        at += 1
