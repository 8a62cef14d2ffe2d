import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.attention.sdpa import sdpa

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase4/mlp/stable_softmax_ce",),
    forbids={
        "torch.nn.functional.scaled_dot_product_attention": "write the two matrix products and the softmax",
        "torch.nn.functional.multi_head_attention_forward": "write the two matrix products and the softmax",
        "torch.nn.MultiheadAttention": "write the two matrix products and the softmax",
    },
)


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def by_loops(Q: torch.Tensor, K: torch.Tensor, V: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Attention of single sequences from its definition, one number at a time, in Python floats."""
    out = torch.zeros(len(Q), V.shape[1], dtype=torch.float64)
    for i, q in enumerate(Q.tolist()):
        keys = [j for j in range(len(K)) if mask[i, j]]
        scores = [sum(a * b for a, b in zip(q, K[j].tolist(), strict=True)) / math.sqrt(len(q)) for j in keys]
        total = sum(math.exp(s - max(scores)) for s in scores)
        for j, s in zip(keys, scores, strict=True):
            for c, v in enumerate(V[j].tolist()):
                out[i, c] += math.exp(s - max(scores)) / total * v
    return out


def test_one_key_gives_its_value() -> None:
    V = draw(1, 3)
    assert_close(sdpa(draw(4, 5), draw(1, 5), V), V.expand(4, 3))


def test_equal_scores_give_the_mean_of_the_values() -> None:
    V = draw(6, 3)
    assert_close(sdpa(draw(4, 5), torch.ones(6, 1, dtype=torch.float64) * draw(5), V), V.mean(0).expand(4, 3))


@pytest.mark.parametrize(("Tq", "Tk", "dk", "dv"), [(3, 5, 4, 2), (5, 3, 2, 7), (4, 4, 3, 3), (1, 6, 1, 1)])
def test_agrees_with_the_definition_by_loops(Tq: int, Tk: int, dk: int, dv: int) -> None:
    Q, K, V = draw(Tq, dk), draw(Tk, dk), draw(Tk, dv)
    assert_close(sdpa(Q, K, V), by_loops(Q, K, V, torch.ones(Tq, Tk)))


@pytest.mark.parametrize("batch", [(), (2,), (2, 3), (1, 2, 1)])
def test_batch_axes_are_independent(batch: tuple[int, ...]) -> None:
    Q, K, V = draw(*batch, 3, 4), draw(*batch, 5, 4), draw(*batch, 5, 6)
    assert_close(sdpa(Q, K, V), F.scaled_dot_product_attention(Q, K, V))


def test_the_order_of_the_keys_does_not_matter() -> None:
    Q, K, V = draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 6)
    order = torch.tensor([3, 0, 4, 1, 2])
    assert_close(sdpa(Q, K[:, order], V[:, order]), sdpa(Q, K, V))


def test_scores_of_random_vectors_have_unit_variance() -> None:
    d = 1024
    K = draw(2, d)
    weights = sdpa(draw(4000, d), K, torch.eye(2, dtype=torch.float64))
    gap = (weights[:, 0] / weights[:, 1]).log()  # s_0 - s_1, normal with variance |k_0 - k_1|^2 / d
    expected = float((K[0] - K[1]).norm()) / math.sqrt(d)
    # The standard deviation of 4000 normal numbers is off by more than 5/sqrt(8000) once in two million runs.
    assert_close(float(gap.std()), expected, rtol=5 / math.sqrt(8000), atol=0)


def test_a_given_scale_replaces_the_usual_one() -> None:
    Q, K, V = draw(3, 4), draw(5, 4), draw(5, 6)
    assert_close(sdpa(Q, K, V, scale=0.3), F.scaled_dot_product_attention(Q, K, V, scale=0.3))
    assert_close(sdpa(Q, K, V, scale=0.0), V.mean(0).expand(3, 6))


def test_large_scores_stay_finite() -> None:
    Q, K, V = 1000 * draw(3, 4), draw(5, 4), draw(5, 6)
    assert_close(sdpa(Q, K, V), F.scaled_dot_product_attention(Q, K, V))


def test_masked_keys_have_no_effect() -> None:
    Q, K, V = draw(4, 3), draw(5, 3), draw(5, 2)
    mask = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]]).bool()
    expected = by_loops(Q, K, V, mask)
    assert_close(sdpa(Q, K, V, mask), expected)
    K[4], V[4] = 1e15, 1e30
    assert_close(sdpa(Q, K, V, mask)[:2], expected[:2])


@pytest.mark.parametrize("shape", [(5,), (1, 5), (3, 1), (2, 1, 3, 5), (4, 1, 5), (2, 4, 3, 5)])
def test_the_mask_broadcasts(shape: tuple[int, ...]) -> None:
    Q, K, V = draw(2, 4, 3, 6), draw(2, 4, 5, 6), draw(2, 4, 5, 7)
    mask = torch.rand(shape) < 0.6
    mask[..., 0] = True
    assert_close(sdpa(Q, K, V, mask), F.scaled_dot_product_attention(Q, K, V, mask.expand(2, 4, 3, 5)))


def test_a_query_without_keys_gets_zeros() -> None:
    mask = torch.tensor([[1, 0, 1], [0, 0, 0]]).bool()
    Q, K, V = draw(2, 4), draw(3, 4), draw(3, 2)
    out = sdpa(Q, K, V, mask)
    assert (out[1] == 0).all(), f"the query that may attend to nothing got {out[1].tolist()}"
    assert_close(out[0], by_loops(Q, K, V, mask)[0])


def test_gradients_are_right_and_finite_under_a_mask() -> None:
    mask = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1]]).bool()
    inputs = (draw(3, 4), draw(3, 4), draw(3, 2))
    rng = np.random.default_rng(0)
    assert_autograd(lambda Q, K, V: sdpa(Q, K, V, mask), inputs, rng=rng, names=("Q", "K", "V"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    Q, K, V = (draw(2, 8, 16, dtype=dtype) for _ in range(3))
    causal = torch.ones(8, 8).tril().bool()
    expected = F.scaled_dot_product_attention(Q.double(), K.double(), V.double(), causal)
    assert_close(sdpa(Q, K, V, causal), expected, dtype=dtype)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    Q, K, V = draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 6)
    mask = torch.ones(3, 5).tril().bool()
    expected = F.scaled_dot_product_attention(Q, K, V, mask)
    for (_, q), (_, k), (_, v) in zip(layouts(Q), layouts(K), layouts(V), strict=True):
        with assert_unchanged(q, k, v, mask):
            assert_close(sdpa(q, k, v, mask), expected)
