"""Forty lines are a language model: GPT-2 is this function with 124 million numbers in the dictionary. Everything that makes it a
causal model is one mask; take it away and the loss falls to nothing, since each position reads its own
answer.
"""

import torch
import torch.nn.functional as F

from solutions.phase4.attention.masks import causal
from solutions.phase4.attention.multi_head import merge_heads, split_heads
from solutions.phase4.attention.sdpa import sdpa

HINTS = (
    "Begin with no layers at all: embeddings, the last norm, logits. A model with an empty h is a complete one, and has "
    "tests of its own.",
    'A small function for LN with the key\'s prefix ("h.0.ln1") and one for a linear layer keep the loop to five lines. '
    "F.layer_norm and F.linear are allowed.",
    "Cut u wqkv^T + bqkv into thirds along the last axis first, and each third into heads afterwards: chunk(3, -1), then "
    "split_heads.",
    "Count layers by trying: h.0, h.1, ... until the key is missing. Sorting the keys as strings puts h.10 before h.2.",
)


def gpt_forward(
    ids: torch.Tensor, w: dict[str, torch.Tensor], n_head: int, eps: float = 1e-5
) -> torch.Tensor:
    """Logits (B, T, V) of the next token at every position of ids (B, T)."""
    T, D = ids.shape[1], w["wte"].shape[1]
    # wrong: pass  # more tokens than positions: raise a ValueError
    # wrong: if T >= len(w["wpe"]):  # as many tokens as positions still fit
    #            raise ValueError("too long")
    if len(w["wpe"]) < T:
        raise ValueError(f"{T} tokens, and positions for {len(w['wpe'])}")

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        # wrong: return F.layer_norm(x, (D,), w[f"{name}.g"], None, eps)  # a norm has a bias, too
        # wrong: return F.layer_norm(x, (D,), w[f"{name}.g"], w[f"{name}.b"])  # eps is a parameter
        return F.layer_norm(x, (D,), w[f"{name}.g"], w[f"{name}.b"], eps)

    # wrong: x = w["wte"][ids]  # without positions the model cannot tell the order
    # wrong: x = w["wte"][ids] + w["wpe"][1 : T + 1]  # positions count from 0
    # wrong: x = w["wte"][ids] + w["wpe"][ids.clamp(max=len(w["wpe"]) - 1)]  # positions are those of the sequence, not the ids
    x = w["wte"][ids] + w["wpe"][:T]  # (B, T, D)
    # wrong: mask = torch.ones(T, T, dtype=torch.bool)  # a position must not see those after it
    # wrong: mask = causal(T, T).T  # True where a position may look: back, not ahead
    mask = causal(T, T)
    layer = 0
    # wrong: names = sorted({key.split(".")[1] for key in w if key.startswith("h.")})  # sorted as strings, layer 10 comes before layer 2
    #        for layer in names:
    #            h = f"h.{layer}"
    #            u = norm(x, f"{h}.ln1") @ w[f"{h}.attn.wqkv"].T + w[f"{h}.attn.bqkv"]
    #            O = sdpa(*(split_heads(one, n_head) for one in u.chunk(3, -1)), mask)
    #            x = x + merge_heads(O) @ w[f"{h}.attn.wo"].T + w[f"{h}.attn.bo"]
    #            u = F.gelu(norm(x, f"{h}.ln2") @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"])
    #            x = x + u @ w[f"{h}.mlp.w2"].T + w[f"{h}.mlp.b2"]
    # wrong: while f"h.{layer + 1}.ln1.g" in w:  # the last layer is left out
    #            h = f"h.{layer}"
    #            u = norm(x, f"{h}.ln1") @ w[f"{h}.attn.wqkv"].T + w[f"{h}.attn.bqkv"]
    #            O = sdpa(*(split_heads(one, n_head) for one in u.chunk(3, -1)), mask)
    #            x = x + merge_heads(O) @ w[f"{h}.attn.wo"].T + w[f"{h}.attn.bo"]
    #            u = F.gelu(norm(x, f"{h}.ln2") @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"])
    #            x = x + u @ w[f"{h}.mlp.w2"].T + w[f"{h}.mlp.b2"]
    #            layer += 1
    while f"h.{layer}.ln1.g" in w:
        h = f"h.{layer}"
        # wrong: qkv = x @ w[f"{h}.attn.wqkv"].T + w[f"{h}.attn.bqkv"]  # the attention sees the normed stream
        # wrong: qkv = norm(x, f"{h}.ln1") @ w[f"{h}.attn.wqkv"].T  # bqkv is missing
        qkv = norm(x, f"{h}.ln1") @ w[f"{h}.attn.wqkv"].T + w[f"{h}.attn.bqkv"]  # (B, T, 3D)
        # wrong: q, k, v = split_heads(qkv, n_head).chunk(3, -1)  # first the thirds, then the heads: here each head has thirds of its own
        # wrong: q, v, k = (split_heads(one, n_head) for one in qkv.chunk(3, -1))  # the order is q, k, v
        # wrong: q, k, v = (one[:, None] for one in qkv.chunk(3, -1))  # this is one head: split into n_head
        q, k, v = (split_heads(one, n_head) for one in qkv.chunk(3, -1))  # (B, n_head, T, D / n_head)
        # wrong: x = sdpa(q, k, v, mask).transpose(1, 2).flatten(2) @ w[f"{h}.attn.wo"].T + w[f"{h}.attn.bo"]  # the residual is missing
        # wrong: x = x + merge_heads(sdpa(q, k, v, mask)) @ w[f"{h}.attn.wo"] + w[f"{h}.attn.bo"]  # weights are used as nn.Linear does: y = x W^T
        # wrong: x = x + merge_heads(sdpa(q, k, v, mask)) @ w[f"{h}.attn.wo"].T  # bo is missing
        # wrong: x = x + merge_heads(sdpa(q, k, v, mask, scale=D**-0.5)) @ w[f"{h}.attn.wo"].T + w[f"{h}.attn.bo"]  # the scale comes from the width of a head
        x = x + merge_heads(sdpa(q, k, v, mask)) @ w[f"{h}.attn.wo"].T + w[f"{h}.attn.bo"]
        # wrong: hidden = F.gelu(norm(x, f"{h}.ln1") @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"])  # the second half has a norm of its own
        # wrong: hidden = F.gelu(norm(x, f"{h}.ln2") @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"], approximate="tanh")  # the exact GELU is asked for
        # wrong: hidden = F.relu(norm(x, f"{h}.ln2") @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"])  # a GELU, not a ReLU
        # wrong: hidden = F.gelu(x @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"])  # the feed-forward layer sees the normed stream
        hidden = F.gelu(norm(x, f"{h}.ln2") @ w[f"{h}.mlp.w1"].T + w[f"{h}.mlp.b1"])
        # wrong: x = hidden @ w[f"{h}.mlp.w2"].T + w[f"{h}.mlp.b2"]  # the residual is missing
        # wrong: x = x + hidden @ w[f"{h}.mlp.w2"].T  # b2 is missing
        x = x + hidden @ w[f"{h}.mlp.w2"].T + w[f"{h}.mlp.b2"]
        layer += 1
    # wrong: return x @ w["wte"].T  # the last norm is missing
    # wrong: return (norm(x, "lnf") @ w["wte"].T).log_softmax(-1)  # logits are asked for
    # wrong: return (norm(x, "lnf") @ w["wte"].T)[:, -1:]  # every position gets its logits, not the last alone
    return norm(x, "lnf") @ w["wte"].T
