"""Read sin and cos of a pair as a point on a circle: the shift by k turns it by k w_i, and a dot product of two such points
is the cosine of the angle between them. Written as complex numbers, PE[t] is exp(i t w), and multiplying by exp(i k w)
shifts: that is the next kata. The kernel, summed over many speeds, peaks at distance 0 and decays, with ripples.
"""

import numpy as np

HINTS = (
    "Start with the d/2 speeds w_i. The angles of all positions and pairs are then one outer product, (T, d/2).",
    "Sines go to the even columns and cosines to the odd ones: write into every second column, or stack on a new last axis "
    "and reshape.",
    "sin(a + b) and cos(a + b) are sums of products of sin a, cos a with sin b, cos b: read off, for one pair, the 2 x 2 "
    "matrix that turns (sin a, cos a) into (sin(a + b), cos(a + b)). M holds d/2 such blocks on its diagonal.",
    "sin a sin b + cos a cos b is one cosine. Of what?",
)


def sinusoidal(T: int, d: int, base: float = 10000.0) -> np.ndarray:
    """The encodings PE (T, d) of the positions 0 ... T - 1."""
    # wrong: angles = np.outer(np.arange(1, T + 1), _speeds(d, base))  # positions count from 0
    # wrong: angles = np.outer(np.arange(T), 1 / _speeds(d, base))  # the position is divided by base^(2i/d), not multiplied
    # wrong: angles = 2 * np.pi * np.outer(np.arange(T), _speeds(d, base))  # the angle is t w in radians: no factor of 2 pi
    # wrong: angles = np.outer(np.arange(T), _speeds(d, base)).astype(np.float32)  # float32 cannot hold large angles to ten digits
    angles = np.outer(np.arange(T), _speeds(d, base))  # (T, d/2)
    # wrong: return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)  # sines and cosines alternate here: columns 2i and 2i + 1
    # wrong: return np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(T, d)  # the sine comes first, in the even column
    # wrong: return np.stack([np.sin(angles), np.cos(angles)], axis=1).reshape(T, d)  # stacked on this axis, all sines come before all cosines
    # wrong: return np.stack([np.sin(angles), np.sin(angles)], axis=-1).reshape(T, d)  # odd columns are cosines
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(T, d)


def shift_matrix(k: int, d: int, base: float = 10000.0) -> np.ndarray:
    """The one matrix M (d, d) with M @ PE[t] = PE[t + k] for every t."""
    # wrong: angles = abs(k) * _speeds(d, base)  # a negative shift turns the other way
    angles = k * _speeds(d, base)  # (d/2,)
    # wrong: sines, cosines = np.arange(d // 2), np.arange(d // 2, d)  # these are the pairs of the half-and-half layout
    sines, cosines = np.arange(0, d, 2), np.arange(1, d, 2)
    # wrong: M = np.eye(d)  # the diagonal is cos(k w), which is 1 only for k = 0
    #        M[sines, cosines] = np.sin(angles)
    #        M[cosines, sines] = -np.sin(angles)
    #        return M
    M = np.zeros((d, d))
    M[sines, sines] = M[cosines, cosines] = np.cos(angles)
    # wrong: M[sines, cosines] = -np.sin(angles)  # with the sine on top, this turns backwards
    #        M[cosines, sines] = np.sin(angles)
    #        return M
    M[sines, cosines] = np.sin(angles)
    # wrong: M[cosines, sines] = np.sin(angles)  # a rotation has both signs: this one does not keep lengths
    # wrong: pass  # cos(a + b) has a second term, minus sin a sin b
    M[cosines, sines] = -np.sin(angles)
    return M


def dot_kernel(k: int, d: int, base: float = 10000.0) -> float:
    """The dot product of PE[t] and PE[t + k], which is the same for every t; a Python float."""
    # wrong: return float(np.sin(k * _speeds(d, base)).sum())  # sin a sin b + cos a cos b is a cosine
    # wrong: return float(np.cos(k * _speeds(d, base)).mean())  # a dot product is a sum, not a mean
    # wrong: return float(sinusoidal(abs(k) + 1, d, base)[k].sum())  # this sums the sines too: only the cosines belong
    return float(np.cos(k * _speeds(d, base)).sum())


def _speeds(d: int, base: float) -> np.ndarray:
    """Radians a position for each pair, (d/2,), falling."""
    # wrong: pass  # an odd width leaves a sine without its cosine: raise
    # wrong: if d % 2:  # a width of 0 or less holds no pair: raise
    #            raise ValueError(f"d is even and at least 2, not {d}")
    if d < 2 or d % 2:
        raise ValueError(f"d is even and at least 2, not {d}")
    # wrong: return base ** (-np.arange(d // 2) / d)  # the exponent is 2i/d: a factor of 2 is missing
    # wrong: return base ** (-(np.arange(0, d, 2) // d)).astype(float)  # integer division makes every exponent 0
    # wrong: return base ** (-2 * np.arange(0, d, 2) / d)  # 2i is counted twice
    # wrong: return base ** (-np.arange(d // 2) / max(d // 2 - 1, 1))  # this reaches 1/base; the exponents stop at (d - 2)/d
    return base ** (-np.arange(0, d, 2) / d)
