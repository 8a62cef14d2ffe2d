"""One place is merged at a time, and only its scores are renewed; an incremental decoder."""

import codecs
import math


def build_vocab(merges: list[tuple[bytes, bytes]]) -> dict[int, bytes]:
    vocab = {byte: byte.to_bytes(1, "big") for byte in range(256)}
    for merge in merges:
        vocab[len(vocab)] = b"".join(merge)
    return vocab


def encode_word(word: bytes, ranks: dict[tuple[bytes, bytes], int]) -> list[bytes]:
    tokens = [bytes([byte]) for byte in word]
    scores = [ranks.get((left, right), math.inf) for left, right in zip(tokens, tokens[1:])]  # noqa: B905, RUF007
    while (lowest := min(scores, default=math.inf)) < math.inf:
        at = scores.index(lowest)
        tokens[at] += tokens.pop(at + 1)
        scores.pop(at)
        for left in (at - 1, at):
            if 0 <= left < len(scores):
                scores[left] = ranks.get((tokens[left], tokens[left + 1]), math.inf)
    return tokens


def encode(text: str, merges: list[tuple[bytes, bytes]]) -> list[int]:
    places = {left + right: 256 + place for place, (left, right) in enumerate(merges)}
    tokens = encode_word(bytes(text, "utf-8"), {pair: places[b"".join(pair)] for pair in merges})
    return [places[token] if len(token) > 1 else ord(token) for token in tokens]


def decode(ids: list[int], vocab: dict[int, bytes]) -> str:
    reader = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join([reader.decode(vocab[i]) for i in ids]) + reader.decode(b"", final=True)
