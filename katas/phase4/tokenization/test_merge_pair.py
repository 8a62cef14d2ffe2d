import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_unchanged
from katas.phase4.tokenization.merge_pair import merge, pair_counts, to_ids

KATA = Kata(
    difficulty=1,
    minutes=10,
    seconds=5,
    forbids={
        "tiktoken": "a loop over neighbours is all it takes",
        "tokenizers": "a loop over neighbours is all it takes",
        "sentencepiece": "a loop over neighbours is all it takes",
        "transformers": "a loop over neighbours is all it takes",
    },
)

PRIVATE = 0xE000  # characters without a meaning: id i is written as the i-th of them
NEW = 9
IDS = st.lists(st.integers(0, 3), max_size=30)
PAIRS = st.tuples(st.integers(0, 3), st.integers(0, 3))


def written(*ids: int) -> str:
    return "".join(chr(PRIVATE + i) for i in ids)


def replaced(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """What str.replace makes of it, which goes from left to right and does not look back either."""
    return [ord(one) - PRIVATE for one in written(*ids).replace(written(*pair), written(new_id))]


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_a_plain_letter_is_one_byte_and_others_are_more() -> None:
    assert to_ids("Ab ") == [65, 98, 32]
    assert to_ids("é") == [0xC3, 0xA9]
    assert to_ids("€") == [0xE2, 0x82, 0xAC]
    assert to_ids("🙂") == [0xF0, 0x9F, 0x99, 0x82]
    assert to_ids("") == []


@given(st.text())
def test_the_bytes_spell_the_text(text: str) -> None:
    ids = to_ids(text)
    assert isinstance(ids, list)
    assert bytes(ids).decode("utf-8") == text


@given(st.characters(exclude_categories=["Cs"]))
def test_a_character_has_one_byte_to_begin_and_others_to_go_on(one: str) -> None:
    first, *rest = to_ids(one)
    assert len(rest) == sum(ord(one) >= least for least in (0x80, 0x800, 0x10000))
    assert not 0x80 <= first < 0xC0
    assert all(0x80 <= other < 0xC0 for other in rest)


@pytest.mark.parametrize("text", ["naïve café", "Å", "👩\u200d👩\u200d👧", "\ufeffa\r\n\0", "ﬁ x²"])
def test_nothing_is_cleaned_up(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC"):
        spelling = unicodedata.normalize(form, text)
        assert bytes(to_ids(spelling)).decode("utf-8") == spelling


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ude42\ud83d"])
def test_half_a_character_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        to_ids(text)


def test_neighbours_are_counted_in_their_order() -> None:
    assert pair_counts([1, 2, 1, 2, 3]) == {(1, 2): 2, (2, 1): 1, (2, 3): 1}


def test_pairs_may_overlap() -> None:
    assert pair_counts([7, 7, 7]) == {(7, 7): 2}
    assert pair_counts([7, 7, 7, 7]) == {(7, 7): 3}


@given(IDS)
def test_every_neighbour_but_the_last_begins_a_pair(ids: list[int]) -> None:
    assert sum(pair_counts(ids).values()) == max(len(ids) - 1, 0)


@given(IDS)
def test_each_pair_is_counted_as_often_as_it_is_found(ids: list[int]) -> None:
    text = written(*ids)
    found = {
        (a, b): sum(text.startswith(written(a, b), at) for at in range(len(text)))
        for a in range(4)
        for b in range(4)
    }
    assert pair_counts(ids) == {pair: count for pair, count in found.items() if count}


@pytest.mark.parametrize("ids", [[], [5]])
def test_without_neighbours_there_is_no_pair(ids: list[int]) -> None:
    assert pair_counts(ids) == {}


def test_a_pair_becomes_one_id_wherever_it_stands() -> None:
    assert merge([1, 2, 3, 1, 2], (1, 2), 256) == [256, 3, 256]
    assert merge([3, 1, 2, 2, 1], (1, 2), 256) == [3, 256, 2, 1]


@pytest.mark.parametrize(
    ("length", "merged"), [(2, [NEW]), (3, [NEW, 5]), (4, [NEW, NEW]), (5, [NEW, NEW, 5]), (6, [NEW] * 3)]
)
def test_where_occurrences_overlap_the_left_one_wins(length: int, merged: list[int]) -> None:
    assert merge([5] * length, (5, 5), NEW) == merged
    assert merge([1, *[5] * length, 1], (5, 5), NEW) == [1, *merged, 1]


@given(IDS, PAIRS)
def test_merging_is_what_replacing_in_a_text_does(ids: list[int], pair: tuple[int, int]) -> None:
    assert merge(ids, pair, NEW) == replaced(ids, pair, NEW)


@given(IDS, PAIRS)
def test_a_merge_can_be_undone(ids: list[int], pair: tuple[int, int]) -> None:
    merged = merge(ids, pair, NEW)
    assert len(merged) == len(ids) - merged.count(NEW)
    assert [one for new in merged for one in (pair if new == NEW else (new,))] == ids


@pytest.mark.parametrize(
    ("ids", "new_id", "merged"),
    [
        ([1, 2, 2], 1, [1, 2]),
        ([1, 1, 2], 2, [1, 2]),
        ([1, 1, 2, 2], 1, [1, 1, 2]),
        ([1, 2, 1, 2], 1, [1, 1]),
        ([1, 2, 1, 2], 2, [2, 2]),
    ],
)
def test_a_new_id_may_be_one_of_the_pair(ids: list[int], new_id: int, merged: list[int]) -> None:
    assert merge(ids, (1, 2), new_id) == merged


@given(IDS, PAIRS, st.integers(0, 3))
def test_what_was_put_in_is_not_merged_again(ids: list[int], pair: tuple[int, int], new_id: int) -> None:
    assert merge(ids, pair, new_id) == replaced(ids, pair, new_id)


@pytest.mark.parametrize("ids", [[], [1], [2], [2, 1, 1, 3], [2, 3, 1], [1, 3, 2]])
def test_an_absent_pair_leaves_a_copy(ids: list[int]) -> None:
    merged = merge(ids, (1, 2), 256)
    assert merged == ids
    assert merged is not ids, "merge gave back the list itself: whoever changes the one changes the other"


def test_ids_may_be_of_any_size() -> None:
    ids = [2**40, 0, 70_000, 2**40, 0, 256]
    assert pair_counts(ids) == {(2**40, 0): 2, (0, 70_000): 1, (70_000, 2**40): 1, (0, 256): 1}
    assert merge(ids, (2**40, 0), 2**41) == [2**41, 70_000, 2**41, 256]


@given(IDS, PAIRS)
def test_the_list_stays_as_it_was(ids: list[int], pair: tuple[int, int]) -> None:
    with assert_unchanged(ids):
        pair_counts(ids)
        merge(ids, pair, NEW)


def test_a_long_list_takes_time_in_proportion() -> None:
    """A second is twenty times what a plain loop needs here, and a quarter of what list.pop does."""
    ids = [0, 1] * 200_000
    assert seconds(lambda: pair_counts(ids)) < 1, "counting looks at more than each neighbour once"
    assert seconds(lambda: merge(ids, (0, 1), 2)) < 1, "merging moves or copies the list again and again"
