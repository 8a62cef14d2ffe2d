"""GPT forward, from a weight dictionary

The whole decoder, from token ids to logits, in forty lines and without a module: this is what a checkpoint
file means. Once you have written it, porting a model is a matter of renaming keys, and every later kata
(caches, quantization, kernels) is a change to one of its lines.

    x = wte[ids] + wpe[0 ... T-1]                            (B, T, D)
    for each layer i = 0 ... L-1:
        u = LN(x; ln1)                                       LayerNorm over the last axis, biased variance
        q, k, v = the three thirds of u wqkv^T + bqkv        each (B, T, D), in this order
        x = x + attention(q, k, v) wo^T + bo                 causal, n_head heads, scale 1/sqrt(D / n_head)
        x = x + gelu(LN(x; ln2) w1^T + b1) w2^T + b2         the exact GELU
    logits = LN(x; lnf) wte^T                                (B, T, V): the embeddings serve twice

LN(x; ln) = (x - mean) / sqrt(var + eps) * ln.g + ln.b. With dh = D / n_head, head j owns the features j dh to
(j + 1) dh - 1 of q, k and v, and of what is put together for wo. All weights are used as nn.Linear uses them:
y = x W^T + b.

The keys of `w`, with their shapes; i is the number of the layer, in decimal digits:

    wte (V, D)                      wpe (Tmax, D)                lnf.g, lnf.b (D,)
    h.{i}.ln1.g, h.{i}.ln1.b (D,)   h.{i}.attn.wqkv (3D, D)      h.{i}.attn.bqkv (3D,)
                                    h.{i}.attn.wo (D, D)         h.{i}.attn.bo (D,)
    h.{i}.ln2.g, h.{i}.ln2.b (D,)   h.{i}.mlp.w1 (4D, D)         h.{i}.mlp.b1 (4D,)
                                    h.{i}.mlp.w2 (D, 4D)         h.{i}.mlp.b2 (D,)

The number of layers is found from the keys; there may be none, and more than ten. The dict may be in any
order.

ids (B, T) are integers from 0 to V - 1, T >= 1; a T above Tmax is a ValueError. n_head divides D. All weights
share one float dtype, which the logits have. Gradients flow to every weight, and nothing that comes in is
changed.

torch's functions may be used, and what you have built is at hand; only whole Transformer layers are refused.

Radford et al. 2019 (GPT-2); Karpathy, nanoGPT, 2022.
"""

import torch

from solutions.phase4.attention.masks import causal  # for your gpt_forward
from solutions.phase4.attention.multi_head import merge_heads, split_heads
from solutions.phase4.attention.sdpa import sdpa


def gpt_forward(
    ids: torch.Tensor, w: dict[str, torch.Tensor], n_head: int, eps: float = 1e-5
) -> torch.Tensor:
    """Logits (B, T, V) of the next token at every position of ids (B, T)."""
    raise NotImplementedError
