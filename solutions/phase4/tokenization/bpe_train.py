"""Each merge changes the counts of a few pairs only, and yet everything is counted again: the time is the number of
merges times the size of the corpus. Where it goes, and how little of it is needed, is what a fast trainer knows.

The tie rule looks like a trifle. On a small corpus nearly every step is a tie, and one tie settled another way sends the
rest of training down another path; the two tokenisers then share no ids, and a model trained with one reads nonsense
with the other.
"""

from collections import Counter

from solutions.phase4.tokenization.merge_pair import merge, pair_counts

HINTS = (
    "Keep two things: each distinct word as a list of ids, to begin with its bytes, and a list that says of each id which "
    "bytes it stands for. The bytes of a new id are those of its halves.",
    "A word that occurs a hundred times is split once and counted with a weight. `pair_counts` does one word at a time, so "
    "no pair can reach across.",
    "max takes a key, and a key may be a tuple: the count first, then what decides a tie. What decides is bytes, not ids.",
)


def train(words: dict[bytes, int], num_merges: int) -> list[tuple[bytes, bytes]]:
    """At most num_merges merges (l, r), first to last, learned from words and how often each occurs."""
    # wrong: pass  # a negative number of merges is a mistake of the caller: say so
    # wrong: if num_merges <= 0:  # no merges at all may be asked for: only negative numbers are refused
    #            raise ValueError(f"{num_merges} merges")
    if num_merges < 0:
        raise ValueError(f"{num_merges} merges")
    tokens = [bytes([byte]) for byte in range(256)]  # what each id stands for
    ids = {word: list(word) for word in words}
    # wrong: merges, num_merges = [], num_merges + 1  # this is one merge too many
    # wrong: merges, num_merges = [], num_merges - 1  # this is one merge too few
    # wrong: merges, num_merges = [], num_merges - 256  # num_merges counts the merges, not the bytes that are tokens from the start
    merges = []
    for _ in range(num_merges):
        counts: Counter[tuple[int, int]] = Counter()
        # wrong: for pair, times in pair_counts([one for word in words for one in ids[word] * words[word]]).items():  # pairs reach from one word into the next here
        #            counts[pair] += times
        for word, count in words.items():
            # wrong: for pair in pair_counts(ids[word]):  # a pair counts as often as it stands in the word, not once
            #            counts[pair] += count
            for pair, times in pair_counts(ids[word]).items():
                # wrong: counts[pair] += times  # a word counts as often as it occurs in the text
                # wrong: counts[pair] = times * count  # the words add up: this keeps the last one
                counts[pair] += times * count
        # wrong: pass  # a time comes when every word is one token: stop there
        # wrong: if not counts or max(counts.values()) < 2:  # a pair that occurs once is merged as well
        #            break
        # wrong: if not counts:  # what has been learned so far is the result
        #            return []
        # wrong: if not counts:  # running out of pairs is the end of training, not an error
        #            raise ValueError("no pair is left")
        if not counts:
            break
        # wrong: best = max(counts, key=counts.__getitem__)  # of equally frequent pairs this takes the one met first: the order of the words then matters
        # wrong: best = max(counts, key=lambda pair: (counts[pair], -pair[0], -pair[1]))  # of equally frequent pairs the greatest is taken, not the smallest
        # wrong: best = max(counts, key=lambda pair: (counts[pair], pair))  # this compares ids, which tell how old a token is: compare the bytes
        # wrong: best = max(counts, key=lambda pair: (counts[pair], tokens[pair[0]] + tokens[pair[1]]))  # compare the halves, left before right, not what they make together
        # wrong: best = max(counts, key=lambda pair: (counts[pair], tokens[pair[0]]))  # where the left halves are equal too, the right ones decide
        # wrong: best = max(counts, key=lambda pair: (counts[pair], tokens[pair[1]], tokens[pair[0]]))  # the left half decides before the right one
        # wrong: best = max(counts, key=lambda pair: (counts[pair], len(tokens[pair[0]] + tokens[pair[1]]), tokens[pair[0]], tokens[pair[1]]))  # length has no say
        # wrong: best = max(counts, key=lambda pair: (float(counts[pair]), tokens[pair[0]], tokens[pair[1]]))  # counts are whole numbers: a float rounds large ones
        # wrong: best = min(counts, key=lambda pair: (counts[pair], tokens[pair[0]], tokens[pair[1]]))  # the most frequent pair is merged, not the rarest
        best = max(counts, key=lambda pair: (counts[pair], tokens[pair[0]], tokens[pair[1]]))
        left, right = tokens[best[0]], tokens[best[1]]
        # wrong: merges.append(left + right)  # a merge is the pair: which two tokens became one
        # wrong: merges.append(best)  # a merge names its tokens by their bytes, not by ids
        # wrong: merges.append((right, left))  # the left half comes first
        merges.append((left, right))
        # wrong: pass  # the words still have their old tokens: the same pair would win again
        # wrong: ids = {word: merge(one, best, len(tokens)) for word, one in ids.items() if word.startswith(left + right)}  # the pair is merged in every word, wherever it stands
        # wrong: ids = {word: merge(one, best, 256) for word, one in ids.items()}  # every merge makes an id of its own
        ids = {word: merge(one, best, len(tokens)) for word, one in ids.items()}
        tokens.append(left + right)
    return merges
