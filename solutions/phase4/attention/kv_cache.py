"""Prefill and decode are one function: only t differs. Prefill multiplies matrices and is limited by arithmetic, decode
multiplies a matrix by a vector and is limited by reading the weights and this cache from memory, which is why
serving works on making the cache small: fewer key heads, sliding windows, paging.
"""

from collections.abc import Callable

import torch

from solutions.phase4.attention.sdpa import sdpa

HINTS = (
    "Write append first: two buffers (B, H, max_len, dh), and `length` says how much of them counts. Check whether the new "
    "positions fit before you change anything.",
    "In attend, project x, split the last axis into heads and bring these forward: (B, H, t, dh). Take the positions before "
    "you append, since append moves length.",
    "The mask has t rows and length columns. Row i stands at position offset + i: compare the positions of the rows with "
    "the indices of all the columns.",
)


class KVCache:
    """Keys and values of the first `length` positions (0 in a new cache), with room for `max_len`."""

    # wrong: keys: dict[int, torch.Tensor] = {}  # buffers of the class are shared by all caches: each needs its own
    #        def __init__(self, B: int, H: int, max_len: int, dh: int, dtype: torch.dtype) -> None:
    #            self.length = 0
    #            self.k = self.keys.setdefault(max_len, torch.empty(B, H, max_len, dh, dtype=dtype))
    #            self.v = torch.empty_like(self.k)
    def __init__(self, B: int, H: int, max_len: int, dh: int, dtype: torch.dtype) -> None:
        # wrong: self.length = max_len  # length counts the positions that are held, and a new cache holds none
        self.length = 0
        # wrong: self.k = torch.empty(B, H, max_len, dh)  # the buffers have the dtype that was asked for
        # wrong: self.k = torch.empty(B, H, max_len - 1, dh, dtype=dtype)  # there is room for max_len positions, not for one fewer
        # wrong: self.k = torch.empty(B, H, 2 * max_len, dh, dtype=dtype)  # there is room for max_len positions and no more
        self.k = torch.empty(B, H, max_len, dh, dtype=dtype)
        # wrong: self.v = self.k  # keys and values need a buffer each: these are two names for one
        self.v = torch.empty_like(self.k)

    def append(self, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take k, v (B, H, t, dh), t more positions; returns views of all held so far, (B, H, length, dh)."""
        # wrong: start, stop = 0, k.shape[2]  # new positions go behind those that are held, not over them
        # wrong: start, stop = self.length, self.length + 1  # t positions come at once, not always one
        # wrong: start, stop = self.length, self.length + k.shape[1]  # axis 1 counts the heads, axis 2 the positions
        start, stop = self.length, self.length + k.shape[2]
        # wrong: pass  # without a check the error comes from torch, halfway through, and is no ValueError
        # wrong: self.length = stop  # after an overflow the cache has to be as before, its length too
        #        if stop > self.k.shape[2]:
        #            raise ValueError("full")
        # wrong: if stop >= self.k.shape[2]:  # exactly max_len positions still fit
        #            raise ValueError("full")
        # wrong: if stop > self.k.shape[2]:  # what does not fit is an error, not silently dropped
        #            return self.k[:, :, :start], self.v[:, :, :start]
        if stop > self.k.shape[2]:
            raise ValueError(f"{stop} positions do not fit into a cache of {self.k.shape[2]}")
        # wrong: self.k = torch.cat((self.k[:, :, :start], k, self.k[:, :, stop:]), 2)  # copying all that is held makes every step cost the whole text
        # wrong: self.k[:, :, :stop] = k  # the keys that are held have been overwritten
        self.k[:, :, start:stop] = k
        # wrong: self.v[:, :, start:stop] = k  # the values are v
        # wrong: pass  # the values have to be kept as well
        self.v[:, :, start:stop] = v
        # wrong: pass  # length counts the new positions too
        # wrong: self.length += 1  # t positions have come, not always one
        self.length = stop
        # wrong: return self.k, self.v  # beyond length the buffers hold nothing yet: the views must end there
        # wrong: return self.k[:, :, start:stop], self.v[:, :, start:stop]  # all that is held is asked for, not only what is new
        # wrong: return self.k[:, :, :stop].clone(), self.v[:, :, :stop].clone()  # a view costs nothing, a copy at every step costs the whole text
        return self.k[:, :, :stop], self.v[:, :, :stop]

    def truncate(self, n: int) -> None:
        """Forget all positions but the first n."""
        # wrong: if n > self.length:  # a negative n is a ValueError as well
        #            raise ValueError("beyond what is held")
        # wrong: if not 0 <= n <= self.k.shape[2]:  # n positions are kept, and only `length` are held: the rest of the buffer is garbage
        #            raise ValueError("beyond what is held")
        # wrong: if not 0 < n <= self.length:  # keeping none of the positions is allowed
        #            raise ValueError("beyond what is held")
        # wrong: if not 0 <= n < self.length:  # keeping all of the positions is allowed
        #            raise ValueError("beyond what is held")
        if not 0 <= n <= self.length:
            raise ValueError(f"cannot keep {n} positions of {self.length}")
        # wrong: self.k[:, :, n:] = self.v[:, :, n:] = 0  # the next positions would go behind the zeros: length says what is held
        # wrong: self.length -= n  # n positions are kept, not dropped
        self.length = n


def attend(
    x: torch.Tensor,
    W: dict[str, torch.Tensor],
    H: int,
    cache: KVCache,
    rope: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> torch.Tensor:
    """Causal attention of x (B, t, D), the tokens that follow those in the cache; returns (B, t, D)."""
    # wrong: positions = torch.arange(x.shape[1])  # positions go on where the cache ends, they do not restart at 0
    # wrong: positions = torch.arange(cache.length, cache.length + x.shape[1]) + 1  # the first token of all stands at position 0
    positions = torch.arange(cache.length, cache.length + x.shape[1])
    # wrong: q, k, v = ((x @ W[name]).unflatten(-1, (H, -1)).transpose(1, 2) for name in "qkv")  # the matrices are used as x @ W.T
    # wrong: q, k, v = ((x @ W[name].T).unflatten(-1, (-1, H)).permute(0, 3, 1, 2) for name in "qkv")  # a head owns dh features side by side, not every H-th
    # wrong: q, k, v = ((x @ W[name].T).reshape(len(x), H, x.shape[1], -1) for name in "qkv")  # split the features first, then swap axes: this mixes the tokens
    q, k, v = ((x @ W[name].T).unflatten(-1, (H, -1)).transpose(1, 2) for name in "qkv")  # (B, H, t, dh)
    # wrong: pass  # queries and keys have to be rotated where a rope is given
    # wrong: if rope is not None:  # values carry no position: rotate queries and keys only
    #            q, k, v = rope(q, positions), rope(k, positions), rope(v, positions)
    # wrong: if rope is not None:  # keys are rotated as well as queries
    #            q = rope(q, positions)
    if rope is not None:
        q, k = rope(q, positions), rope(k, positions)
    # wrong: cache.x = torch.cat((getattr(cache, "x", x)[:, : cache.length], x), 1)  # the old keys are in the cache: computing them anew at every step is what it saves
    #        k_all = (cache.x @ W["k"].T).unflatten(-1, (H, -1)).transpose(1, 2)
    #        K = k_all if rope is None else rope(k_all, torch.arange(cache.x.shape[1]))
    #        V = cache.append(k, v)[1]
    # wrong: K, V = cache.append(k, v)  # the cached keys are rotated already: this turns them again at every step
    #        K = K if rope is None else rope(K, torch.arange(cache.length))
    K, V = cache.append(k, v)
    # wrong: mask = torch.ones(x.shape[1], cache.length).tril().bool()  # row 0 of the mask stands at the offset, not at position 0
    # wrong: mask = positions[:, None] > torch.arange(cache.length)  # a token attends to itself as well
    # wrong: mask = torch.ones(x.shape[1], cache.length).bool()  # inside the chunk too no token may see a later one
    # wrong: mask = torch.arange(cache.length) >= positions[0]  # the new tokens attend to the cached ones too
    mask = positions[:, None] >= torch.arange(cache.length)  # (t, length)
    # wrong: out = sdpa(q, K, V, mask, scale=x.shape[-1] ** -0.5)  # the scale comes from the width of one head, dh, not from D
    out = sdpa(q, K, V, mask)  # (B, H, t, dh)
    # wrong: return out.reshape(x.shape) @ W["o"].T  # bring the heads back beside their features before you merge them
    # wrong: return out.transpose(1, 2).flatten(2)  # the output projection is missing
    return out.transpose(1, 2).flatten(2) @ W["o"].T
