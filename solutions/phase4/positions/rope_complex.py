"""The score is Re sum_j q_j conj(k_j) exp(i (m - n) w_j): the two rotations have become one, by the distance. That is the
whole point of RoPE: absolute positions go in, and only relative ones are left. Nothing is learned, and the transpose
of a rotation is its inverse, so the gradient is turned back by the same angle.
"""

import torch

HINTS = (
    "The speeds w_j are those of the sinusoidal encodings. torch divides integers to float32: say float64 where the first "
    "tensor is made.",
    "torch.complex makes complex numbers of two real tensors, here of every second entry. (torch.view_as_complex is quicker, "
    "and particular about memory.) torch.view_as_real gives back a last axis of size 2, which `flatten` can remove.",
    "cis (T, d/2) broadcasts over all leading axes by itself, since T and the pairs are the last two axes of z. That is also "
    "why a wrong table may slip through: compare shapes first.",
    "The dot product of two complex numbers read as vectors is Re(a conj(b)). What happens to the two rotations in it?",
)


def freqs_cis(d: int, T: int, base: float = 10000.0) -> torch.Tensor:
    """The table exp(i t w_j), complex128 (T, d/2), for the positions 0 ... T - 1."""
    # wrong: t = torch.arange(T, dtype=torch.float32)  # float32 angles are off by 0.004 at position 1e5
    #        return torch.exp(1j * torch.outer(t, _speeds(d, base).float())).to(torch.complex128)
    # wrong: t = torch.arange(T).bfloat16().double()  # bfloat16 cannot count beyond 256
    # wrong: t = torch.arange(1, T + 1, dtype=torch.float64)  # positions count from 0: the first one is not turned
    t = torch.arange(T)
    # wrong: return torch.exp(-1j * torch.outer(t, _speeds(d, base)))  # this turns the other way round
    # wrong: return torch.exp(1j * torch.outer(t, _speeds(d, base))).to(torch.complex64)  # the table is complex128
    # wrong: return torch.exp(1j * torch.outer(t, 1 / _speeds(d, base)))  # later pairs turn more slowly, not faster
    return torch.exp(1j * torch.outer(t, _speeds(d, base)))


def apply_rope(x: torch.Tensor, cis: torch.Tensor) -> torch.Tensor:
    """Turn each row of x (..., T, d) by its row of cis (T, d/2); returns (..., T, d) in the dtype of x."""
    # wrong: pass  # a table with one row, or one column, would broadcast without a word: compare the shapes
    # wrong: if 2 * cis.shape[1] != x.shape[-1]:  # the number of positions has to fit as well
    #            raise ValueError(f"cis {tuple(cis.shape)} does not fit x {tuple(x.shape)}")
    # wrong: if cis.shape != (x.shape[-2], x.shape[-1] // 2):  # an odd width has to raise, too
    #            raise ValueError(f"cis {tuple(cis.shape)} does not fit x {tuple(x.shape)}")
    if (len(cis), 2 * cis.shape[1]) != x.shape[-2:]:
        raise ValueError(f"cis {tuple(cis.shape)} does not fit x {tuple(x.shape)}")
    x64 = x.double()
    # wrong: z = torch.complex(*x64.chunk(2, -1))  # neighbours make a pair, not entries j and j + d/2
    # wrong: z = torch.complex(x64[..., 1::2], x64[..., 0::2])  # the even entry is the real part
    # wrong: z = torch.view_as_complex(x64.unflatten(-1, (-1, 2)))  # this wants neighbours in memory: slices and transposes are not
    # wrong: z = torch.complex(x64[..., 0::2], x64[..., 1::2]).detach()  # no gradient gets through a detach
    z = torch.complex(x64[..., 0::2], x64[..., 1::2])  # (..., T, d/2)
    # wrong: z = z + cis  # a complex number is turned by multiplying; adding is what the sinusoidal code does
    # wrong: z = z * cis.conj()  # this turns the other way round
    # wrong: z = z * cis[0]  # every position has a row of its own
    # wrong: z = z * cis[:, None]  # the rows of cis go with the axis T of x, not with the axis before it
    z = z * cis
    # wrong: return torch.view_as_real(z).flatten(-2)  # the result has the dtype of x
    # wrong: return z.to(x.dtype)  # d/2 complex numbers are d real ones: this keeps the real parts only
    # wrong: return torch.cat([z.real, z.imag], -1).to(x.dtype)  # the parts of a pair go back side by side
    return torch.view_as_real(z).flatten(-2).to(x.dtype)


def rope_score(q: torch.Tensor, k: torch.Tensor, m: int, n: int, base: float = 10000.0) -> float:
    """The dot product of q (d,) turned to position m and k (d,) turned to position n; a Python float."""
    # wrong: turn = torch.exp(1j * (m + n) * _speeds(len(q), base))  # q and k turn the same way, so the angles are subtracted
    # wrong: turn = torch.exp(1j * (n - m) * _speeds(len(q), base))  # the query's angle counts forward, the key's backward
    # wrong: turn = torch.exp(1j * abs(m - n) * _speeds(len(q), base))  # ahead and behind are different directions
    # wrong: turn = torch.exp(1j * (m - n) * _speeds(len(q), 10000.0))  # base is not used
    turn = torch.exp(1j * (m - n) * _speeds(len(q), base))
    a, b = (torch.complex(x[0::2].double(), x[1::2].double()) for x in (q, k))
    # wrong: return float((a * b * turn).sum().real)  # the dot product of two complex numbers needs a conjugate
    # wrong: return float((a * b.conj() * turn).sum().abs())  # the dot product is the real part, and may be negative
    # wrong: return float((a * b.conj() * turn).sum().real) / len(q) ** 0.5  # the score is the dot product, without attention's scale
    return float((a * b.conj() * turn).sum().real)


def _speeds(d: int, base: float) -> torch.Tensor:
    """Radians a position for each pair, float64 (d/2,), falling."""
    # wrong: pass  # an odd width leaves an entry without a partner: raise
    if d < 2 or d % 2:
        raise ValueError(f"d is even and at least 2, not {d}")
    # wrong: return base ** (-torch.arange(0, d, 2) / d).double()  # integers divide to float32: too coarse by position 1e5
    # wrong: return base ** (-torch.arange(d // 2, dtype=torch.float64) / d)  # the exponent is 2j/d: a factor of 2 is missing
    return base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
