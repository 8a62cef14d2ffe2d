from typing import Any

import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import finite_difference
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import DEVICE, INTERPRETED, Report, assert_as_accurate, assert_kernels_only, run
from aire_katas.checks.triton.tf32 import tf32_as_on_a_gpu
from katas.phase5.triton.flash_backward import flash_bwd

KATA = Kata(
    difficulty=5,
    minutes=180,
    needs=("phase5/triton/flash_forward", "phase4/attention/attention_backward"),
    forbids={
        "torch.nn.functional.scaled_dot_product_attention": "compute the gradients in kernels",
        "torch.nn.functional.softmax": "compute p again in the kernels, from lse",
        "torch.softmax": "compute p again in the kernels, from lse",
        "torch.Tensor.softmax": "compute p again in the kernels, from lse",
        "triton.language.softmax": "compute p again from lse: no tile holds a whole row",
        "torch.autograd": "compute the gradients in kernels",
        "torch.Tensor.backward": "compute the gradients in kernels",
        "torch.matmul": "multiply tiles in the kernels",
        "torch.Tensor.matmul": "multiply tiles in the kernels",
        "torch.bmm": "multiply tiles in the kernels",
        "torch.einsum": "multiply tiles in the kernels",
        "torch.Tensor.repeat_interleave": "let the programs of several heads read the same keys",
        "torch.repeat_interleave": "let the programs of several heads read the same keys",
        "triton.language.atomic_add": "let one program own what it stores",
    },
)
D = 16
LOW = [torch.float16, torch.bfloat16]
Tensors = tuple[torch.Tensor, ...]


def draw(
    T: int, S: int, H: int = 1, Hk: int = 1, D: int = D, B: int = 1, dtype: torch.dtype = torch.float32
) -> Tensors:
    """do, q, k and v."""
    shapes = (B, H, T, D), (B, H, T, D), (B, Hk, S, D), (B, Hk, S, D)
    return tuple(torch.randn(shape).to(DEVICE, dtype) for shape in shapes)


def attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, *, causal: bool = False, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """o and lse by torch, in the dtype of the inputs."""
    group, (T, S) = q.shape[1] // k.shape[1], (q.shape[2], k.shape[2])
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    s = q @ k.mT * (q.shape[3] ** -0.5 if scale is None else scale)
    if causal:
        s = s.masked_fill(~torch.ones(T, S, dtype=torch.bool, device=s.device).tril(S - T), -torch.inf)
    lse = s.logsumexp(-1)
    return (s - lse.nan_to_num(neginf=0.0)[..., None]).exp() @ v, lse


def backward(
    do: torch.Tensor,
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    *,
    causal: bool = False,
    scale: float | None = None,
    seed: int | None = None,
) -> Report:
    """o and lse come from float64, rounded."""
    o, lse = attention(q.double(), k.double(), v.double(), causal=causal, scale=scale)
    return run(flash_bwd, do, q, k, v, o.to(q.dtype), lse.float(), causal, scale, seed=seed)


def gradients(do: torch.Tensor, *inputs: torch.Tensor, **options: Any) -> Tensors:
    """Those of q, k and v by torch's autograd, in the dtype of the inputs."""
    leaves = [one.detach().requires_grad_() for one in inputs]
    return torch.autograd.grad(attention(*leaves, **options)[0], leaves, do)


def assert_right(tensors: Tensors, rtol: float = 1e-5, **options: Any) -> None:
    """For float32."""
    __tracebackhide__ = True
    expected = gradients(*(one.double() for one in tensors), **options)
    results = backward(*tensors, **options).result
    assert len(results) == 3
    for name, got, right in zip(("dq", "dk", "dv"), results, expected, strict=True):
        assert_close(got, right, rtol=rtol, dtype=torch.float32, name=name)


def loaded(report: Report, tensor: torch.Tensor) -> int:
    """How many elements of it all kernels have loaded, repeats included."""
    count = 0
    for launch in report.launches:
        for name, value in launch.arguments.items():
            if isinstance(value, torch.Tensor) and value.data_ptr() == tensor.data_ptr():
                count += launch.loads[name]
    return count


