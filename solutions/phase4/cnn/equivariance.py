"""Averaging over a group is all it takes to make a layer respect it: the projection averages S^-s M S^s over all shifts,
and of n^2 free weights n are left, one for each wrapped diagonal. All these matrices have the same eigenvectors, the Fourier
modes, whatever the weights: that is why they commute with one another, and why a convolution can be computed by
an FFT. Its eigenvalues are the filter's frequency response: (1, -1) is blind to mode 0, the mean.
"""

from collections.abc import Callable

import numpy as np

HINTS = (
    "Write circulant for n = 4 and k = 2 by hand: each row is the row above, moved one place to the right around the corner.",
    "A matrix commutes with the shift just when M[i, l] depends on (l - i) mod n alone. The nearest such matrix replaces the "
    "entries that have to be equal by one number: which one has the least squares?",
    "Put F_m into the sum: x_{(i + j) mod n} becomes F_m[i] exp(2 pi i m j / n). What stands before F_m[i] is the "
    "eigenvalue. Compare its sign and its factor with the definitions of np.fft.fft and np.fft.ifft.",
    "If f commutes with S it commutes with every S^s: one shift is enough, but not the shift by 0. Many inputs are needed, "
    "since a function that is not linear may behave at some of them.",
)


def circulant(w: np.ndarray, n: int) -> np.ndarray:
    """M (n, n) with (M x)_i = sum_j w_j x_{(i + j) mod n}; w (k,), ValueError where k > n."""
    # wrong: pass  # a kernel longer than the ring is a ValueError
    # wrong: if len(w) >= n:  # a kernel as long as the ring fits
    #            raise ValueError(f"{len(w)} weights on a ring of {n}")
    if len(w) > n:
        raise ValueError(f"{len(w)} weights on a ring of {n}")
    M = np.zeros((n, n))
    i = np.arange(n)
    for j, weight in enumerate(w):
        # wrong: M[i, (i - j) % n] = weight  # this flips the kernel: w_j looks j places ahead
        # wrong: M[i[: n - j], i[: n - j] + j] = weight  # the ring is closed: what leaves on the right comes in on the left
        # wrong: M[(i + j) % n, i] = weight  # this is the transpose: the row is the output i
        # wrong: M[i, (i + j - len(w) // 2) % n] = weight  # w_0 meets x_i: the kernel is not centred
        M[i, (i + j) % n] = weight
    return M


def project_to_equivariant(M: np.ndarray) -> np.ndarray:
    """The matrix (n, n) nearest to M (n, n) among those that commute with the shift."""
    n = len(M)
    i = np.arange(n)
    # wrong: means = M.mean(0)  # the entries that have to be equal are along a wrapped diagonal, not in a column
    # wrong: means = [M[i, (i + j) % n].sum() for j in range(n)]  # the nearest common number is the mean
    # wrong: means = [np.median(M[i, (i + j) % n]) for j in range(n)]  # least squares ask for the mean
    # wrong: means = M[0]  # the first row has no more say than the others
    # wrong: means = [np.diag(M, j).mean() for j in range(n)]  # each diagonal goes on at the other side of the matrix
    # wrong: means = [M[i, (i - j) % n].mean() for j in range(n)]  # this gives the transpose of the projection
    # wrong: means = [M[i, (j - i) % n].mean() for j in range(n)]  # M[i, l] has to depend on l - i, not on l + i
    means = [M[i, (i + j) % n].mean() for j in range(n)]
    # wrong: return np.tile(means, (n, 1))  # each row is the row above, moved on by one
    return circulant(np.array(means), n)


def eigen_by_fft(w: np.ndarray, n: int) -> np.ndarray:
    """lambda, complex (n,): the eigenvalues of circulant(w, n) at the modes 0 ... n - 1."""
    # wrong: pass  # cut off at n a longer kernel would go unnoticed: it is a ValueError
    if len(w) > n:
        raise ValueError(f"{len(w)} weights on a ring of {n}")
    # wrong: return np.fft.fft(w, n)  # the exponent has the other sign: these are the conjugates, and belong to a flipped kernel
    # wrong: return np.fft.ifft(w, n)  # ifft divides by n, an eigenvalue is the plain sum
    # wrong: return np.fft.ifft(w, n, norm="ortho")  # there is no factor before the sum
    # wrong: return len(w) * np.fft.ifft(w, n)  # ifft divides by the length of the padded kernel
    # wrong: return np.abs(np.fft.fft(w, n)).astype(complex)  # eigenvalues are complex: the phase says how far the mode is moved
    # wrong: return np.fft.fftshift(n * np.fft.ifft(w, n))  # modes go from 0 to n - 1, as they come
    return n * np.fft.ifft(w, n)


def is_equivariant(
    f: Callable[[np.ndarray], np.ndarray], n: int, rng: np.random.Generator, tol: float = 1e-9
) -> bool:
    """Whether f commutes with shifts, within tol, on at least 20 random inputs (n,)."""
    # wrong: inputs = rng.normal(size=(1, n))  # one input may happen to be a harmless one
    # wrong: inputs = np.random.default_rng(0).normal(size=(40, n))  # the inputs come from the generator that is given
    # wrong: inputs = rng.random((40, n))  # these entries are all positive: a function may be equivariant there and nowhere else
    # wrong: inputs = np.repeat(rng.normal(size=(40, 1)), n, axis=1)  # a constant does not change when it is shifted
    # wrong: inputs = np.eye(n)[rng.integers(n, size=40)]  # single peaks show what a linear f does, but not the others
    # wrong: inputs = np.repeat(rng.normal(size=(1, n)), 40, axis=0)  # these are forty times the same input
    inputs = rng.normal(size=(40, n))
    # wrong: gaps = [f(np.roll(x, 0)) - np.roll(f(x), 0) for x in inputs]  # a shift by 0 shows nothing
    # wrong: gaps = [f(np.roll(x, n // 2)) - np.roll(f(x), n // 2) for x in inputs]  # a function may respect shifts by half the ring alone
    # wrong: gaps = [f(np.roll(x, 1)) - f(x) for x in inputs]  # this asks for invariance: the output has to move along
    # wrong: gaps = [np.sort(f(np.roll(x, 1))) - np.sort(f(x)) for x in inputs]  # the values have to be in the right places
    # wrong: gaps = [f(np.roll(x, 1)) - np.roll(f(x), -1) for x in inputs]  # the output moves the same way as the input
    # wrong: gaps = [np.abs(f(np.roll(x, 1))) - np.abs(np.roll(f(x), 1)) for x in inputs]  # signs count
    # wrong: gaps = [(f(np.roll(x, 1)) - np.roll(f(x), 1)).sum() for x in inputs]  # sums agree even where the entries do not
    gaps = [f(np.roll(x, 1)) - np.roll(f(x), 1) for x in inputs]
    # wrong: return bool(np.abs(gaps).min() <= tol)  # one entry that is off is enough
    # wrong: return bool(np.abs(gaps).mean() <= tol)  # one entry that is off is enough: it must not drown in a mean
    # wrong: return bool((np.abs(gaps).max(1) <= tol).any())  # f has to pass at all inputs, not at one of them
    # wrong: return bool(np.abs(gaps).max() <= 1e-9)  # the tolerance is given
    # wrong: return bool(np.abs(gaps).max() < tol)  # within the tolerance includes its end, else nothing passes with tol = 0
    return bool(np.abs(gaps).max() <= tol)
