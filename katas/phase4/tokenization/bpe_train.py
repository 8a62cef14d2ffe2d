"""Train BPE the slow, right way

A tokeniser is learned before the model, on a sample of its text, and never changed afterwards: an odd choice
made here stays for the life of the model. Training is greedy. Every word begins as its bytes; then the most
frequent pair of neighbouring tokens becomes one new token, and so on.

`train(words, num_merges)` learns from words, which gives each distinct word as bytes and how often it occurs
in the text. At each step

    count(l, r) = sum over words of (how often the word occurs) * (how often r follows on l in it)

is taken over the words in their present tokens. Pairs may overlap, as in `pair_counts`, and never reach from
one word into another. The pair with the highest count is merged in every word, wherever it occurs, from left
to right, as `merge` does it. A token is known by its bytes, and the merge (l, r) makes the token l + r.

Of several pairs with the highest count, the greatest is taken: that with the greater l, and of those with the
same l that with the greater r, where l and r compare as bytes do in Python: b"a" < b"ab" < b"b". Neither the
order of the words nor the age of the tokens has a say: two people who train on one text get one tokeniser.

The result lists the merges (l, r) in the order in which they were made, at most num_merges of them. Training
ends early only when no word has two tokens left: a pair that occurs once is merged as well. A word may be b""
or have one byte, and any byte may occur. Counts are at least 1, and words is not changed. A negative
num_merges is a ValueError.

Count everything afresh at each step: slow, and the standard that a faster trainer is held against.

Sennrich, Haddow and Birch 2016, algorithm 1; Stanford's CS336, assignment 1, section 2.4, 2025.
"""

from solutions.phase4.tokenization.merge_pair import merge, pair_counts


def train(words: dict[bytes, int], num_merges: int) -> list[tuple[bytes, bytes]]:
    """At most num_merges merges (l, r), first to last, learned from words and how often each occurs."""
    raise NotImplementedError
