"""Merging the pair of lowest rank repeats training on one word: a merge can only use what earlier ones made, so the ranks
rise from round to round. The longest token that fits is another cut, and often not the one the model was trained on.

A word costs as many rounds as it has different merges; production code cuts the text into words first and remembers
the cut of each, as most words come again and again.
"""

from itertools import pairwise

HINTS = (
    "The ids of the vocabulary are places: which list has the bytes at 0 ... 255 and the products of the merges behind them?",
    "One round of encode_word: collect the neighbours that have a rank, find the lowest, merge it everywhere. When nothing "
    "was collected the word is done.",
    "encode needs two dicts the other way round than you have them: from pair to place, and from token to id.",
    "A byte alone cannot say which character it belongs to: join all bytes before anything is decoded, and look at what else "
    "bytes.decode takes.",
)


def build_vocab(merges: list[tuple[bytes, bytes]]) -> dict[int, bytes]:
    """Which token each id stands for: the 256 bytes first, then what each merge makes."""
    # wrong: tokens = [left + right for left, right in merges]  # the first 256 ids are the bytes
    # wrong: tokens = [bytes([byte]) for byte in range(255)] + [left + right for left, right in merges]  # there are 256 bytes, 255 among them
    # wrong: tokens = [bytes([byte]) for byte in range(256)] + [b""] + [left + right for left, right in merges]  # the first merge has the id 256
    # wrong: tokens = [chr(byte).encode() for byte in range(256)] + [left + right for left, right in merges]  # the bytes from 128 on are no characters: chr makes two bytes of them
    # wrong: tokens = [bytes(byte) for byte in range(256)] + [left + right for left, right in merges]  # bytes(n) is n zeros: give it a list with one number
    # wrong: tokens = [bytes([byte]) for byte in range(256)] + [right + left for left, right in merges]  # the left half comes first
    # wrong: tokens = [bytes([byte]) for byte in range(256)] + sorted(left + right for left, right in merges)  # ids follow the order of training
    tokens = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
    return dict(enumerate(tokens))


# wrong: def encode_word(word: bytes, ranks: dict[tuple[bytes, bytes], int]) -> list[bytes]:  # the longest token that fits is not what training would have made: follow the ranks
#            made = {left + right for left, right in ranks}
#            tokens = []
#            while word:
#                size = next((n for n in range(len(word), 1, -1) if word[:n] in made), 1)
#                tokens.append(word[:size])
#                word = word[size:]
#            return tokens
# wrong: def encode_word(word: bytes, ranks: dict[tuple[bytes, bytes], int]) -> list[bytes]:  # the order in the dict says nothing: the ranks do
#            tokens = [word[i : i + 1] for i in range(len(word))]
#            for pair in ranks:
#                i = 0
#                while i < len(tokens) - 1:
#                    if (tokens[i], tokens[i + 1]) == pair:
#                        tokens[i : i + 2] = [b"".join(pair)]
#                    i += 1
#            return tokens
# wrong: def encode_word(word: bytes, ranks: dict[tuple[bytes, bytes], int]) -> list[bytes]:  # of equal pairs this merges the last one first: go from left to right
#            tokens = [word[i : i + 1] for i in range(len(word))]
#            while places := [i for i, pair in enumerate(pairwise(tokens)) if pair in ranks]:
#                i = min(reversed(places), key=lambda i: ranks[tokens[i], tokens[i + 1]])
#                tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
#            return tokens
def encode_word(word: bytes, ranks: dict[tuple[bytes, bytes], int]) -> list[bytes]:
    """The tokens of word, after merging the pair of lowest rank again and again."""
    # wrong: tokens = [bytes([byte]) for byte in word if byte < 128]  # all bytes belong to the word, those from 128 on as well
    # wrong: tokens = word.split()  # a word begins as its single bytes
    tokens = [word[i : i + 1] for i in range(len(word))]
    # wrong: for best in sorted(ranks.keys() & set(pairwise(tokens)), key=ranks.__getitem__):  # what was merged may be merged further: go on until no neighbours have a rank
    #            i = 0
    #            while i < len(tokens) - 1:
    #                if (tokens[i], tokens[i + 1]) == best:
    #                    tokens[i : i + 2] = [b"".join(best)]
    #                i += 1
    while present := [pair for pair in pairwise(tokens) if pair in ranks]:
        # wrong: best = present[0]  # this merges the first pair there is: the pair of lowest rank goes first
        # wrong: best = max(present, key=ranks.__getitem__)  # the merge that was learned first, of the lowest rank, goes first
        # wrong: best = max(present, key=lambda pair: len(b"".join(pair)))  # the length of a token has no say
        # wrong: best = min(present)  # the order of the bytes has no say: the rank has
        # wrong: best = max(present, key=present.count)  # how often a pair occurs mattered in training, here the rank does
        best = min(present, key=ranks.__getitem__)
        i = 0
        # wrong: for i in reversed(range(len(tokens) - 1)):  # merging goes from left to right
        #            if (*tokens[i : i + 2],) == best:
        #                tokens[i : i + 2] = [b"".join(best)]
        while i < len(tokens) - 1:
            if (tokens[i], tokens[i + 1]) == best:
                # wrong: tokens[i : i + 1] = [b"".join(best)]  # the right half is used up, too
                tokens[i : i + 2] = [b"".join(best)]
            i += 1
    return tokens


