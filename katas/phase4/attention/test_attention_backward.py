import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.attention.attention_backward import attn_backward, attn_forward, row_delta

KATA = Kata(
    difficulty=4,
    minutes=35,
    needs=("phase4/attention/sdpa", "phase4/mlp/linear_backward"),
    forbids={
        "torch": "write the chain rule with numpy's matrix products",
        "jax": "write the chain rule with numpy's matrix products",
        "autograd": "write the chain rule with numpy's matrix products",
        "scipy": "subtract the maximum of each row and call np.exp",
    },
)

SIZES = [(3, 5, 4, 2), (5, 3, 2, 4), (4, 4, 3, 3), (1, 6, 2, 1), (6, 1, 1, 3), (2, 2, 1, 1)]  # Tq, Tk, d, dv


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def draw(Tq: int, Tk: int, d: int, dv: int) -> list[np.ndarray]:
    """Q, K, V and dO."""
    return [np.random.normal(size=shape) for shape in ((Tq, d), (Tk, d), (Tk, dv), (Tq, dv))]


def draw_mask(Tq: int, Tk: int) -> np.ndarray:
    """Each query may attend to its own key, or the last one, and to half of the others."""
    mask = np.random.random((Tq, Tk)) < 0.5
    mask[np.arange(Tq), np.minimum(np.arange(Tq), Tk - 1)] = True
    return mask


