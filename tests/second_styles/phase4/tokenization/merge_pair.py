"""UTF-8 from its definition; a dict that grows; a merge that keeps one id waiting."""

from collections.abc import Iterator


def to_ids(text: str) -> list[int]:
    return [byte for one in text for byte in _spelt(ord(one))]


def _spelt(point: int) -> list[int]:
    if 0xD800 <= point < 0xE000:
        raise ValueError("half a character")
    if point < 0x80:
        return [point]
    more = 1 + (point >= 0x800) + (point >= 0x10000)
    rest = [0x80 + (point >> 6 * place) % 64 for place in range(more)]
    return [0x100 - (0x80 >> more) + (point >> 6 * more), *reversed(rest)]


def pair_counts(ids: list[int]) -> dict[tuple[int, int], int]:
    counts: dict[tuple[int, int], int] = {}
    for place in range(1, len(ids)):
        pair = ids[place - 1], ids[place]
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    return list(_merged(ids, pair, new_id))


def _merged(ids: list[int], pair: tuple[int, int], new_id: int) -> Iterator[int]:
    waiting = None
    for one in ids:
        if waiting is None:
            waiting = one
        elif (waiting, one) == pair:
            yield new_id
            waiting = None
        else:
            yield waiting
            waiting = one
    if waiting is not None:
        yield waiting