def encode(text: str, merges: list[tuple[bytes, bytes]]) -> list[int]:
    """The ids of text, taken as one word."""
    # wrong: ids = {left + right: i for i, (left, right) in enumerate(merges)} | {bytes([i]): i for i in range(256)}  # the ids of the merges begin at 256
    # wrong: ids = {token: i + (i > 255) for i, token in build_vocab(merges).items()}  # the first merge has the id 256
    ids = {token: i for i, token in build_vocab(merges).items()}
    # wrong: ranks = {(ids[left], ids[right]): rank for rank, (left, right) in enumerate(merges)}  # encode_word knows tokens by their bytes, not by ids
    # wrong: ranks = {pair: -rank for rank, pair in enumerate(merges)}  # the first merge has the lowest rank
    # wrong: ranks = {pair: len(b"".join(pair)) for pair in merges}  # the rank is the place in merges
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    # wrong: return [ids[token] for word in text.split() for token in encode_word(word.encode(), ranks)]  # the blanks are lost: the text is one word
    # wrong: return [ids[token] for one in text for token in encode_word(one.encode(), ranks)]  # merges may cross from one character into the next
    # wrong: return [ids[token] for token in encode_word(text.encode("latin-1", "replace"), ranks)]  # the bytes of a text are those of UTF-8
    # wrong: return [ids[token] for token in encode_word(text.strip().encode(), ranks)]  # blanks at the ends belong to the text
    return [ids[token] for token in encode_word(text.encode(), ranks)]


def decode(ids: list[int], vocab: dict[int, bytes]) -> str:
    """The text that ids spell, U+FFFD where it is no UTF-8; KeyError for an id that vocab lacks."""
    # wrong: return "".join(vocab[i].decode(errors="replace") for i in ids)  # a character may be spread over several tokens: join the bytes first
    # wrong: spelt = b"".join(vocab.get(i, b"") for i in ids)  # an id that is not in the vocabulary is an error, not nothing
    # wrong: spelt = b"".join(vocab.get(i, b"\xff") for i in ids)  # U+FFFD stands for bytes that are no UTF-8; an unknown id is an error
    # wrong: spelt = b" ".join(vocab[i] for i in ids)  # blanks are in the tokens already
    # wrong: spelt = b"".join(build_vocab([])[i] if i < 256 else vocab[i] for i in ids)  # vocab may be any dict: it says what each id stands for
    spelt = b"".join(vocab[i] for i in ids)
    # wrong: return spelt.decode()  # a model may sample bytes that are no UTF-8: they are replaced, and are no error
    # wrong: return spelt.decode(errors="ignore")  # what cannot be read becomes U+FFFD: left out, nobody would know
    # wrong: return spelt.decode(errors="backslashreplace")  # what cannot be read becomes U+FFFD
    # wrong: return spelt.decode("utf-8-sig", errors="replace")  # a mark of the byte order belongs to the text, too
    # wrong: return spelt.decode("latin-1")  # the bytes are UTF-8: a character takes up to four of them
    return spelt.decode(errors="replace")
