"""Convolutions are the matrices that commute with shifts

Weight sharing looks like a trick to save parameters. It is more: ask of a linear layer that a shifted signal
give a shifted output, and a convolution is all that is left. The same demand with another group of symmetries
gives graph networks, or networks for molecules; and it says which layers break it, as position embeddings do
on purpose.

A signal x has n entries on a ring. The shift S moves all of them one place on, (S x)_i = x_{(i - 1) mod n},
as np.roll(x, 1) does, and S^s is s such shifts. A function f from n numbers to n numbers is equivariant if
f(S^s x) = S^s f(x) for every x and every s; a linear one, x -> M x, is so just when M S = S M.

`circulant(w, n)`, with w (k,) and k <= n, is the matrix M (n, n) of the convolution by w around the ring (a
cross-correlation, as conv2d is: the kernel is not flipped),

    (M x)_i = sum over j = 0 ... k - 1 of w_j x_{(i + j) mod n}

`project_to_equivariant(M)` takes any real matrix (n, n) and returns the equivariant matrix (n, n) nearest to
it: the one which commutes with S and has the least sum of squared differences from M.

`eigen_by_fft(w, n)` returns the eigenvalues of circulant(w, n), complex (n,), without building the matrix:
entry m belongs to the Fourier mode F_m, whose entries are F_m[x] = exp(2 pi i m x / n) for x = 0 ... n - 1,
so that M F_m = lambda_m F_m for m = 0 ... n - 1. Here i is the imaginary unit.

`is_equivariant(f, n, rng, tol)` judges a function by trying it: it is True unless f(S^s x) and S^s f(x) are
seen to differ by more than `tol` in some entry. f takes an array (n,), which it does not change, and returns
an array (n,). The inputs have standard normal entries from the generator `rng`. Take at least 20 of them: the
functions here that are not equivariant may behave at some inputs, but every second x or more gives them away.

w is real (k,) with k >= 1, and n >= 1. A kernel longer than the ring, k > n, is a ValueError, for
eigen_by_fft too. Arrays are float64 (or complex128, where it says so). Inputs are not changed.

Bronstein et al. 2021, Geometric Deep Learning, section 3; Prince 2023, section 10.1.
"""

from collections.abc import Callable

import numpy as np


def circulant(w: np.ndarray, n: int) -> np.ndarray:
    """M (n, n) with (M x)_i = sum_j w_j x_{(i + j) mod n}; w (k,), ValueError where k > n."""
    raise NotImplementedError


def project_to_equivariant(M: np.ndarray) -> np.ndarray:
    """The matrix (n, n) nearest to M (n, n) among those that commute with the shift."""
    raise NotImplementedError


def eigen_by_fft(w: np.ndarray, n: int) -> np.ndarray:
    """lambda, complex (n,): the eigenvalues of circulant(w, n) at the modes 0 ... n - 1."""
    raise NotImplementedError


def is_equivariant(
    f: Callable[[np.ndarray], np.ndarray], n: int, rng: np.random.Generator, tol: float = 1e-9
) -> bool:
    """Whether f commutes with shifts, within tol, on at least 20 random inputs (n,)."""
    raise NotImplementedError