def weights(Q: np.ndarray, K: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """P, without any care for large scores or for queries without keys."""
    E = np.exp(Q @ K.T / math.sqrt(Q.shape[1])) * (1.0 if mask is None else mask)
    return E / E.sum(1, keepdims=True)


def backward(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, dO: np.ndarray, mask: Any = None
) -> tuple[Any, ...]:
    return attn_backward(dO, attn_forward(Q, K, V, mask)[1])


def by_torch(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, dO: np.ndarray, mask: Any = None
) -> list[np.ndarray]:
    """O, dQ, dK, dV; every query has a key."""
    q, k, v = leaves = [torch.from_numpy(one).requires_grad_() for one in (Q, K, V)]
    out = F.scaled_dot_product_attention(q, k, v, None if mask is None else torch.from_numpy(mask))
    grads = torch.autograd.grad(out, leaves, torch.from_numpy(dO))
    return [one.detach().numpy() for one in (out, *grads)]


def both_passes(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, dO: np.ndarray, mask: Any = None
) -> list[np.ndarray]:
    """O, dQ, dK, dV by the code under test."""
    out, cache = attn_forward(Q, K, V, mask)
    return [out, *attn_backward(dO, cache)]


def test_one_key_gets_all_that_comes_back_and_nothing_else_changes() -> None:
    Q, K, V, dO = draw(4, 1, 3, 2)
    dQ, dK, dV = backward(Q, K, V, dO)
    assert_close(dV, dO.sum(0, keepdims=True), name="dV")
    assert_close(dQ, np.zeros((4, 3)), name="dQ")
    assert_close(dK, np.zeros((1, 3)), name="dK")


@pytest.mark.parametrize(("Tq", "Tk", "d", "dv"), SIZES)
@pytest.mark.parametrize("masked", [False, True])
def test_the_forward_pass_averages_the_values(Tq: int, Tk: int, d: int, dv: int, masked: bool) -> None:
    Q, K, V, _ = draw(Tq, Tk, d, dv)
    mask = draw_mask(Tq, Tk) if masked else None
    assert_close(attn_forward(Q, K, V, mask)[0], weights(Q, K, mask) @ V)


@pytest.mark.parametrize(("Tq", "Tk", "d", "dv"), SIZES)
def test_delta_is_what_the_softmax_has_to_know_of_a_row(Tq: int, Tk: int, d: int, dv: int) -> None:
    Q, K, V, dO = draw(Tq, Tk, d, dv)
    P = weights(Q, K)
    assert_close(row_delta(dO, P @ V), (P * (dO @ V.T)).sum(1))


@pytest.mark.parametrize(("Tq", "Tk", "d", "dv"), SIZES)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_agree_with_finite_differences(Tq: int, Tk: int, d: int, dv: int, masked: bool) -> None:
    Q, K, V, dO = draw(Tq, Tk, d, dv)
    mask = draw_mask(Tq, Tk) if masked else None
    assert_gradients(
        lambda Q, K, V: weights(Q, K, mask) @ V,
        [Q, K, V],
        backward(Q, K, V, dO, mask),
        upstream=dO,
        names=["Q", "K", "V"],
    )


def test_a_shift_of_all_keys_changes_no_weight_so_their_gradients_sum_to_zero() -> None:
    Q, K, V, dO = draw(4, 6, 3, 2)
    _, dK, _ = backward(Q, K, V, dO, draw_mask(4, 6))
    assert np.abs(dK).max() > 1e-4
    assert_close(dK.sum(0), np.zeros(3))


def test_queries_that_see_equal_keys_have_no_gradient() -> None:
    Q, K, V, dO = draw(4, 6, 3, 2)
    dQ, dK, _ = backward(Q, np.tile(K[0], (6, 1)), V, dO)
    assert_close(dQ, np.zeros((4, 3)))
    assert np.abs(dK).max() > 1e-4


def test_agrees_with_torch() -> None:
    inputs, mask = draw(17, 33, 8, 5), draw_mask(17, 33)
    actual, expected = both_passes(*inputs, mask=mask), by_torch(*inputs, mask=mask)
    for name, one, other in zip(("O", "dQ", "dK", "dV"), actual, expected, strict=True):
        assert_close(one, other, name=name)


def test_large_scores_are_no_trouble() -> None:
    """All keys are shifted, so that the scores of a query lie near one number in the thousands."""
    Q, K, V, dO = draw(8, 5, 4, 3)
    Q[0] = 1.0
    Q[1] = -1.0
    assert_close(both_passes(Q, K + 5000, V, dO), by_torch(Q, K, V, dO), rtol=1e-8)


def test_a_key_that_nobody_sees_has_no_part_in_anything() -> None:
    Q, K, V, dO = draw(4, 5, 3, 2)
    mask = draw_mask(4, 5)
    mask[:, 4] = False
    mask[:, 0] = True
    expected = by_torch(Q, K[:4], V[:4], dO, mask[:, :4])
    K[4], V[4] = 1e15, 1e30
    out, dQ, dK, dV = both_passes(Q, K, V, dO, mask)
    assert_close([out, dQ, dK[:4], dV[:4]], expected)
    assert not dK[4].any()
    assert not dV[4].any()


@pytest.mark.parametrize("blind", [0, 2, 3])
def test_a_query_without_keys_gets_zeros_and_has_no_say(blind: int) -> None:
    Q, K, V, dO = draw(4, 5, 3, 2)
    mask = draw_mask(4, 5)
    mask[blind] = False
    others = np.arange(4) != blind
    out, dQ, dK, dV = both_passes(Q, K, V, dO, mask)
    assert_close([out[others], dQ[others], dK, dV], by_torch(Q[others], K, V, dO[others], mask[others]))
    assert not out[blind].any()
    assert not dQ[blind].any()


def test_where_nobody_sees_anything_all_is_zero() -> None:
    Q, K, V, dO = draw(2, 3, 4, 2)
    results = both_passes(Q, K, V, dO, np.zeros((2, 3), dtype=bool))
    assert_close(results, [np.zeros_like(one) for one in (dO, Q, K, V)])


def test_nothing_but_the_cache_connects_the_passes_and_it_may_be_used_again() -> None:
    Q, K, V, dO = draw(3, 5, 4, 2)
    expected = backward(Q, K, V, dO)
    _, cache = attn_forward(Q, K, V)
    backward(*draw(5, 2, 3, 4), mask=np.tri(5, 2, dtype=bool))
    assert_close(attn_backward(dO, cache), expected)
    assert_close(attn_backward(-2 * dO, cache), [-2 * one for one in expected])


@pytest.mark.parametrize("masked", [False, True])
def test_float32_stays_float32(masked: bool) -> None:
    inputs = [one.astype(np.float32) for one in draw(4, 5, 3, 2)]
    mask = draw_mask(4, 5) if masked else None
    expected = by_torch(*(one.astype(np.float64) for one in inputs), mask=mask)
    assert_close(both_passes(*inputs, mask=mask), expected, dtype=np.float32)
    dO, values = inputs[3], inputs[2][:4]
    assert_close(row_delta(dO, values), (dO.astype(np.float64) * values).sum(1), dtype=np.float32)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    inputs, mask = draw(3, 5, 4, 2), draw_mask(3, 5)
    expected = by_torch(*inputs, mask=mask)
    for laid_out in zip(*(layouts(one) for one in (*inputs, mask)), strict=True):
        Q, K, V, dO, seen = (array for _, array in laid_out)
        with assert_unchanged(Q, K, V, dO, seen):
            assert_close(both_passes(Q, K, V, dO, seen), expected)
            assert_close(row_delta(dO, V[:3]), (inputs[3] * inputs[2][:3]).sum(1))
