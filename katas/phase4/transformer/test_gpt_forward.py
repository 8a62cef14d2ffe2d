import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from katas.phase4.transformer.gpt_forward import gpt_forward

KATA = Kata(
    difficulty=4,
    minutes=40,
    needs=("phase4/transformer/block", "phase4/transformer/swiglu", "phase4/attention/multi_head"),
    forbids={
        "torch.nn.TransformerEncoderLayer": "write the block line by line",
        "torch.nn.TransformerDecoderLayer": "write the block line by line",
        "torch.nn.TransformerEncoder": "write the loop over the layers",
        "torch.nn.MultiheadAttention": "split into heads, call sdpa, merge",
        "torch.nn.functional.multi_head_attention_forward": "split into heads, call sdpa, merge",
    },
)
Weights = dict[str, torch.Tensor]


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def norm_weights(name: str, D: int) -> Weights:
    return {f"{name}.g": 1 + 0.3 * draw(D), f"{name}.b": 0.3 * draw(D)}


def weights(V: int, Tmax: int, D: int, L: int) -> Weights:
    w = {"wte": draw(V, D), "wpe": draw(Tmax, D)} | norm_weights("lnf", D)
    for i in range(L):
        h = f"h.{i}"
        w |= norm_weights(f"{h}.ln1", D) | norm_weights(f"{h}.ln2", D)
        for name, out, into in (
            ("attn.wqkv", 3 * D, D),
            ("attn.wo", D, D),
            ("mlp.w1", 4 * D, D),
            ("mlp.w2", D, 4 * D),
        ):
            w[f"{h}.{name}"] = draw(out, into) / into**0.5
            w[f"{h}.{name.replace('.w', '.b')}"] = 0.3 * draw(out)
    return w


def by_library(ids: torch.Tensor, w: Weights, n_head: int, eps: float = 1e-5) -> torch.Tensor:
    """The same model put together from torch's own layers."""
    T, D = ids.shape[1], w["wte"].shape[1]
    x = F.embedding(ids, w["wte"]) + w["wpe"][:T]
    for i in range(sum(key.endswith("mlp.w2") for key in w)):
        layer = torch.nn.TransformerEncoderLayer(
            D, n_head, 4 * D, 0.0, F.gelu, eps, batch_first=True, norm_first=True, dtype=w["wte"].dtype
        )
        names = {
            "self_attn.in_proj_weight": "attn.wqkv",
            "self_attn.in_proj_bias": "attn.bqkv",
            "self_attn.out_proj.weight": "attn.wo",
            "self_attn.out_proj.bias": "attn.bo",
            "linear1.weight": "mlp.w1",
            "linear1.bias": "mlp.b1",
            "linear2.weight": "mlp.w2",
            "linear2.bias": "mlp.b2",
            "norm1.weight": "ln1.g",
            "norm1.bias": "ln1.b",
            "norm2.weight": "ln2.g",
            "norm2.bias": "ln2.b",
        }
        layer.load_state_dict({theirs: w[f"h.{i}.{ours}"] for theirs, ours in names.items()})
        x = layer(x, src_mask=torch.ones(T, T).triu(1).bool())
    return F.linear(F.layer_norm(x, (D,), w["lnf.g"], w["lnf.b"], eps), w["wte"]).detach()


def test_a_model_without_layers_norms_the_embeddings_and_compares_them_with_all() -> None:
    w = weights(7, 5, 4, 0)
    ids = torch.tensor([[3, 0, 6], [1, 1, 2]])
    x = w["wte"][ids] + w["wpe"][:3]
    x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    assert_close(gpt_forward(ids, w, 2), (x * w["lnf.g"] + w["lnf.b"]) @ w["wte"].T)


@pytest.mark.parametrize(
    ("V", "T", "D", "L", "n_head"),
    [(7, 5, 4, 1, 1), (7, 5, 6, 1, 3), (11, 4, 8, 2, 2), (5, 1, 4, 3, 4), (2, 6, 2, 2, 1)],
)
@pytest.mark.parametrize("B", [1, 3])
def test_agrees_with_torchs_own_layers(V: int, T: int, D: int, L: int, n_head: int, B: int) -> None:
    w, ids = weights(V, T + 2, D, L), torch.randint(V, (B, T))
    assert_close(gpt_forward(ids, w, n_head), by_library(ids, w, n_head))


