"""A parameter in a matrix is used once a token, by a multiplication and an addition: 2 N operations a token forward, and 6 N
with the backward pass. Only attention adds to that, and with F = 4 D it has caught up with all the rest at T = 6 D.
Mixed precision saves no memory here, 16 bytes a parameter either way: what it saves are time and activations.
"""

HINTS = (
    "Write the shapes down, one product a line, before you add anything up. A matrix of a layer that T tokens go through costs "
    "2 T times its size, so the parameters and the operations share a line.",
    "With F = 4 D a layer has 12 D^2 numbers in matrices. What has a bias: four matrices and two norms a layer, one norm at "
    "the end.",
    "The scores are (T, D) times (D, T), head by head or not: D is the sum of the heads' widths. The weights times the values "
    "are (T, T) times (T, D).",
    "For the bytes, a dictionary from the optimizer to its numbers a parameter, and one from the dtype to what a parameter "
    "costs at least and what each of these numbers adds.",
)


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
    # wrong: F = 4 * D  # a given F counts
    # wrong: F = F or D  # without an F it is 4 D
    F = F or 4 * D
    # wrong: matrices = 3 * D * D + 2 * D * F  # wo is missing
    # wrong: matrices = 4 * D * D + D * F  # the feed-forward layer has two matrices
    # wrong: matrices = 4 * D * D + 3 * D * F  # this is a gated layer: here there are w1 and w2
    # wrong: matrices = 2 * D * D + 2 * D * F  # q, k and v have a matrix each
    matrices = 4 * D * D + 2 * D * F
    # wrong: biases = 3 * D + D + D + F  # the two norms have a bias each, too
    # wrong: biases = 3 * D + D + 2 * F + 2 * D  # b2 is as wide as the stream, D
    # wrong: biases = D + D + F + D + 2 * D  # bqkv is 3 D wide
    # wrong: biases = D + F + D + 2 * D  # bqkv is missing
    # wrong: biases = 3 * D + D + F + D + D  # a layer has two norms
    biases = 3 * D + D + F + D + 2 * D  # bqkv, bo, b1, b2, and those of two norms
    # wrong: layer = matrices + bias * (biases + 2 * D)  # without biases the norms keep their gains
    # wrong: layer = matrices + 2 * D + biases  # with bias=False there are none
    # wrong: layer = matrices + bias * biases  # the norms have gains, too
    # wrong: layer = matrices + 2 * D + (biases if bias else 2 * D)  # the norms lose their biases as well
    layer = matrices + 2 * D + bias * biases
    # wrong: final = 2 * D  # with bias=False the last norm has none
    # wrong: final = 0  # the last norm is missing
    # wrong: final = bias * 2 * D  # the last norm keeps its gain
    final = D + bias * D
    # wrong: embeddings = V * D  # the table of positions is missing
    # wrong: embeddings = V * D + T * D  # without learned positions there is no table of them
    # wrong: embeddings = (V + (not learned_pos) * T) * D  # with learned positions there is a table of them, not without
    embeddings = V * D + learned_pos * T * D
    # wrong: head = V * D  # a tied head is the table of embeddings: it counts once
    # wrong: head = tied * V * D  # it is the untied head that has numbers of its own
    # wrong: head = 0  # an untied head has numbers of its own
    # wrong: head = (not tied) * (V * D + bias * V)  # the head has no bias
    head = (not tied) * V * D
    # wrong: return embeddings + layer + final + head  # there are L layers
    # wrong: return embeddings + L * (layer + final) + head  # the last norm is there once
    return embeddings + L * layer + final + head


def forward_flops(V: int, T: int, D: int, L: int, F: int | None = None) -> int:
    """The operations of all matrix products in a forward pass over one sequence of T tokens."""
    F = F or 4 * D
    # wrong: projections = T * (4 * D * D + 2 * D * F)  # each entry of a product takes multiplications and additions: 2 m n k
    # wrong: projections = 2 * (4 * D * D + 2 * D * F)  # all T tokens go through them
    # wrong: projections = 2 * T * 12 * D * D  # a given F counts
    # wrong: projections = 2 * T * (3 * D * D + 2 * D * F)  # wo is missing
    # wrong: projections = 2 * T * (4 * D * D + D * F)  # the feed-forward layer has two products
    projections = 2 * T * (4 * D * D + 2 * D * F)
    # wrong: attention = 2 * T * T * D  # there are two such products: the scores, and the weights times the values
    # wrong: attention = 2 * T * (T + 1) * D  # the scores count in full, whatever the mask hides
    # wrong: attention = 4 * T * D  # every token looks at all T
    # wrong: attention = 0  # attention has products of its own, without parameters
    # wrong: attention = 4 * T * D * D  # these products are of size T x T
    attention = 4 * T * T * D
    # wrong: logits = 0  # the logits are a product, too
    # wrong: logits = 2 * D * V  # there are logits at all T positions
    # wrong: logits = T * D * V  # 2 m n k here as well
    # wrong: logits = 4 * T * D * V  # looking up embeddings counts as nothing
    logits = 2 * T * D * V
    # wrong: return L * (projections + attention + logits)  # logits come once, after the last layer
    # wrong: return projections + attention + logits  # there are L layers
    # wrong: return 3 * (L * (projections + attention) + logits)  # this is a training step: the forward pass alone is asked for
    return L * (projections + attention) + logits


