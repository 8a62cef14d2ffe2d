"""The two layouts are one function up to a fixed permutation, and a dot product does not care about a permutation that
both sides share. So the permutation can be paid once, in the rows of the query and key weights, and never at run time.
Values are not turned, so their weights stay as they are; forget that, or a bias, and the port is broken again.
"""

import torch

HINTS = (
    "Share what the two layouts have in common: cos and sin of all angles, (T, d/2) or (B, T, d/2). Only how a pair is read and "
    "written back differs: every second entry and stack, or halves and cat.",
    "positions[..., None] times the d/2 speeds gives the angles; make the speeds float64 from the start. For positions (B, T) "
    "insert axes of size 1 after B until the angles have as many axes as x: broadcasting fills from the right.",
    "The only shapes of positions to let through are (T,) and (B, T), with B the first axis of an x of three axes or more.",
    "For the weights, name the axes of the rows: H heads, d/2 pairs, 2 entries of a pair. The half layout has the last two the "
    "other way round.",
)


def rope_interleaved(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Turn the pairs (2j, 2j + 1) of each row of x (..., T, d) to its position, (T,) or (B, T)."""
    cos, sin = _cos_sin(x, positions, base)
    # wrong: first, second = x.double().chunk(2, -1)  # here neighbours make a pair; halves are for rope_half
    first, second = x.double()[..., 0::2], x.double()[..., 1::2]
    # wrong: pairs = first * cos + second * sin, second * cos - first * sin  # this turns the other way round
    # wrong: pairs = first * cos - second * sin, first * sin - second * cos  # a rotation keeps lengths: one sign is off
    pairs = first * cos - second * sin, first * sin + second * cos
    # wrong: return torch.cat(pairs, -1).to(x.dtype)  # each pair goes back to where it was read: side by side
    # wrong: return torch.stack(pairs, -1).flatten(-2)  # the result has the dtype of x
    return torch.stack(pairs, -1).flatten(-2).to(x.dtype)


def rope_half(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Turn the pairs (j, j + d/2) of each row of x (..., T, d) to its position, (T,) or (B, T)."""
    cos, sin = _cos_sin(x, positions, base)
    # wrong: first, second = x.double()[..., 0::2], x.double()[..., 1::2]  # here entries j and j + d/2 make a pair, not neighbours
    first, second = x.double().chunk(2, -1)
    # wrong: pairs = first * cos + second * sin, second * cos - first * sin  # rotate_half is (-second, first), not (second, -first)
    # wrong: cos, sin = (one.repeat_interleave(2, -1) for one in (cos, sin))  # halves want cos as c0 c1 ... c0 c1 ...; c0 c0 c1 c1 ... is for neighbours
    #        return (x.double() * cos + torch.cat([-second, first], -1) * sin).to(x.dtype)
    # wrong: cos, sin = cos.to(x.dtype), sin.to(x.dtype)  # cos and sin in the dtype of x lose digits: round once, at the end
    #        first, second = x.chunk(2, -1)
    #        return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)
    pairs = first * cos - second * sin, first * sin + second * cos
    # wrong: return torch.stack(pairs, -1).flatten(-2).to(x.dtype)  # each pair goes back to where it was read: d/2 apart
    return torch.cat(pairs, -1).to(x.dtype)


def interleaved_to_half(W: torch.Tensor, H: int) -> torch.Tensor:
    """The rows of W (H d, D), permuted within each of H >= 1 heads for use with rope_half."""
    # wrong: pass  # rows that make no H heads of even width have to raise ValueError
    # wrong: if len(W) % H:  # the width of a head has to be even as well
    #            raise ValueError(f"{len(W)} rows do not make {H} heads of even width")
    if len(W) % (2 * H):
        raise ValueError(f"{len(W)} rows do not make {H} heads of even width")
    # wrong: return torch.cat([W[0::2], W[1::2]])  # this permutes across heads: each head keeps its rows
    # wrong: return W.unflatten(0, (H, 2, -1)).transpose(1, 2).flatten(0, 2)  # this is the way back, from halves to neighbours
    # wrong: return W.unflatten(0, (-1, H, 2)).transpose(1, 2).flatten(0, 2)  # heads are the outermost axis of the rows
    # wrong: return W.unflatten(0, (H, -1, 2)).flip(2).transpose(1, 2).flatten(0, 2)  # first and second have changed roles: scores would see n - m
    return W.unflatten(0, (H, -1, 2)).transpose(1, 2).flatten(0, 2)  # (H, d/2, 2, D) to (H, 2, d/2, D)


def _cos_sin(x: torch.Tensor, positions: torch.Tensor, base: float) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin of every angle, float64, of as many axes as x: (..., T, d/2)."""
    *batch, T, d = x.shape
    # wrong: pass  # other shapes may broadcast without a word, and an odd width has an entry too many: raise
    # wrong: if d < 2 or d % 2:  # positions of another shape may broadcast without a word: raise
    #            raise ValueError(f"positions {tuple(positions.shape)} do not fit x {tuple(x.shape)}, or d is odd")
    # wrong: if positions.shape not in ((T,), (*batch[:1], T)):  # an odd width has an entry too many: raise
    #            raise ValueError(f"positions {tuple(positions.shape)} do not fit x {tuple(x.shape)}, or d is odd")
    if d < 2 or d % 2 or positions.shape not in ((T,), (*batch[:1], T)):
        raise ValueError(f"positions {tuple(positions.shape)} do not fit x {tuple(x.shape)}, or d is odd")
    # wrong: speeds = base ** (-torch.arange(0, d, 2) / d)  # integers divide to float32: too coarse by position 1e5
    # wrong: speeds = base ** (-torch.arange(d // 2, dtype=torch.float64) / d)  # the exponent is 2j/d: a factor of 2 is missing
    speeds = base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    # wrong: angles = torch.arange(T)[:, None] * speeds  # positions are given, and need not be 0 ... T - 1
    # wrong: angles = positions.clamp(min=0)[..., None] * speeds  # negative positions turn back
    # wrong: angles = (positions - positions[..., :1])[..., None] * speeds  # a token keeps its absolute position, whatever stands first
    angles = positions[..., None] * speeds  # (T, d/2) or (B, T, d/2)
    # wrong: pass  # unaided, (B, T) broadcasts its B against the heads of x (B, H, T, d)
    # wrong: angles = angles.reshape(*[1] * (x.ndim - angles.ndim), *angles.shape)  # B is the first axis of x: the ones go after it
    angles = angles.reshape(*positions.shape[:-1], *[1] * (x.ndim - angles.ndim), T, d // 2)
    # wrong: return angles.sin(), angles.cos()  # cos and sin have changed places
    return angles.cos(), angles.sin()
