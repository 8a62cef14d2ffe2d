from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    INTERPRETED,
    assert_as_accurate,
    assert_kernels_only,
    assert_single_launch,
    assert_traffic,
    run,
)
from aire_katas.checks.triton.machine_code import CompileError, assert_no_spills, compiled
from aire_katas.checks.triton.reserved import reserved
from aire_katas.checks.triton.tf32 import tf32_as_on_a_gpu
from katas.phase5.triton.flash_forward import flash_fwd

KATA = Kata(
    difficulty=4,
    minutes=120,
    needs=("phase5/triton/matmul", "phase5/triton/fused_softmax", "phase4/attention/gqa"),
    forbids={
        "torch.nn.functional.scaled_dot_product_attention": "walk along the keys in a kernel of your own",
        "torch.nn.functional.multi_head_attention_forward": "walk along the keys in a kernel of your own",
        "torch.nn.MultiheadAttention": "walk along the keys in a kernel of your own",
        "torch.nn.attention": "walk along the keys in a kernel of your own",
        "torch.nn.functional.softmax": "keep a maximum and two sums while walking, in the kernel",
        "torch.softmax": "keep a maximum and two sums while walking, in the kernel",
        "torch.Tensor.softmax": "keep a maximum and two sums while walking, in the kernel",
        "torch.logsumexp": "it follows from the maximum and the sum, in the kernel",
        "torch.Tensor.logsumexp": "it follows from the maximum and the sum, in the kernel",
        "torch.matmul": "multiply blocks by tl.dot, in the kernel",
        "torch.Tensor.matmul": "multiply blocks by tl.dot, in the kernel",
        "torch.bmm": "multiply blocks by tl.dot, in the kernel",
        "torch.einsum": "multiply blocks by tl.dot, in the kernel",
        "torch.repeat_interleave": "let the kernel find the head of k and v that a query head uses",
        "torch.Tensor.repeat_interleave": "let the kernel find the head of k and v that a query head uses",
        "torch.Tensor.contiguous": "let the kernel read the strides as they are",
        "triton.language.softmax": "that would need all scores of a query in one block",
    },
    seconds=60,  # where the compiler is asked
)
SIZES = [(1, 1), (1, 70), (16, 17), (17, 16), (70, 300), (150, 151)]  # T, S
LOW = [torch.float16, torch.bfloat16]
GIB = 1 << 30
only_interpreted = pytest.mark.skipif(not INTERPRETED, reason="not graded: looks into triton's interpreter")


def draw(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape).to(DEVICE, dtype)