class Attention(torch.autograd.Function):
    """As a model would use it; the forward pass is torch's."""

    @staticmethod
    def forward(ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        o, lse = attention(q, k, v, causal=True)
        ctx.save_for_backward(q, k, v, o, lse)
        return o

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return flash_bwd(grads[0], *ctx.saved_tensors, causal=True, scale=None)


def test_what_reaches_the_outputs_is_divided_among_the_values() -> None:
    do, *qkv = draw(40, 50)
    dv = backward(do, *qkv).result[2]
    assert_close(dv.sum(2), do.sum(2))


def test_one_vector_added_to_all_keys_changes_nothing_so_their_gradients_sum_to_zero() -> None:
    dk = backward(*draw(40, 50)).result[1].double()
    assert float(dk.abs().sum()) > 0.1
    assert float(dk.sum(2).abs().max() / dk.abs().sum(2).max()) < 1e-5


def test_longer_queries_have_the_effect_of_longer_keys() -> None:
    """So q * dq and k * dk have the same sum: scale times the gradient of the scale."""
    do, q, k, v = draw(50, 40, 2, 2)
    dq, dk, _ = backward(do, q, k, v, scale=0.4).result
    slopes = (dq.double() * q).sum((2, 3)), (dk.double() * k).sum((2, 3))
    assert_close(*slopes, atol=1e-4)


@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize(("T", "S"), [(33, 159), (70, 70), (150, 17), (1, 40)], ids=str)
def test_gradients_are_those_of_autograd_in_double_precision(T: int, S: int, causal: bool) -> None:
    assert_right(draw(T, S), causal=causal)


@pytest.mark.slow  # all tests together: about 2 s of interpretation
def test_several_blocks_of_queries_meet_several_blocks_of_keys() -> None:
    """The last block has one query; and the last key that a block sees is the first of a tile."""
    assert_right(draw(129, 130), causal=True)


def test_gradients_are_slopes_of_the_loss_when_autograd_calls_for_them() -> None:
    """Twelve coordinates, by central differences of attention in float64."""
    do, q, k, v = draw(20, 24, 2)
    leaves = [one.clone().requires_grad_() for one in (q, k, v)]
    weight = do.double()
    (weight * Attention.apply(*leaves).double()).sum().backward()
    exact = [one.double() for one in (q, k, v)]
    for i, leaf in enumerate(leaves):
        places = torch.randint(leaf.numel(), (4,), device=DEVICE)

        def moved(values: torch.Tensor, i: int = i, places: torch.Tensor = places) -> torch.Tensor:
            inputs = list(exact)
            inputs[i] = inputs[i].flatten().index_put((places,), values).view_as(inputs[i])
            return (weight * attention(*inputs, causal=True)[0]).sum()

        places = places.unique()
        slopes = finite_difference(
            lambda x, f=moved, at=places: f(x, places=at), (exact[i].flatten()[places],)
        )
        assert leaf.grad is not None
        assert_close(leaf.grad.flatten()[places], slopes, rtol=1e-4, atol=1e-4, dtype=torch.float32)


@pytest.mark.parametrize(("H", "Hk"), [(4, 2), (3, 1)], ids=str)
def test_heads_that_share_keys_add_up_their_gradients(H: int, Hk: int) -> None:
    assert_right(draw(20, 24, H, Hk, B=2), causal=True)


@pytest.mark.parametrize("width", [32, 64, 128])
def test_heads_may_be_wider(width: int) -> None:
    assert_right(draw(20, 24, D=width), causal=True)


@pytest.mark.parametrize("scale", [0.05, 1.3])
def test_scores_are_scaled_as_the_caller_says(scale: float) -> None:
    assert_right(draw(17, 40), scale=scale, rtol=3e-5)


def test_a_single_key_leaves_nothing_to_choose() -> None:
    do, q, k, v = draw(40, 1)
    dq, dk, dv = backward(do, q, k, v).result
    assert_close(dv, do.sum(2, keepdim=True))
    assert float(dq.abs().max()) < 1e-5
    assert float(dk.abs().max()) < 1e-4


def test_an_output_reaches_what_its_query_has_seen_and_nothing_else() -> None:
    """Query 30 sees the keys up to 45."""
    do, q, k, v = draw(60, 75)
    do[:, :, :30], do[:, :, 31:] = 0, 0
    dq, dk, dv = backward(do, q, k, v, causal=True).result
    assert (dq[:, :, :30] == 0).all()
    assert (dq[:, :, 31:] == 0).all()
    for grad in (dk, dv):
        assert (grad[:, :, 46:] == 0).all()
        assert (grad[:, :, :46] != 0).any(-1).all()
    assert_close(dv.sum(2), do[:, :, 30])


@pytest.mark.parametrize(("T", "S"), [(40, 20), (150, 1)], ids=str)
def test_a_query_without_keys_has_no_gradient_and_no_say(T: int, S: int) -> None:
    do, q, k, v = draw(T, S)
    dq, dk, dv = backward(do, q, k, v, causal=True).result
    assert (dq[:, :, : T - S] == 0).all()
    late = backward(do[:, :, T - S :], q[:, :, T - S :], k, v, causal=True).result
    assert_close(dk + 1, late[1] + 1)
    assert_close(dv, late[2])


@pytest.mark.parametrize("size", [-300.0, 300.0])
def test_scores_may_be_in_the_hundreds(size: float) -> None:
    """All of about this size, so that exp(s) overflows or vanishes; float32 leaves errors of 1e-5 in p."""
    do, q, k, v = draw(33, 40)
    q[..., 0], k[..., 0] = size, 4.0
    assert_right((do, q, k, v), scale=0.25, rtol=5e-4)


@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_low_precision_is_as_accurate_as_torch(dtype: torch.dtype, causal: bool) -> None:
    do, q, k, v = draw(140, 140, D=64, dtype=dtype)
    exact = gradients(*(one.double() for one in (do, q, k, v)), causal=causal)
    rivals = gradients(do, q, k, v, causal=causal)
    results = backward(do, q, k, v, causal=causal).result
    for name, *one in zip(("dq", "dk", "dv"), results, rivals, exact, strict=True):
        assert_as_accurate(*one, name=name)


@pytest.mark.skipif(not INTERPRETED, reason="not graded: looks into triton's interpreter")
def test_float32_is_multiplied_in_full() -> None:
    """A GPU cuts float32 to the 10 bits of TF32 unless tl.dot is told otherwise."""
    with tf32_as_on_a_gpu():
        assert_right(draw(20, 90))


def test_any_layout_will_do() -> None:
    tensors = draw(10, 12, 2)
    expected = gradients(*(one.double() for one in tensors), causal=True)
    o, lse = attention(*(one.double() for one in tensors[1:]), causal=True)
    inputs = *tensors, o.float(), lse.float()
    for views in zip(*map(layouts, inputs), strict=True):
        results = run(flash_bwd, *(view for _, view in views), True, None).result
        assert_close(results, expected, dtype=torch.float32, name=views[0][0])


def test_the_gradient_of_a_sum_is_one_number_expanded() -> None:
    do, q, k, v = draw(10, 20)
    do = torch.tensor(0.7, device=DEVICE).expand(do.shape)
    dv = backward(do, q, k, v).result[2]
    assert_close(dv, gradients(do.double(), q.double(), k.double(), v.double())[2], dtype=torch.float32)


def test_the_order_of_the_programs_does_not_change_a_bit() -> None:
    tensors = draw(140, 140, dtype=torch.float16)
    first, again = (backward(*tensors, causal=True, seed=seed).result for seed in (1, 2))
    assert_close(again, first, rtol=0, atol=0)


def test_at_most_three_launches_do_all_the_work_without_atomics() -> None:
    tensors = draw(40, 33, 2, 1)
    o, lse = attention(*(one.double() for one in tensors[1:]))
    inputs = *tensors, o.float(), lse.float()
    with assert_unchanged(*inputs):
        report = run(flash_bwd, *inputs, False, None)
    assert_kernels_only(report)
    assert 1 <= len(report.launches) <= 3
    assert sum(launch.atomics for launch in report.launches) == 0
    assert [one.dtype for one in report.result] == 3 * [torch.float32]
    assert not {one.data_ptr() for one in report.result} & {one.data_ptr() for one in inputs}


def test_no_tensor_has_the_size_of_the_scores() -> None:
    report = backward(*draw(140, 130, dtype=torch.float16))
    given = [one for launch in report.launches for one in launch.arguments.values()]
    assert max(one.numel() for one in given if isinstance(one, torch.Tensor)) <= 140 * D


def test_tiles_above_the_diagonal_are_skipped() -> None:
    """Of 2 x 2 tiles of the largest size one is; with what is loaded once, 2.5 in 3 loads are left."""
    tensors = draw(256, 256, dtype=torch.float16)
    full, causal = (backward(*tensors, causal=causal) for causal in (False, True))
    for name, tensor in (("q", tensors[1]), ("k", tensors[2])):
        share = loaded(causal, tensor) / loaded(full, tensor)
        assert share <= 0.9, f"with the mask {share:.0%} of the loads of {name} are left"


@pytest.mark.perf
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("width", [64, 128])
def test_on_a_gpu_it_keeps_up_with_torch(width: int, causal: bool) -> None:
    """The ratio is an estimate, not measured; the five products are what any right kernel computes."""
    B, H, T = 4, 16, 4096
    aten = torch.ops.aten
    unused = torch.zeros(2, dtype=torch.int64, device="cuda")  # without dropout nothing is drawn

    def drawn() -> Tensors:
        do, q, k, v = draw(T, T, H, H, width, B, torch.bfloat16)
        o, lse = aten._scaled_dot_product_flash_attention(q, k, v, 0.0, causal)[:2]
        return do, q, k, v, o.contiguous(), lse

    def torchs(*tensors: torch.Tensor) -> Tensors:
        return aten._scaled_dot_product_flash_attention_backward(
            *tensors, None, None, T, T, 0.0, causal, unused, unused
        )

    def flash_backward(*tensors: torch.Tensor) -> Tensors:
        return flash_bwd(*tensors, causal=causal, scale=None)

    bytes_each, pairs = 2 * B * H * T * width, T * (T + 1) // 2 if causal else T * T
    assert_fast(
        flash_backward,
        torchs,
        drawn,
        against="torch's flash backend",
        work=Work(
            read=5 * bytes_each + 4 * B * H * T,
            written=3 * bytes_each,
            flops=5 * 2 * B * H * pairs * width,
            matrix="bfloat16",
        ),
        ratio=0.4,
    )
