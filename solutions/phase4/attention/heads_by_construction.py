"""Wq and Wk decide where a head looks, Wv what it brings back, and the two do not know of each other: Elhage et al. call them
the QK and the OV circuit. An induction head puts both of these in a row: a second layer whose keys are what the first head
wrote, the token before, matches them with the token at hand and copies the token that it finds there.
"""

import torch

HINTS = (
    "Answer two questions a head: which part of a row decides the score, the token or the position, and which part is to be copied? "
    "Everything else gets zero weights.",
    "A matrix of zeros and ones can pick the token columns of X, or the position columns. If queries and keys pick the same "
    "columns, their dot product is 1 where they agree and 0 elsewhere: that is a comparison.",
    "For the previous token, move the queries: the one-hot position t has to become the one-hot position t - 1 before it is compared. "
    "What becomes of t = 0 does not matter.",
    "The score is a product of a query and a key: sharp belongs into one of them, not into both.",
)


def previous_token_head(
    V: int, P: int, sharp: float = 50.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Wq, Wk (V + P, dq) and Wv (V + P, V) of a head that looks up the token before."""
    token, position = _pick(V, P)
    # wrong: Wq = sharp * position  # this head looks at its own position: the query for t has to ask for t - 1
    # wrong: Wq = sharp * position.roll(1, dims=1)  # this asks for t + 1, which the causal mask hides
    # wrong: Wq = sharp * position.roll(-2, dims=1)  # one step too far back: the key before t is at t - 1
    # wrong: Wq = -sharp * position.roll(-1, dims=1)  # the sign is flipped: everything is preferred to the key that is wanted
    # wrong: Wq = position.roll(-1, dims=1)  # a wanted key scores `sharp` above the others, not 1
    # wrong: Wq = sharp**0.5 * position.roll(-1, dims=1)  # a root of sharp in the queries needs another one in the keys
    Wq = sharp * position.roll(-1, dims=1)  # t -> t - 1
    # wrong: Wk = position.roll(-1, dims=1)  # with queries and keys moved alike, each position finds itself
    # wrong: Wk = sharp * position  # the score is a product: with sharp in both, it is sharp squared
    Wk = position
    # wrong: return Wq, Wk, position  # the token of the key is asked for, not its position
    # wrong: return Wk, Wq, token  # with queries and keys swapped, t looks for t + 1, which the causal mask hides
    # wrong: return Wq.float(), Wk.float(), token.float()  # the matrices are float64
    return Wq, Wk, token


def same_token_head(V: int, P: int, sharp: float = 50.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Wq, Wk (V + P, dq) and Wv (V + P, P) of a head that finds where the same token stood."""
    token, position = _pick(V, P)
    # wrong: return sharp * position, position, position  # tokens are to be compared, not positions: this finds itself
    # wrong: return sharp * torch.eye(V + P, dtype=torch.float64), torch.eye(V + P, dtype=torch.float64), position  # comparing positions as well makes every row prefer itself
    # wrong: return sharp * token, token, token  # the positions of the keys are asked for, not their tokens
    # wrong: return -sharp * token, token, position  # the sign is flipped: this looks for tokens that differ
    # wrong: return token, token, position  # a wanted key scores `sharp` above the others, not 1
    # wrong: return sharp * token, sharp * token, position  # the score is a product: with sharp in both, it is sharp squared
    # wrong: return 0 * token, token, position  # all keys score alike: this is the mean over every position so far
    return sharp * token, token, position


def _pick(V: int, P: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Matrices (V + P, V) and (V + P, P) that read the token and the position from a row of X."""
    # wrong: position, token = torch.eye(V + P, dtype=torch.float64).split([P, V], dim=1)  # in a row of X the token comes first
    token, position = torch.eye(V + P, dtype=torch.float64).split([V, P], dim=1)
    return token, position
