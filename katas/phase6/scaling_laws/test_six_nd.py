from typing import Any

import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase6.scaling_laws.six_nd import (
    exact_train_flops,
    excess,
    gpu_hours,
    mfu,
    train_flops,
    wall_days,
)

KATA = Kata(
    difficulty=2,
    minutes=25,
    needs=("phase4/transformer/count_params_flops",),
    forbids={
        "torch": "count the products on paper; integers are all it takes",
        "jax": "count the products on paper; integers are all it takes",
        "thop": "count the products on paper; integers are all it takes",
        "fvcore": "count the products on paper; integers are all it takes",
    },
)

GPT3 = (50257, 2048, 12288, 96)  # V, T, D_model, L: Brown et al. 2020, table 2.1
SIZES = [(11, 6, 4, 2, 5), (3, 1, 2, 1, 8), (7, 9, 2, 3, 1), (1, 2, 6, 1, 7)]  # V, T, D_model, L, F


class Product(torch.autograd.Function):
    """A matrix product that counts its FLOPs, those of its backward pass included."""

    flops = 0

    @classmethod
    def count(cls, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        batch, rows, inner = a.shape
        cls.flops += 2 * batch * rows * inner * b.shape[-1]
        return a @ b

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(a, b)
        return Product.count(a, b)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        a, b = ctx.saved_tensors
        return Product.count(grads[0], b.mT), Product.count(a.mT, grads[0])


def counted_flops(V: int, T: int, D: int, L: int, F: int, recompute: bool) -> int:
    """FLOPs of one training step on one sequence, counted while a transformer runs."""

    def weight(m: int, n: int) -> torch.Tensor:
        return torch.randn(1, m, n, requires_grad=True)

    product = Product.apply
    heads = D // 2
    x = weight(T, D)  # what the look-up gives: it needs a gradient, for the embedding is trained
    blocks = [[weight(D, D) for _ in range(4)] + [weight(D, F), weight(F, D)] for _ in range(L)]
    head = weight(D, V)

    def forward() -> torch.Tensor:
        h = x
        for Q, K, W, O, up, down in blocks:
            q, k, v = (product(h, one).view(T, heads, 2).transpose(0, 1) for one in (Q, K, W))
            mixed = product(product(q, k.mT).tril().softmax(-1), v)  # (heads, T, 2)
            h = h + product(mixed.transpose(0, 1).reshape(1, T, D), O)
            h = h + product(product(h, up).relu(), down)
        return product(h, head)

    Product.flops = 0
    for _ in range(recompute):
        with torch.no_grad():
            forward()
    forward().sum().backward()
    return Product.flops


def weights(V: int, D: int, L: int, F: int) -> int:
    """Entries of all matrices that multiply."""
    return L * (4 * D * D + 2 * D * F) + V * D


def test_a_weight_costs_six_flops_a_token() -> None:
    assert_close(train_flops(1, 1), 6.0)
    assert_close(train_flops(7e9, 2e12), 8.4e22)


def test_gpt3_is_what_was_published() -> None:
    # Brown et al. 2020, table D.1: 3.14e23 FLOPs of training.
    assert_close(train_flops(175e9, 300e9), 3.14e23, rtol=5e-3)


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize(("V", "T", "D", "L", "F"), SIZES)
def test_agrees_with_products_counted_one_by_one(
    V: int, T: int, D: int, L: int, F: int, recompute: bool
) -> None:
    expected = counted_flops(V, T, D, L, F, recompute)
    assert exact_train_flops(V, T, D, L, T, F, recompute) == expected
    assert exact_train_flops(V, T, D, L, 5 * T, F=F, recompute=recompute) == 5 * expected


def test_an_mlp_is_four_times_as_wide_by_default() -> None:
    for V, T, D, L, _ in SIZES:
        assert exact_train_flops(V, T, D, L, 3 * T) == exact_train_flops(V, T, D, L, 3 * T, 4 * D) > 0
        assert_close(excess(V, T, D, L), excess(V, T, D, L, 4 * D))


def test_recomputing_costs_a_third_more() -> None:
    flops = exact_train_flops(*GPT3, 300 * 10**9)
    assert 3 * exact_train_flops(*GPT3, 300 * 10**9, recompute=True) == 4 * flops


def test_without_context_6nd_is_exact_but_for_attention() -> None:
    """At T = 1 a token attends to itself: 12 D_model FLOPs a block beyond the weights."""
    V, D, L = 500, 64, 3
    expected = 6 * weights(V, D, L, 4 * D) + 12 * D * L
    assert exact_train_flops(V, 1, D, L, 10**6) == expected * 10**6


@pytest.mark.parametrize(("V", "T", "D", "L", "F"), [*SIZES, (50257, 1024, 768, 12, 3072)])
def test_the_excess_is_what_attention_adds(V: int, T: int, D: int, L: int, F: int) -> None:
    """A token meets T keys and T values of width D_model in each block; a weight it meets once."""
    assert_close(excess(V, T, D, L, F), 2 * L * T * D / weights(V, D, L, F))


def test_the_excess_fades_as_models_grow_wider() -> None:
    shares = [excess(32000, 2048, D, 32) for D in (512, 2048, 8192, 2**17)]
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] < 0.003