def test_eleven_layers_are_applied_in_order_whatever_the_order_of_the_dict() -> None:
    w, ids = weights(5, 4, 4, 11), torch.randint(5, (2, 4))
    shuffled = {key: w[key] for key in sorted(w, key=lambda key: key[::-1])}
    assert_close(gpt_forward(ids, shuffled, 2), by_library(ids, w, 2))


def test_a_token_changes_nothing_before_it_and_something_behind() -> None:
    w, ids = weights(9, 6, 8, 2), torch.randint(8, (2, 6))
    changed = ids.clone()
    changed[:, 3] = 8
    before, after = gpt_forward(ids, w, 2), gpt_forward(changed, w, 2)
    assert_close(after[:, :3], before[:, :3])
    assert ((after - before)[:, 3:].abs().amax(-1) > 1e-6).all(), "the later positions should see the change"


def test_a_prefix_has_the_logits_it_has_in_the_whole() -> None:
    w, ids = weights(9, 6, 8, 2), torch.randint(9, (2, 6))
    whole = gpt_forward(ids, w, 4)
    for T in range(1, 7):
        assert_close(gpt_forward(ids[:, :T], w, 4), whole[:, :T])


def test_heads_have_no_order() -> None:
    w, ids = weights(9, 6, 8, 1), torch.randint(9, (2, 6))
    order = torch.tensor([4, 5, 6, 7, 0, 1, 2, 3])  # two heads of width 4, swapped
    rows = torch.cat([order, 8 + order, 16 + order])
    other = w | {
        "h.0.attn.wqkv": w["h.0.attn.wqkv"][rows],
        "h.0.attn.bqkv": w["h.0.attn.bqkv"][rows],
        "h.0.attn.wo": w["h.0.attn.wo"][:, order],
    }
    assert_close(gpt_forward(ids, other, 2), gpt_forward(ids, w, 2))


def test_eps_is_that_of_every_norm() -> None:
    w, ids = weights(7, 5, 4, 1), torch.randint(7, (2, 5))
    assert_close(gpt_forward(ids, w, 2, eps=0.5), by_library(ids, w, 2, eps=0.5))


def test_gradients_flow_to_every_weight() -> None:
    w, ids = weights(5, 3, 4, 2), torch.tensor([[0, 1, 2], [3, 4, 0]])
    leaves = {key: one.clone().requires_grad_() for key, one in w.items()}
    R, key, step = draw(2, 3, 5), "h.0.attn.wqkv", draw(12, 4)
    (gpt_forward(ids, leaves, 2) * R).sum().backward()
    silent = [name for name, leaf in leaves.items() if leaf.grad is None or not leaf.grad.any()]
    assert silent == []
    up, down = (by_library(ids, w | {key: w[key] + h * step}, 2) for h in (1e-5, -1e-5))
    grad = leaves[key].grad
    assert grad is not None
    assert_close(float((grad * step).sum()), float(((up - down) * R).sum() / 2e-5), rtol=1e-5)


def test_more_tokens_than_positions_is_a_value_error() -> None:
    w = weights(5, 3, 4, 1)
    assert gpt_forward(torch.zeros(1, 3, dtype=torch.long), w, 2).shape == (1, 3, 5)
    with pytest.raises(ValueError):
        gpt_forward(torch.zeros(1, 4, dtype=torch.long), w, 2)


def test_the_dtype_of_the_weights_is_kept_and_nothing_is_changed() -> None:
    w, ids = weights(7, 5, 8, 2), torch.randint(7, (2, 5))
    narrow = {key: one.float() for key, one in w.items()}
    with assert_unchanged(narrow, ids):
        logits = gpt_forward(ids, narrow, 2)
    assert_close(logits, by_library(ids, w, 2), dtype=torch.float32, rtol=1e-3)
