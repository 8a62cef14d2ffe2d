"""Parameters, FLOPs and memory of a GPT

A training run is paid for before it starts, and the bill is arithmetic: how many parameters, how many
operations a token, how many bytes on the card. Whoever can do it on the back of an envelope notices a model
that will not fit, or an attention that eats the budget, before the cluster does.

The model is that of `gpt_forward`: vocabulary V, context of T tokens, width D, L layers, F units in the
feed-forward layers (None stands for 4 D). Heads do not matter: they only part what is there.

    embeddings    wte (V, D); wpe (T, D)
    each layer    ln1.g, ln1.b, ln2.g, ln2.b (D,) each; wqkv (3D, D), bqkv (3D,); wo (D, D), bo (D,);
                  w1 (F, D), b1 (F,); w2 (D, F), b2 (D,)
    at the end    lnf.g, lnf.b (D,); logits by wte, or by a head (V, D) of its own, without a bias

`params` counts the numbers in these. With tied=False there is the head besides wte, with learned_pos=False
there is no wpe, and with bias=False all that are called b something are dropped, in the norms as well; their
gains g stay.

`forward_flops` counts the operations of the matrix products in one forward pass over a sequence of T tokens:
2 m n k for (m, k) times (k, n), since each entry takes k multiplications and k additions. In each layer these
are the projections by wqkv and wo, the scores q k^T, the weights times the values, w1 and w2; at the end the
logits at all T positions. Scores count in full, T x T, whatever the mask hides. Looking up embeddings, norms,
biases, softmax and GELU count as nothing.

`attention_fraction` is the share of the scores and the weights times the values in these operations: what
grows with T squared. L is at least 1 there; V may be 0, for a model without logits.

`train_memory_bytes` is what parameters, gradients and the optimizer's state take up, activations left out. An
optimizer keeps some numbers a parameter: "sgd" none, "momentum" one, "adamw" two. In bytes,

    dtype      parameter    gradient    float32 copy of the parameter    each number of the state
    "fp32"         4            4                   -                               4
    "mixed"        2            2                   4                               4
    "bf16"         2            2                   -                               2

Any other optimizer or dtype is a ValueError.

Sizes are at least 1, but for L and V, which may be 0. Counts are exact, as Python ints are.

Kaplan et al. 2020, section 2.1; Rajbhandari et al. 2020 (ZeRO), section 3.1, for the bytes.
"""


def params(
    V: int,
    T: int,
    D: int,
    L: int,
    F: int | None = None,
    tied: bool = True,
    learned_pos: bool = True,
    bias: bool = True,
) -> int:
    """The number of parameters; 124,439,808 for V = 50257, T = 1024, D = 768, L = 12, the smallest GPT-2."""
    raise NotImplementedError


def forward_flops(V: int, T: int, D: int, L: int, F: int | None = None) -> int:
    """The operations of all matrix products in a forward pass over one sequence of T tokens."""
    raise NotImplementedError


def attention_fraction(V: int, T: int, D: int, L: int, F: int | None = None) -> float:
    """The share of `forward_flops` that is spent on the two products of size T x T, from 0 to 1."""
    raise NotImplementedError


def train_memory_bytes(n_params: int, optimizer: str = "adamw", dtype: str = "fp32") -> int:
    """Bytes of parameters, gradients and optimizer state, for an optimizer and a dtype of the table."""
    raise NotImplementedError