def test_a_long_context_makes_6nd_lie() -> None:
    """With few words and F = 4 D_model the excess is T / (6 D_model): here attention is most of it."""
    assert_close(excess(1, 2**17, 4096, 32), 2**17 / (6 * 4096), rtol=1e-5)


def test_6nd_is_three_per_cent_low_for_gpt3() -> None:
    V, T, D, L = GPT3
    exact, rough = exact_train_flops(V, T, D, L, 300 * 10**9), train_flops(weights(V, D, L, 4 * D), 3e11)
    assert_close(excess(V, T, D, L), exact / rough - 1, rtol=1e-8)
    assert 0.027 < excess(V, T, D, L) < 0.028


def test_the_count_is_an_exact_int() -> None:
    V, T, D, L = 50257, 2**11 + 1, 12289, 97
    sequences = 10**8 + 7
    expected = 6 * sequences * T * (weights(V, D, L, 4 * D) + 2 * L * T * D)  # about 4e25: no float holds it
    flops = exact_train_flops(V, T, D, L, sequences * T)
    assert type(flops) is int
    assert flops == expected


def test_llama_took_the_hours_that_were_published() -> None:
    # Touvron et al. 2023 (LLaMA): 65B on 1.4T tokens took 1,022,362 hours of A100, about 21 days on 2048 of
    # them, at 380 tokens a second each.
    share = 6 * 65.2e9 * 380 / 312e12
    assert_close(gpu_hours(6 * 65.2e9 * 1.4e12, 312e12, share, 2048), 1_022_362.0, rtol=5e-3)
    assert_close(wall_days(6 * 65.2e9 * 1.4e12, 312e12, share, 2048), 21.0, rtol=0.02)


def test_one_device_at_full_speed_for_an_hour() -> None:
    assert_close(gpu_hours(3600 * 2e12, 2e12, 1.0, 1), 1.0)
    assert_close(wall_days(24 * 3600 * 2e12, 2e12, 1.0, 1), 1.0)


@pytest.mark.parametrize("n_gpus", [1, 2, 10, 24576])
def test_more_devices_save_days_but_no_money(n_gpus: int) -> None:
    work = 1e24, 989e12, 0.4
    assert_close(gpu_hours(*work, n_gpus), 1e24 / (989e12 * 0.4) / 3600)
    assert_close(wall_days(*work, n_gpus), 1e24 / (989e12 * 0.4) / 86400 / n_gpus)


def test_twice_the_work_takes_twice_as_long_and_twice_the_speed_half() -> None:
    for cost in (gpu_hours, wall_days):
        once = cost(1e22, 1e15, 0.4, 64)
        assert_close(cost(2e22, 1e15, 0.4, 64), 2 * once)
        assert_close(cost(1e22, 2e15, 0.4, 64), once / 2)
        assert_close(cost(1e22, 1e15, 0.8, 64), once / 2)


def test_palm_reached_the_utilisation_that_was_published() -> None:
    # Chowdhery et al. 2022: 46.2% with 540.35B parameters, 238.3 thousand tokens a second on 6144 chips of
    # 275 TFLOPs; 118 layers, 48 heads of width 256, sequences of 2048.
    flops_per_token = 6 * 540.35e9 + 12 * 118 * 48 * 256 * 2048
    assert_close(mfu(238.3e3, flops_per_token, 6144 * 275e12), 0.462, rtol=2e-3)


def test_utilisation_gives_the_time_that_the_tokens_took() -> None:
    share = mfu(25_000, 6 * 8e9, 8 * 400e12)
    assert_close(share, 25_000 * 6 * 8e9 / (8 * 400e12))
    assert_close(wall_days(train_flops(8e9, 1e12), 400e12, share, 8), 1e12 / 25_000 / 86400)


@pytest.mark.parametrize("tokens", [1, 7, 9, 15, -8, -1])
def test_tokens_that_fill_no_whole_sequences_raise(tokens: int) -> None:
    with pytest.raises(ValueError):
        exact_train_flops(10, 8, 4, 2, tokens)


def test_no_tokens_cost_nothing() -> None:
    assert exact_train_flops(10, 8, 4, 2, 0) == 0


@pytest.mark.parametrize(("share", "n_gpus"), [(0.0, 8), (-0.4, 8), (1.01, 8), (40, 8), (0.4, 0), (0.4, -1)])
def test_what_no_machine_can_do_raises(share: float, n_gpus: int) -> None:
    for cost in (gpu_hours, wall_days):
        with pytest.raises(ValueError):
            cost(1e20, 1e15, share, n_gpus)
