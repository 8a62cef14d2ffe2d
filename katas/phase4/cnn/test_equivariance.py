from collections.abc import Callable

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.cnn.equivariance import circulant, eigen_by_fft, is_equivariant, project_to_equivariant

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase4/cnn/conv2d_loops",),
    forbids={
        "scipy": "place the weights yourself",
        "torch": "numpy's indices and its FFT are all it takes",
        "numpy.linalg.eig": "the modes are known: no search for eigenvectors is needed",
        "numpy.linalg.eigvals": "the modes are known: no search for eigenvectors is needed",
    },
)
SIZES = [(1, 1), (1, 4), (2, 2), (2, 5), (3, 4), (5, 5), (3, 8)]  # k and n
every_size = pytest.mark.parametrize(("k", "n"), SIZES)
SIGNALS = 8  # the n of the functions below

Function = Callable[[np.ndarray], np.ndarray]


def draw(*shape: int) -> np.ndarray:
    return np.random.normal(size=shape)


def shift(n: int) -> np.ndarray:
    """S (n, n): moves every entry one place on."""
    return np.roll(np.eye(n), 1, axis=0)


def by_loops(w: np.ndarray, n: int) -> np.ndarray:
    M = np.zeros((n, n))
    for i in range(n):
        for j in range(len(w)):
            M[i, (i + j) % n] += w[j]
    return M


def average_over_shifts(M: np.ndarray) -> np.ndarray:
    """The mean of S^-s M S^s."""
    n = len(M)
    powers = [np.linalg.matrix_power(shift(n), s) for s in range(n)]
    return sum((S.T @ M @ S for S in powers), np.zeros((n, n))) / n


def verdict(f: Function, n: int = SIGNALS, seed: int = 0, tol: float = 1e-9) -> bool:
    return bool(is_equivariant(f, n, np.random.default_rng(seed), tol))


# The matrix ---------------------------------------------------------------------------------------------


def test_each_row_is_the_row_above_moved_on() -> None:
    a, b, c = draw(3)
    expected = np.array([[a, b, c, 0], [0, a, b, c], [c, 0, a, b], [b, c, 0, a]])
    assert_close(circulant(np.array([a, b, c]), 4), expected)


@every_size
def test_it_slides_the_kernel_around_the_ring(k: int, n: int) -> None:
    w, x = draw(k), draw(n)
    expected = [sum(w[j] * x[(i + j) % n] for j in range(k)) for i in range(n)]
    assert_close(circulant(w, n) @ x, np.array(expected))


@every_size
def test_it_commutes_with_the_shift(k: int, n: int) -> None:
    w = draw(k)
    M = circulant(w, n)
    assert_close(M @ shift(n), shift(n) @ M)
    assert_close(M[0, :k], w, name="the first row")


def test_convolutions_commute_with_one_another() -> None:
    U, V = circulant(draw(3), 7), circulant(draw(5), 7)
    assert U.any()
    assert_close(U @ V, V @ U)


def test_sums_and_maxima_over_all_places_do_not_feel_a_shift() -> None:
    M, x = circulant(draw(3), 6), draw(6)
    for s in range(6):
        y = M @ np.roll(x, s)
        assert_close(y.sum(), (M @ x).sum())
        assert_close(y.max(), (M @ x).max())


# The projection -----------------------------------------------------------------------------------------


def test_what_has_to_be_equal_is_averaged() -> None:
    M = np.array([[1.0, 2.0], [6.0, 5.0]])
    assert_close(project_to_equivariant(M), np.array([[3.0, 4.0], [4.0, 3.0]]))


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_the_projection_commutes_with_the_shift(n: int) -> None:
    P = project_to_equivariant(draw(n, n))
    assert P.any()
    assert_close(P @ shift(n), shift(n) @ P)


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_a_convolution_is_left_as_it_is(n: int) -> None:
    M = by_loops(draw(n), n)
    assert_close(project_to_equivariant(M), M)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_what_is_taken_away_is_at_right_angles_to_all_convolutions(n: int) -> None:
    M = draw(n, n)
    rest = M - project_to_equivariant(M)
    assert np.abs(rest).max() > 1e-6
    for place in range(n):
        one = by_loops(np.eye(n)[place], n)
        assert_close((rest * one).sum(), 0.0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_the_projection_is_the_average_over_the_group(n: int) -> None:
    M = draw(n, n)
    assert_close(project_to_equivariant(M), average_over_shifts(M))


def test_projecting_again_changes_nothing() -> None:
    P = project_to_equivariant(draw(5, 5))
    assert P.any()
    assert_close(project_to_equivariant(P), P)


# The eigenvalues ----------------------------------------------------------------------------------------


@every_size
def test_fourier_modes_are_only_stretched(k: int, n: int) -> None:
    w, places = draw(k), np.arange(n)
    M, eigenvalues = by_loops(w, n), eigen_by_fft(w, n)
    assert eigenvalues.shape == (n,)
    for m in range(n):
        mode = np.exp(2j * np.pi * m * places / n)
        assert_close(eigenvalues[m] * mode, M @ mode, atol=1e-12, name=f"mode {m}")


@every_size
def test_eigenvalues_are_sums_over_the_kernel(k: int, n: int) -> None:
    w, modes = draw(k), np.arange(n)
    expected = sum(w[j] * np.exp(2j * np.pi * modes * j / n) for j in range(k))
    assert_close(eigen_by_fft(w, n), expected, atol=1e-12)


def test_a_difference_is_blind_to_the_mean_and_a_mean_to_the_fastest_mode() -> None:
    assert_close(eigen_by_fft(np.array([1.0, -1.0]), 6)[[0, 3]], np.array([0, 2 + 0j]), atol=1e-12)
    assert_close(eigen_by_fft(np.array([0.5, 0.5]), 6)[[0, 3]], np.array([1 + 0j, 0]), atol=1e-12)


def test_one_filter_after_another_multiplies_the_eigenvalues() -> None:
    u, v = draw(3), draw(4)
    both = (by_loops(u, 9) @ by_loops(v, 9))[0]
    assert_close(eigen_by_fft(both, 9), eigen_by_fft(u, 9) * eigen_by_fft(v, 9), atol=1e-11)


# The judge ----------------------------------------------------------------------------------------------

KERNEL = by_loops(np.array([0.5, -1.0, 2.0]), SIGNALS)
RAMP = np.arange(float(SIGNALS))


def test_a_convolution_is_equivariant() -> None:
    assert verdict(lambda x: KERNEL @ x)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.maximum(KERNEL @ x + 0.3, 0),
        lambda x: x**2 - np.roll(x, 3),
        lambda x: np.roll(x, -1),
        lambda x: np.full(SIGNALS, x.sum()),
        lambda x: np.full(SIGNALS, x.max()),
        lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
        lambda x: np.zeros(SIGNALS),
    ],
    ids=["conv + relu", "squares", "a shift", "global sum", "global max", "softmax", "zeros"],
)
def test_so_is_what_treats_all_places_alike(f: Function) -> None:
    assert verdict(f)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: KERNEL @ x + 0.01 * RAMP,
        lambda x: np.cos(np.outer(RAMP, RAMP)) @ x,
        lambda x: x.mean() * RAMP,
        lambda x: np.where(RAMP > 0, x, 0),
        lambda x: np.convolve(x, [1.0, 2.0, 3.0], mode="same"),
        lambda x: np.cumsum(x),
    ],
    ids=["position bias", "fully connected", "mean, then linear", "one place cut", "zero padding", "cumsum"],
)
def test_a_function_that_knows_where_it_is_is_not(f: Function) -> None:
    assert not verdict(f)