def attention_fraction(V: int, T: int, D: int, L: int, F: int | None = None) -> float:
    """The share of `forward_flops` that is spent on the two products of size T x T, from 0 to 1."""
    # wrong: return 4 * T * T * D / forward_flops(V, T, D, L, F)  # there are L layers
    # wrong: return 2 * L * T * T * D / forward_flops(V, T, D, L, F)  # two products, of 2 T T D each
    # wrong: return L * (4 * T * T * D + 8 * T * D * D) / forward_flops(V, T, D, L, F)  # the projections are not among them: they grow with T, not with T squared
    # wrong: return 4 * L * T * T * D / forward_flops(0, T, D, L, F)  # the logits are part of the whole
    # wrong: return 4 * L * T * T * D / forward_flops(V, T, D, L)  # a given F counts
    # wrong: return 4 * L * T * T * D / (forward_flops(V, T, D, L, F) - 4 * L * T * T * D)  # the share in the whole is asked for, not the ratio to the rest
    # wrong: return 100 * 4 * L * T * T * D / forward_flops(V, T, D, L, F)  # a share goes from 0 to 1
    # wrong: return 4 * L * T * T * D // forward_flops(V, T, D, L, F)  # a share is no whole number
    return 4 * L * T * T * D / forward_flops(V, T, D, L, F)


def train_memory_bytes(n_params: int, optimizer: str = "adamw", dtype: str = "fp32") -> int:
    """Bytes of parameters, gradients and optimizer state, for an optimizer and a dtype of the table."""
    # wrong: states = {"sgd": 0, "momentum": 1, "adamw": 1}  # Adam keeps two averages
    # wrong: states = {"sgd": 1, "momentum": 1, "adamw": 2}  # plain SGD remembers nothing
    # wrong: states = {"sgd": 0, "momentum": 2, "adamw": 2}  # momentum keeps one number a parameter
    states = {"sgd": 0, "momentum": 1, "adamw": 2}
    # wrong: sizes = {"fp32": (8, 4), "mixed": (4, 2), "bf16": (4, 2)}  # in mixed precision the optimizer works in float32, on a float32 copy
    # wrong: sizes = {"fp32": (8, 4), "mixed": (4, 4), "bf16": (4, 2)}  # the float32 copy is missing
    # wrong: sizes = {"fp32": (8, 4), "mixed": (10, 4), "bf16": (4, 2)}  # in mixed precision the gradients have 2 bytes, too
    # wrong: sizes = {"fp32": (4, 4), "mixed": (6, 4), "bf16": (2, 2)}  # the gradients are missing
    # wrong: sizes = {"fp32": (8, 4), "mixed": (8, 4), "bf16": (4, 4)}  # in bf16 everything has 2 bytes
    # wrong: sizes = {"fp32": (8, 4), "mixed": (8, 4), "bf16": (8, 2)}  # in bf16 there is no float32 copy
    sizes = {"fp32": (8, 4), "mixed": (8, 4), "bf16": (4, 2)}  # parameter, copy and gradient; each state
    # wrong: fixed, each = sizes.get(dtype, (8, 4))  # an unknown dtype is a ValueError, not a guess
    #        if optimizer not in states:
    #            raise ValueError("optimizer")
    #        return n_params * (fixed + states[optimizer] * each)
    # wrong: if dtype not in sizes:  # an unknown optimizer is a ValueError, not a guess
    #            raise ValueError("dtype")
    #        return n_params * (sizes[dtype][0] + states.get(optimizer, 2) * sizes[dtype][1])
    # wrong: pass  # an unknown name is a ValueError; a dictionary raises a KeyError
    if optimizer not in states or dtype not in sizes:
        raise ValueError(f"optimizer {optimizer!r}, of {[*states]}; dtype {dtype!r}, of {[*sizes]}")
    fixed, each = sizes[dtype]
    # wrong: return n_params * (fixed + each)  # each number of the state counts
    # wrong: return 8 * n_params * (fixed + states[optimizer] * each)  # bytes are asked for, not bits
    return n_params * (fixed + states[optimizer] * each)
