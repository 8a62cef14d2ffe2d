"""Bytes, pairs and one merge

A model reads integers. Letters would make its sequences long, words would make its vocabulary endless;
byte-pair encoding settles between the two: start from bytes, which can spell anything, and glue together what
often stands side by side. GPT, Llama and most models since are fed this way. Here are its three primitives.

`to_ids(text)` lists the UTF-8 bytes of a text, as ints from 0 to 255: these are the ids to start from. "a" is
one byte, "é" two, "🙂" four. Nothing is cleaned up on the way: two spellings of a word that look the same may
differ in their bytes, and keep the difference. A lone surrogate such as "\\ud800", which a str can hold, is
half a character and has no UTF-8: that is a ValueError (Python's UnicodeEncodeError is one).

`pair_counts(ids)` counts the neighbours: under the key (left, right) stands how often right follows
immediately on left. Pairs may overlap: a a a holds (a, a) twice. Pairs that do not occur are no keys.

`merge(ids, pair, new_id)` replaces pair by new_id wherever it occurs, from left to right, and returns a new
list. Occurrences that overlap cannot both be replaced; the left one wins:

    a a a a  ->  X X        a a a  ->  X a

The ids put in take no part in another merge of the same call, even where new_id is one of the pair. If the
pair does not occur, the result is a copy of ids.

Ids are ints of 0 or more, of any size: merging makes new ones beyond 255. ids may be empty or have one entry,
and is not changed. A corpus is long, so `pair_counts` and `merge` take time in proportion to len(ids).

Gage 1994; Sennrich, Haddow and Birch 2016, section 3.2; Karpathy, minbpe, 2024.
"""


def to_ids(text: str) -> list[int]:
    """The UTF-8 bytes of text, as ints; ValueError for a lone surrogate."""
    raise NotImplementedError


def pair_counts(ids: list[int]) -> dict[tuple[int, int], int]:
    """How often each pair of neighbours (left, right) occurs, overlaps included."""
    raise NotImplementedError


def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """A new list in which new_id stands for every occurrence of pair, replaced from left to right."""
    raise NotImplementedError
