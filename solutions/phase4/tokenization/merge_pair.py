"""This is all that byte-pair encoding does, over and over: count, pick the most frequent pair, merge. Text without pairs of
equal neighbours never shows the difference between the conventions; "aaaa", runs of spaces and lines of dashes do.

Bytes as the alphabet mean that no text is out of vocabulary, at the price of three or four ids for a character that
training never saw: a language that is rare in the corpus pays more for each sentence.
"""

from collections import Counter
from itertools import pairwise

HINTS = (
    "A str knows how to become bytes, and bytes are a sequence of ints already.",
    "The neighbours of a list are the list beside itself, shifted by one.",
    "To merge, build a second list while you walk through the first. At each place there are two cases: the pair begins here, "
    "and you move on by two, or it does not, and you move on by one. Is there a right neighbour at the last place?",
)


def to_ids(text: str) -> list[int]:
    """The UTF-8 bytes of text, as ints; ValueError for a lone surrogate."""
    # wrong: return [ord(one) for one in text]  # these are code points, up to a million of them: the alphabet is the 256 bytes
    # wrong: return list(text.encode("utf-16-le"))  # the bytes are those of UTF-8
    # wrong: return list(text.encode("latin-1", "replace"))  # Latin-1 has 256 characters and loses all the others
    # wrong: return list(text.encode("utf-8", "ignore"))  # half a character has no UTF-8, and is not to be lost in silence
    # wrong: return list(text.encode("utf-8", "replace"))  # half a character has no UTF-8, and a question mark is not what it was
    # wrong: return list(text.encode("utf-8", "surrogatepass"))  # what comes out here is no UTF-8: half a character is an error
    # wrong: return list(__import__("unicodedata").normalize("NFC", text).encode())  # the text would not come back as it was: nothing is cleaned up
    # wrong: return list(text.strip().encode())  # spaces at the ends are part of the text
    # wrong: return text.encode()  # a list of ints is asked for: bytes cannot hold the ids that merges add
    return list(text.encode())


def pair_counts(ids: list[int]) -> dict[tuple[int, int], int]:
    """How often each pair of neighbours (left, right) occurs, overlaps included."""
    # wrong: return Counter(zip(ids[::2], ids[1::2]))  # every place but the last begins a pair, the odd ones too
    # wrong: return Counter(tuple(sorted(pair)) for pair in pairwise(ids))  # (a, b) and (b, a) are two pairs
    # wrong: return {pair: 1 for pair in pairwise(ids)}  # each occurrence counts
    # wrong: return Counter(zip(ids, ids[1:] + ids[:1]))  # the last id has no right neighbour: a text is no ring
    # wrong: return Counter(zip(ids[:-2], ids[1:-1]))  # the last id has a left neighbour: that pair is missing
    # wrong: return {pair: sum(one == pair for one in pairwise(ids)) for pair in pairwise(ids)}  # this walks through the list once for every place
    # wrong: return {(a, b): (bytes(ids).count(bytes((a, b)))) for a, b in pairwise(ids)}  # bytes.count leaves out overlaps, and ids grow beyond 255
    # wrong: counts: Counter[tuple[int, int]] = Counter()  # pairs that share an id count, both of them
    #        at = 0
    #        while at < len(ids) - 1:
    #            counts[ids[at], ids[at + 1]] += 1
    #            at += 2 if ids[at] == ids[at + 1] else 1
    #        return counts
    return Counter(pairwise(ids))


# wrong: def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:  # taking entries out of the front of a list moves all the others each time
#            merged = list(ids)
#            i = 0
#            while i < len(merged) - 1:
#                if (merged[i], merged[i + 1]) == pair:
#                    merged[i] = new_id
#                    merged.pop(i + 1)
#                i += 1
#            return merged
# wrong: def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:  # the list that was passed in is changed: build a new one
#            merged, i = [], 0
#            while i < len(ids):
#                hit = tuple(ids[i : i + 2]) == pair
#                merged.append(new_id if hit else ids[i])
#                i += 1 + hit
#            ids[:] = merged
#            return list(ids)
# wrong: def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:  # merging goes from left to right: with three in a row the first two become one
#            merged: list[int] = []
#            i = len(ids) - 1
#            while i >= 0:
#                hit = i > 0 and (ids[i - 1], ids[i]) == pair
#                merged.append(new_id if hit else ids[i])
#                i -= 1 + hit
#            return merged[::-1]
# wrong: def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:  # an id that was put in is not merged again in the same call
#            merged: list[int] = []
#            for one in ids:
#                if merged and (merged[-1], one) == pair:
#                    merged[-1] = new_id
#                else:
#                    merged.append(one)
#            return merged
# wrong: def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:  # a str holds no id above 1114111, and fewer that are characters
#            text = "".join(map(chr, ids)).replace("".join(map(chr, pair)), chr(new_id))
#            return [ord(one) for one in text]
def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """A new list in which new_id stands for every occurrence of pair, replaced from left to right."""
    # wrong: if pair not in pairwise(ids):  # this gives the caller's own list back: a copy is asked for
    #            return ids
    #        merged = []
    merged = []
    i = 0
    # wrong: while i < len(ids) - 1:  # an id at the end that is not part of a merge gets lost
    #            hit = (ids[i], ids[i + 1]) == pair
    #            merged.append(new_id if hit else ids[i])
    #            i += 2 if hit else 1
    while i < len(ids):
        # wrong: hit = ids[i] == pair[0]  # both of the pair have to be there
        # wrong: hit = i + 1 < len(ids) and ids[i + 1] == pair[1]  # both of the pair have to be there
        # wrong: hit = (ids[i], ids[i - len(ids) + 1]) == pair  # the last id has no right neighbour: a text is no ring
        # wrong: hit = sorted(ids[i : i + 2]) == sorted(pair)  # (a, b) and (b, a) are two pairs
        # wrong: hit = tuple(ids[i : i + 2]) == pair and new_id not in merged  # every occurrence is replaced, not the first alone
        hit = tuple(ids[i : i + 2]) == pair
        # wrong: merged += [new_id, ids[i + 1]] if hit else [ids[i]]  # the right one of the pair is replaced, too
        # wrong: merged += [new_id] if hit else ids[i : i + 2]  # a pair may begin at the next id: copy one at a time
        merged.append(new_id if hit else ids[i])
        # wrong: i += 1  # the right one of the pair is used up, too
        i += 2 if hit else 1
    return merged