@pytest.mark.parametrize("f", [np.sort, lambda x: np.abs(np.fft.fft(x))], ids=["sort", "spectrum"])
def test_what_does_not_move_with_its_input_is_invariant_and_not_equivariant(f: Function) -> None:
    assert not verdict(f)


def test_a_mirror_moves_the_wrong_way() -> None:
    assert not verdict(lambda x: x[::-1])


@pytest.mark.parametrize("period", [2, 4])
def test_to_respect_some_shifts_is_not_enough(period: int) -> None:
    assert not verdict(lambda x: x * (1 + RAMP % period))


def test_a_sign_that_depends_on_the_place_is_noticed() -> None:
    assert not verdict(lambda x: x * (-1) ** RAMP)
    assert not verdict(lambda x: np.abs(x) * (-1) ** RAMP)


@pytest.mark.parametrize("seed", range(12))
def test_a_function_may_behave_at_some_inputs_alone(seed: int) -> None:
    """Half of all inputs, those with a positive sum, do not give it away."""
    assert not verdict(lambda x: x if x.sum() > 0 else RAMP * x, seed=seed)


def test_what_holds_for_positive_numbers_need_not_hold_for_all() -> None:
    assert not verdict(lambda x: np.maximum(x, 0) + RAMP * np.minimum(x, 0))


def test_the_inputs_are_drawn_from_the_generator() -> None:
    seen: list[list[bytes]] = []
    for seed in (1, 1, 2):
        asked: list[bytes] = []
        assert verdict(lambda x, asked=asked: (asked.append(np.sort(x).tobytes()), x)[1], seed=seed)
        seen.append(asked)
    assert seen[0] == seen[1]
    assert len(set(seen[0]) - set(seen[2])) >= 20


def test_the_tolerance_is_what_is_allowed() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return x + np.array([0, 0.25, 0.25, 0.25])

    assert not verdict(f, 4)
    assert not verdict(f, 4, tol=0.2)
    assert verdict(f, 4, tol=0.3)
    assert verdict(lambda x: x, 4, tol=0.0)


def test_a_difference_of_a_billionth_is_allowed_by_default() -> None:
    for gap, allowed in ((0.7e-9, True), (1.5e-9, False)):
        bias = gap * np.array([1.0, 0, 0, 0])
        assert is_equivariant(lambda x, bias=bias: x + bias, 4, np.random.default_rng(0)) == allowed


# Edges --------------------------------------------------------------------------------------------------


def test_on_a_ring_of_one_everything_commutes() -> None:
    assert_close(circulant(np.array([3.0]), 1), np.array([[3.0]]))
    assert_close(project_to_equivariant(np.array([[4.0]])), np.array([[4.0]]))
    assert_close(eigen_by_fft(np.array([3.0]), 1), np.array([3 + 0j]))
    assert verdict(lambda x: x**3 + 1, 1)


@pytest.mark.parametrize(("k", "n"), [(2, 1), (4, 3), (9, 4)])
def test_a_kernel_longer_than_the_ring_is_a_value_error(k: int, n: int) -> None:
    with pytest.raises(ValueError):
        circulant(np.ones(k), n)
    with pytest.raises(ValueError):
        eigen_by_fft(np.ones(k), n)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    w, M = draw(3), draw(5, 5)
    for _, kernel in layouts(w):
        with assert_unchanged(kernel):
            assert_close(circulant(kernel, 5), by_loops(w, 5))
            assert_close(eigen_by_fft(kernel, 5)[0], complex(w.sum()))
    for _, matrix in layouts(M):
        with assert_unchanged(matrix):
            assert_close(project_to_equivariant(matrix), average_over_shifts(M))
