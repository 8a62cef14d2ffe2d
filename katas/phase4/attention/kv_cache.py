"""KV cache: prefill and decode

A language model writes one token at a time, and each new token attends to all before it. Their keys and
values never change again, so keep them: a step then projects its own tokens only, and the work per token
grows linearly with the text instead of quadratically.

    cache = KVCache(B, H, max_len, dh, x.dtype)
    attend(prompt, W, H, cache)     # prefill: a prompt of 7 tokens (B, 7, D), say, in one go or in chunks
    attend(token, W, H, cache)      # decode: the token at position 7 (B, 1, D), then that at 8 ...

`KVCache` allocates room for `max_len` positions once, in `dtype`; nothing that it holds ever moves. `append`
copies the keys and values of t >= 1 new positions behind the `length` that it holds and returns views of the
buffers, of just what is held by then. If the new positions do not fit, it is a ValueError and the cache is as
before. `truncate(n)` forgets all but the first n positions, as when a drafted continuation is rejected;
ValueError unless 0 <= n <= length.

`attend` is causal multi-head self-attention of x (B, t, D), the next t tokens of each sequence. Token i of x
stands at position p = cache.length + i, counted from 0, where length is that before the call; it attends to
every position up to p, cached or new, with the usual scale 1/sqrt(dh). All of W["q"], W["k"], W["v"], W["o"]
are (D, D), used as y = x @ W.T; D = H dh, and head h owns features h dh to (h + 1) dh - 1 of q, k, v and of
the input of "o". However a sequence is cut into chunks, its outputs are the same.

`rope(u, positions)`, if given, maps queries or keys u (B, H, t, dh) at integer positions (t,) to the same
shape. It is applied to the new queries and to the new keys, before these are cached; a key is never rotated
again, and values never are. This is inference: no gradients are asked for.

Pope et al. 2022, section 3.3; Karpathy, nanochat, 2025.
"""

from collections.abc import Callable

import torch

from solutions.phase4.attention.sdpa import sdpa  # for your attend


class KVCache:
    """Keys and values of the first `length` positions (0 in a new cache), with room for `max_len`."""

    def __init__(self, B: int, H: int, max_len: int, dh: int, dtype: torch.dtype) -> None:
        self.length = 0
        raise NotImplementedError

    def append(self, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take k, v (B, H, t, dh), t more positions; returns views of all held so far, (B, H, length, dh)."""
        raise NotImplementedError

    def truncate(self, n: int) -> None:
        """Forget all positions but the first n."""
        raise NotImplementedError


def attend(
    x: torch.Tensor,
    W: dict[str, torch.Tensor],
    H: int,
    cache: KVCache,
    rope: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> torch.Tensor:
    """Causal attention of x (B, t, D), the tokens that follow those in the cache; returns (B, t, D)."""
    raise NotImplementedError
