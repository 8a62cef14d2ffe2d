import itertools

import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.attention.masks import causal, document, padding, prefix_lm

KATA = Kata(difficulty=2, minutes=20, needs=("phase4/attention/sdpa",))


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def attend(x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Every position of x (..., T, d) asks the others."""
    return F.scaled_dot_product_attention(x, x, x, mask)


def test_the_first_position_sees_itself_and_the_last_sees_all() -> None:
    mask = causal(4, 4)
    assert mask[0].tolist() == [True, False, False, False]
    assert mask[3].tolist() == [True, True, True, True]


@pytest.mark.parametrize(("Tq", "Tk"), [(1, 1), (1, 4), (2, 3), (5, 5), (3, 7), (2, 8)])
def test_causal_lets_each_position_look_back(Tq: int, Tk: int) -> None:
    seen = [[j <= i + Tk - Tq for j in range(Tk)] for i in range(Tq)]
    assert_close(causal(Tq, Tk), torch.tensor(seen))


def test_one_new_token_sees_the_whole_past() -> None:
    assert_close(causal(1, 5), torch.ones(1, 5, dtype=torch.bool))


def test_queries_in_chunks_see_what_they_see_all_at_once() -> None:
    x = draw(7, 3)
    whole = F.scaled_dot_product_attention(x, x, x, is_causal=True)
    for start, end in ((0, 4), (4, 6), (6, 7)):
        mask = causal(end - start, end)
        chunk = F.scaled_dot_product_attention(x[start:end], x[:end], x[:end], mask)
        assert_close(chunk, whole[start:end])


def test_no_layer_of_causal_attention_looks_ahead() -> None:
    x = draw(5, 3).requires_grad_()
    mask = causal(5, 5)
    out = attend(attend(x, mask), mask)
    for i in range(5):
        (grad,) = torch.autograd.grad(out[i].sum(), x, retain_graph=True)
        reached = grad.abs().sum(1) > 0
        assert reached.tolist() == [j <= i for j in range(5)], f"output {i} depends on {reached.tolist()}"


@pytest.mark.parametrize("T", [1, 2, 5])
def test_padding_hides_the_keys_after_the_last_real_one(T: int) -> None:
    lengths = torch.randperm(T + 1).tolist()
    seen = [[[j < n for j in range(T)]] for n in lengths]
    assert_close(padding(torch.tensor(lengths), T), torch.tensor(seen))


def test_a_padded_sequence_attends_as_if_it_stood_alone() -> None:
    x, lengths = draw(3, 5, 4), [2, 5, 3]
    for b, n in enumerate(lengths):
        x[b, n:] = 1e30
    out = attend(x, padding(torch.tensor(lengths), 5))
    for b, n in enumerate(lengths):
        assert_close(out[b, :n], attend(x[b, :n]))


@pytest.mark.parametrize("T", [1, 2, 4])
def test_a_position_looks_back_within_its_document(T: int) -> None:
    ids = torch.tensor(list(itertools.product([3, -1, 0], repeat=T)))
    seen = [[[j <= i and row[j] == row[i] for j in range(T)] for i in range(T)] for row in ids.tolist()]
    assert_close(document(ids), torch.tensor(seen))


def test_packed_documents_attend_as_if_each_stood_alone() -> None:
    x, ids = draw(1, 8, 4), torch.tensor([[7, 7, 7, 2, 2, 5, 5, 5]])
    out = attend(x, document(ids))
    for one in (7, 2, 5):
        alone = x[ids == one]
        assert_close(out[ids == one], F.scaled_dot_product_attention(alone, alone, alone, is_causal=True))


@pytest.mark.parametrize("T", [1, 2, 5])
def test_a_prefix_sees_itself_and_the_rest_looks_back(T: int) -> None:
    lengths = torch.randperm(T + 1).tolist()
    seen = [[[j < n if i < n else j <= i for j in range(T)] for i in range(T)] for n in lengths]
    assert_close(prefix_lm(torch.tensor(lengths), T), torch.tensor(seen))


def test_a_prefix_attends_as_if_it_stood_alone_and_the_rest_as_ever() -> None:
    x = draw(1, 6, 3)
    out = attend(x, prefix_lm(torch.tensor([4]), 6))
    assert_close(out[:, :4], attend(x[:, :4]))
    assert_close(out[:, 4:], F.scaled_dot_product_attention(x, x, x, is_causal=True)[:, 4:])


def test_an_empty_prefix_is_causal_and_a_full_one_sees_everything() -> None:
    mask = prefix_lm(torch.tensor([0, 4]), 4)
    assert_close(mask[0], torch.ones(4, 4).tril().bool())
    assert_close(mask[1], torch.ones(4, 4).bool())


def test_masks_combine() -> None:
    lengths, ids = torch.tensor([2, 4]), torch.tensor([[0, 0, 0, 0], [3, 3, 1, 3]])
    looks_back = causal(4, 4) & padding(lengths, 4)
    assert looks_back.sum(2).tolist() == [[1, 2, 2, 2], [1, 2, 3, 4]]
    packed = document(ids) & padding(lengths, 4)
    assert packed.sum(2).tolist() == [[1, 2, 2, 2], [1, 2, 1, 3]]
    question = prefix_lm(lengths, 4) & padding(torch.tensor([3, 4]), 4)
    assert question.sum(2).tolist() == [[2, 2, 3, 3], [4, 4, 4, 4]]


@pytest.mark.parametrize(("Tq", "Tk"), [(2, 1), (7, 4), (1, 0)])
def test_more_queries_than_keys_is_a_value_error(Tq: int, Tk: int) -> None:
    with pytest.raises(ValueError):
        causal(Tq, Tk)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_any_integer_dtype_will_do(dtype: torch.dtype) -> None:
    lengths, ids = torch.tensor([0, 3], dtype=dtype), torch.tensor([[1, 0, 1], [1, 1, 1]], dtype=dtype)
    assert padding(lengths, 3).tolist() == [[[False] * 3], [[True] * 3]]
    assert prefix_lm(lengths, 3).sum((1, 2)).tolist() == [6, 9]
    assert document(ids).sum((1, 2)).tolist() == [4, 6]


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    lengths, ids = torch.tensor([2, 0, 3]), torch.tensor([[1, 0, 1], [2, 2, 2], [0, 1, 2]])
    for (_, n), (_, one) in zip(layouts(lengths), layouts(ids), strict=False):
        with assert_unchanged(n, one):
            assert padding(n, 3).sum(-1).tolist() == [[2], [0], [3]]
            assert prefix_lm(n, 3).sum((1, 2)).tolist() == [7, 6, 9]
            assert document(one).sum((1, 2)).tolist() == [4, 6, 3]