def inputs(
    T: int,
    S: int,
    D: int = 16,
    heads: tuple[int, int] = (1, 1),
    B: int = 1,
    dtype: torch.dtype = torch.float32,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """q, k and v; scores have a standard deviation of 2, so that some keys matter and some do not."""
    H, Hk = heads
    q, k, v = 2 * draw(B, H, T, D), draw(B, Hk, S, D), draw(B, Hk, S, D)
    return q.to(dtype), k.to(dtype), v.to(dtype)


def oracle(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Head by head in float64, with all scores in memory."""
    B, H, T, D = q.shape
    Hk, S = k.shape[1:3]
    o = torch.zeros(B, H, T, D, dtype=torch.float64, device=DEVICE)
    lse = torch.zeros(B, H, T, dtype=torch.float64, device=DEVICE)
    unseen = torch.ones(T, S, dtype=torch.bool, device=DEVICE).triu(S - T + 1) & causal
    for b in range(B):
        for h in range(H):
            one_k, one_v = (x[b, h * Hk // H].double() for x in (k, v))
            s = q[b, h].double() @ one_k.T * (D**-0.5 if scale is None else scale)
            s = s.masked_fill(unseen, -torch.inf)
            lse[b, h] = s.logsumexp(1)
            o[b, h] = s.softmax(1).nan_to_num(0.0) @ one_v
    return o, lse


def assert_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False, scale: float | None = None
) -> None:
    """Both results, of float32: two right kernels were within 9e-7 of the largest; 1e-5 is allowed."""
    __tracebackhide__ = True
    expected = oracle(q, k, v, causal, scale)
    result = run(flash_fwd, q, k, v, causal, scale).result
    assert_close(result[0], expected[0], dtype=torch.float32, name="o")
    assert_close(result[1], expected[1], dtype=torch.float32, name="lse")


# What attention is ------------------------------------------------------------------------------------------


def test_one_key_gives_its_value_and_its_score() -> None:
    q, k, v = inputs(20, 1)
    o, lse = run(flash_fwd, q, k, v).result
    assert_close(o, v.expand(1, 1, 20, 16))
    assert_close(lse, (q * k).sum(-1) / 4)


@pytest.mark.parametrize("S", [5, 70, 300])
def test_equal_scores_give_the_mean_of_the_values_and_lse_counts_the_keys(S: int) -> None:
    q, k, v = inputs(7, S)
    o, lse = run(flash_fwd, 0 * q, k, v).result
    assert_close(o, v.double().mean(2, keepdim=True).expand(1, 1, 7, 16), dtype=torch.float32)
    assert_close(lse, torch.full_like(lse, np.log(S)))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("T", "S"), SIZES)
def test_agrees_with_all_scores_in_memory(T: int, S: int, causal: bool) -> None:
    assert_attention(*inputs(T, S), causal)


def test_what_all_keys_share_moves_lse_and_nothing_else() -> None:
    q, k, v = inputs(20, 150)
    shift = draw(16)
    o, lse = run(flash_fwd, q, k, v).result
    moved, more = run(flash_fwd, q, k + shift, v).result
    assert_close(moved, o, rtol=2e-5)
    assert_close(more - lse, q @ shift / 4, rtol=2e-5)


def test_two_parts_of_the_keys_are_merged_by_their_lse() -> None:
    """The answer of each part counts as much as its share of all exponentials."""
    q, k, v = inputs(20, 300)
    o, lse = run(flash_fwd, q, k, v).result
    parts = [run(flash_fwd, q, k[:, :, at], v[:, :, at]).result for at in (slice(130), slice(130, 300))]
    assert_close(torch.logaddexp(parts[0][1], parts[1][1]), lse)
    assert_close(sum(one * (part - lse).exp()[..., None] for one, part in parts), o)


def test_a_maximum_may_come_late_or_early() -> None:
    """Scores from -45 to 45, ordered: every block of keys brings a new maximum, or none does."""
    q, k, v = inputs(2, 600)
    q[:] = 1
    k[:] = torch.linspace(-11.25, 11.25, 600, device=DEVICE)[:, None]
    q[0, 0, 1] = -1
    assert_attention(q, k, v)


# Who sees whom ----------------------------------------------------------------------------------------------


def test_what_comes_later_has_no_influence() -> None:
    q, k, v = inputs(150, 150)
    o, lse = run(flash_fwd, q, k, v, True).result
    k[:, :, 90:] *= 10
    v[:, :, 90:] = 1e30
    later = run(flash_fwd, q, k, v, True).result
    assert_close(later[0][:, :, :90], o[:, :, :90])
    assert_close(later[1][:, :, :90], lse[:, :, :90])


def test_the_last_query_sees_all_keys() -> None:
    q, k, v = inputs(1, 200)
    assert_close(run(flash_fwd, q, k, v, True).result, run(flash_fwd, q, k, v, False).result)


def test_the_last_queries_alone_get_what_they_get_among_all() -> None:
    """That is what a cache of keys is for."""
    q, k, v = inputs(170, 170)
    o, lse = run(flash_fwd, q, k, v, True).result
    for T in (3, 100):
        last = run(flash_fwd, q[:, :, -T:], k, v, True).result
        assert_close(last, (o[:, :, -T:], lse[:, :, -T:]))


@pytest.mark.parametrize(("T", "S"), [(5, 3), (70, 17), (300, 20), (330, 200)])
def test_a_query_that_sees_no_key_gets_zeros(T: int, S: int) -> None:
    q, k, v = inputs(T, S)
    o, lse = run(flash_fwd, q, k, v, True).result
    assert (o[:, :, : T - S] == 0).all()
    assert (lse[:, :, : T - S] == -torch.inf).all()
    expected = oracle(q, k, v, True)
    assert_close(o[:, :, T - S :], expected[0][:, :, T - S :], dtype=torch.float32, name="o")
    assert_close(lse[:, :, T - S :], expected[1][:, :, T - S :], dtype=torch.float32, name="lse")


@pytest.mark.parametrize("heads", [(4, 4), (4, 2), (4, 1), (6, 2)], ids=str)
def test_query_heads_share_heads_of_keys_and_values(heads: tuple[int, int]) -> None:
    assert_attention(*inputs(9, 20, heads=heads, B=2))


def test_blocks_of_queries_belong_to_their_own_head_and_batch_entry() -> None:
    assert_attention(*inputs(150, 40, heads=(2, 1), B=2), True)


# Numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("D", [16, 32, 64, 128])
def test_the_width_of_a_head_sets_the_scale(D: int) -> None:
    assert_attention(*inputs(20, 90, D))


@pytest.mark.parametrize("scale", [0.02, 0.6])
def test_a_scale_may_be_given(scale: float) -> None:
    assert_attention(*inputs(20, 90, 32), True, scale)


@pytest.mark.parametrize("dtype", [torch.float32, *LOW], ids=str)
def test_large_scores_do_not_overflow(dtype: torch.dtype) -> None:
    """Of 1e4, 0 and -1e4, from products of 1e5, which float16 cannot hold. Some are equal: these share."""
    signs = torch.tensor([[1.0, 0, -1, 1, 0], [-1, -1, -1, -1, -1], [-1, 0, -1, 0, -1]], device=DEVICE)
    q = 80 * torch.eye(3, 16, device=DEVICE).repeat_interleave(5, 1)[:, :16]
    k = torch.zeros(5, 16, device=DEVICE)
    k[:, :15] = 256 * signs.T.repeat_interleave(5, 1)
    q, k, v = q[None, None].to(dtype), k[None, None].to(dtype), draw(1, 1, 5, 16, dtype=dtype)
    o, lse = run(flash_fwd, q, k, v, False, 1e4 / (5 * 80 * 256)).result
    shares = torch.tensor([[1.0, 0, 0, 1, 0], [1, 1, 1, 1, 1], [0, 1, 0, 1, 0]], device=DEVICE).double()
    count = shares.sum(1)
    assert_close(o[0, 0], shares / count[:, None] @ v[0, 0].double(), dtype=dtype)
    largest = torch.tensor([1e4, -1e4, 0], dtype=torch.float64, device=DEVICE)
    assert_close(lse[0, 0], largest + count.log(), rtol=1e-6, atol=2e-3, dtype=torch.float32)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_low_precision_is_as_accurate_as_that_of_torch(dtype: torch.dtype, causal: bool) -> None:
    """In 150 draws the error was at most 1.3 times that of torch, and 2 is allowed."""
    q, k, v = inputs(200, 200, 64, dtype=dtype)
    o, lse = run(flash_fwd, q, k, v, causal).result
    exact = oracle(q, k, v, causal)
    rival = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    assert o.dtype == dtype
    assert_as_accurate(o, rival, exact[0])
    assert_close(lse, exact[1], dtype=torch.float32)


@only_interpreted
def test_float32_is_multiplied_in_full() -> None:
    """A GPU cuts float32 to the 10 bits of TF32 unless tl.dot is told otherwise."""
    with tf32_as_on_a_gpu():
        assert_attention(*inputs(20, 90))


# Memory -----------------------------------------------------------------------------------------------------


def test_heads_may_be_views_with_strides_of_their_own() -> None:
    """As a model has them: q from a projection, k and v from the middle of a wider one, or every second."""
    q = draw(2, 20, 4, 16).transpose(1, 2)
    k = draw(2, 35, 3, 2, 16)[:, :, 1].transpose(1, 2)
    v = draw(2, 2, 70, 20)[:, :, ::2, :16]
    with assert_unchanged(q, k, v):
        report = run(flash_fwd, q, k, v, True)
    expected = oracle(q, k, v, True)
    assert_close(report.result, expected, dtype=torch.float32)
    assert all(one.is_contiguous() for one in report.result)
    assert_kernels_only(report)


@pytest.mark.parametrize("axis", [0, 1], ids=["batch entries", "heads"])
def test_batch_entries_and_heads_may_be_far_apart(axis: int) -> None:
    """3 of them, 2**30 elements apart: addresses are reserved, and a few pages of memory used."""
    room = reserved(2 * GIB + 4096, torch.float16)
    far = []
    for number in range(3):
        shape, strides = [1, 1, 5, 16], [80, 80, 16, 1]
        shape[axis], strides[axis] = 3, GIB
        far.append(room.as_strided(shape, strides, 80 * number))
        far[-1].copy_(draw(*shape))
    expected = oracle(*far)
    o, lse = run(flash_fwd, *far).result
    assert_close(o, expected[0], dtype=torch.float16, name="o")
    assert_close(lse, expected[1], dtype=torch.float32, name="lse")


def test_one_kernel_does_it_all_and_keeps_no_scores() -> None:
    """What it is given besides q, k, v and the results would be room for scores."""
    q, k, v = inputs(150, 70, heads=(2, 1), dtype=torch.float16)
    with assert_unchanged(q, k, v):
        report = run(flash_fwd, q, k, v, True)
    assert_single_launch(report)
    assert_kernels_only(report)
    known = [one.untyped_storage().data_ptr() for one in (q, k, v, *report.result)]
    given = report.launches[0].arguments
    more = {name: one for name, one in given.items() if isinstance(one, torch.Tensor)}
    more = {name: one for name, one in more.items() if one.untyped_storage().data_ptr() not in known}
    allowed = report.result[1].numel()
    numbers = sum(one.numel() for one in more.values())
    assert numbers <= allowed, (
        f"{', '.join(more)}: {numbers} numbers of scratch memory, {allowed} are allowed"
    )


@pytest.mark.parametrize(("T", "S", "D"), [(256, 300, 64), (70, 512, 16), (320, 64, 128)])
def test_keys_and_values_are_loaded_once_for_a_block_of_queries(T: int, S: int, D: int) -> None:
    report = run(flash_fwd, *inputs(T, S, D, dtype=torch.float16))
    assert_single_launch(report)
    assert_traffic(report, at_most=1.0, minimum=2 * (2 * T * D + -(-T // 64) * 2 * S * D) + 4 * T)


@only_interpreted
@pytest.mark.parametrize(("T", "S", "share"), [(512, 512, 0.625), (256, 512, 0.875), (512, 256, 0.375)])
def test_blocks_of_keys_that_nobody_sees_are_not_loaded(T: int, S: int, share: float) -> None:
    """By blocks of 128 queries and keys 10 of 16 are seen, 7 of 8, and 3 of 8; smaller ones see less."""
    q, k, v = inputs(T, S, dtype=torch.float16)
    loaded = [run(flash_fwd, q, k, v, causal).launches[0].loaded for causal in (False, True)]
    kept, seen = (one - q.numel() * 2 for one in loaded)
    assert seen > 0
    assert seen <= 1.01 * share * kept, (
        f"causal attention from {T} queries to {S} keys loads {seen / kept:.0%} of them; {share:.0%} are seen"
    )


@only_interpreted
@pytest.mark.slow
@pytest.mark.parametrize("causal", [False, True])
def test_it_compiles_to_tensor_cores(causal: bool) -> None:
    report = run(flash_fwd, *inputs(128, 128, 64, dtype=torch.float16), causal)
    assert_single_launch(report)
    try:
        code = compiled(report.launches[0])
    except CompileError as error:
        pytest.fail(f"the interpreter runs the kernel, but it does not compile for a GPU:\n{error}")
    assert_no_spills(code)
    assert code.count("wgmma") + code.count("mma"), "no tensor core is used: multiply blocks by tl.dot"


@pytest.mark.perf
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("D", [64, 128])
def test_it_keeps_up_with_the_library(D: int, causal: bool) -> None:
    """The bound is an estimate: the reference was written without a GPU, for at least 1.0 of the library."""
    B, H, T = 4, 16, 4096

    def flash_forward(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return flash_fwd(q, k, v, causal)[0]

    def library(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal)

    size = 2 * B * H * T * D
    assert_fast(
        flash_forward,
        library,
        lambda: inputs(T, T, D, (H, H), B, torch.bfloat16),
        against="torch's flash attention",
        work=Work(
            read=3 * size,
            written=size + 4 * B * H * T,
            flops=4 * B * H * D * (T * (T + 1) // 2 if causal else T * T),
            matrix="bfloat16",
        ),
        ratio=0.5,
    )
