from collections.abc import Callable

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase6.scaling_laws.isoflop import isoflop_fit, parabola_min, predict

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase6/scaling_laws/power_law_fit", "phase6/scaling_laws/compute_optimal"),
    forbids={
        "numpy.polyfit": "solve the three normal equations, or the least squares of a matrix (m, 3)",
        "numpy.polynomial": "solve the three normal equations, or the least squares of a matrix (m, 3)",
        "scipy": "solve the three normal equations, or the least squares of a matrix (m, 3)",
        "sklearn": "solve the three normal equations, or the least squares of a matrix (m, 3)",
        "torch": "numpy has all that is needed",
    },
)

Runs = dict[float, tuple[np.ndarray, np.ndarray]]
TIGHT = 1e-6  # relative: normal equations in log N without a shift lose digits, and may


def sizes(middle: float, m: int, factor: float = 4.0) -> np.ndarray:
    """m sizes from middle / factor to factor * middle."""
    return middle * np.geomspace(1 / factor, factor, m)


def valley(N: np.ndarray, bottom: float, height: float, width: float = 0.05) -> np.ndarray:
    """Losses on an exact parabola in log N."""
    return height + width * np.log(N / bottom) ** 2


def draw_valley(m: int) -> tuple[np.ndarray, np.ndarray]:
    N = sizes(10 ** np.random.uniform(7, 10), m) * np.random.uniform(0.9, 1.1, size=m)
    return N, valley(N, 1.2 * N.mean(), 2.5) + 0.003 * np.random.normal(size=m)


def draw_runs() -> Runs:
    """Five budgets of 3 to 9 runs, whose bottoms scatter about a power law."""
    runs = {}
    for C in 10 ** np.linspace(18, 21, 5):
        bottom = 0.1 * C**0.5 * np.random.uniform(0.7, 1.4)
        N = sizes(bottom * np.random.uniform(0.5, 2), np.random.randint(3, 10))
        runs[float(C)] = N, valley(N, bottom, 40 * C**-0.06, np.random.uniform(0.03, 0.1))
    return runs


def by_polyfit(N: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    middle = np.log(N).mean()
    s, q, p = np.polyfit(np.log(N) - middle, loss, 2)
    return float(np.exp(middle - q / (2 * s))), float(p - q * q / (4 * s))


def surface(C: float, alpha: float, beta: float, factor: float, m: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Runs at C on E + A N^-alpha + B D^-beta, at sizes up to `factor` to either side of the best one."""
    A, B = 480.0, 2000.0
    N = sizes(
        (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (C / 6) ** (beta / (alpha + beta)), m, factor
    )
    return N, 1.8 + A * N**-alpha + B * (C / (6 * N)) ** -beta


def test_a_symmetric_valley_has_its_bottom_in_the_middle() -> None:
    N = np.array([1e8, 1e9, 1e10])
    assert_close(parabola_min(N, np.array([3.0, 2.0, 3.0])), (1e9, 2.0), rtol=TIGHT)


def test_three_runs_lie_on_the_parabola() -> None:
    # With log10 N at 0, 1, 2: 4.5 - 3 t + t^2 has its bottom at t = 1.5, height 2.25.
    N = np.array([1.0, 10.0, 100.0])
    assert_close(parabola_min(N, np.array([4.5, 2.5, 2.5])), (10**1.5, 2.25), rtol=TIGHT)


@pytest.mark.parametrize("m", [3, 4, 9, 40])
@pytest.mark.parametrize("bottom", [3e6, 2e9, 5e12])
def test_the_bottom_of_an_exact_parabola_is_found(bottom: float, m: int) -> None:
    N = np.random.permutation(sizes(bottom * np.random.uniform(0.6, 1.7), m))
    assert_close(parabola_min(N, valley(N, bottom, 2.3)), (bottom, 2.3), rtol=TIGHT)


@pytest.mark.parametrize("m", [4, 6, 30])
def test_scattered_runs_agree_with_polyfit(m: int) -> None:
    N, loss = draw_valley(m)
    assert_close(parabola_min(N, loss), by_polyfit(N, loss), rtol=TIGHT)


def test_the_bottom_is_not_the_best_run() -> None:
    N = np.array([1e8, 2e8, 4e8, 8e8])
    bottom, _ = parabola_min(N, valley(N, 2.7e8, 2.0))
    assert np.abs(N / bottom - 1).min() > 0.2


@pytest.mark.parametrize("outside", [0.02, 0.1, 15.0, 80.0])
def test_the_bottom_may_lie_outside_the_runs(outside: float) -> None:
    N = sizes(1e9, 6)
    assert_close(parabola_min(N, valley(N, outside * 1e9, 1.5)), (outside * 1e9, 1.5), rtol=1e-5)


def test_the_unit_of_n_scales_the_bottom_alone() -> None:
    N, loss = draw_valley(8)
    bottom, height = by_polyfit(N, loss)
    assert_close(parabola_min(N / 1e6, loss), (bottom / 1e6, height), rtol=TIGHT)


def test_a_run_twice_counts_twice() -> None:
    N, loss = draw_valley(6)
    N, loss = np.r_[N, N[:2]], np.r_[loss, loss[:2]]
    assert_close(parabola_min(N, loss), by_polyfit(N, loss), rtol=TIGHT)


def test_bottoms_on_a_power_law_give_it_back() -> None:
    runs: Runs = {}
    for C in (1e18, 3e18, 1e20, 6e21):
        N = sizes(0.3 * C**0.48 * np.random.uniform(0.7, 1.4), 7)
        runs[C] = N, valley(N, 0.3 * C**0.48, 50 * C**-0.07)
    assert_close(isoflop_fit(runs), (0.48, 0.3), rtol=1e-5)


def test_scattered_bottoms_are_fitted_in_log_n() -> None:
    runs = draw_runs()
    budgets = np.log(list(runs))
    bottoms = [np.log(by_polyfit(*pair)[0]) for pair in runs.values()]
    a, log_G = np.polyfit(budgets, bottoms, 1)
    assert_close(isoflop_fit(runs), (float(a), float(np.exp(log_G))), rtol=1e-5)


def test_two_budgets_fix_the_law() -> None:
    N = sizes(1e9, 5)
    runs = {1e18: (N, valley(N, 1e9, 2.0)), 1e20: (N, valley(N, 8e9, 2.0))}
    a = np.log10(8) / 2  # 8 times the size for 100 times the compute
    assert_close(isoflop_fit(runs), (float(a), float(1e9 / 1e18**a)), rtol=1e-5)


def test_the_order_of_budgets_and_runs_does_not_matter() -> None:
    runs, shuffled = draw_runs(), {}
    for C in reversed(runs):
        order = np.random.permutation(len(runs[C][0]))
        shuffled[C] = runs[C][0][order], runs[C][1][order]
    assert_close(isoflop_fit(shuffled), isoflop_fit(runs), rtol=1e-5)


# A parabola is not the shape of a valley, but it is wrong by the same factor at every budget: the exponent
# comes out exact, and the bottom is a few per cent off.
@pytest.mark.parametrize("factor", [2.0, 4.0])
@pytest.mark.parametrize(("alpha", "beta"), [(0.34, 0.28), (0.35, 0.37), (0.45, 0.25)])
def test_the_exponent_of_a_smooth_surface_is_recovered(alpha: float, beta: float, factor: float) -> None:
    runs = {float(C): surface(C, alpha, beta, factor) for C in 10 ** np.linspace(18, 21, 6)}
    a, G = isoflop_fit(runs)
    assert_close(a, beta / (alpha + beta), rtol=1e-5, name="a")
    best = np.sqrt(surface(1e22, alpha, beta, factor)[0][[0, -1]].prod())
    assert_close(G * 1e22**a, best, rtol=0.1, atol=0, name="N at ten times the largest budget")


# Measured over 4,000 draws: log N at ten times the largest budget is -0.004 +- 0.013 off, so a limit of 0.08
# is 6 standard deviations away, a chance below 1e-8.
def test_noise_of_a_thousandth_leaves_a_forecast_to_a_few_per_cent() -> None:
    runs = {}
    for C in 10 ** np.linspace(18, 21, 6):
        N, loss = surface(C, 0.35, 0.37, 4.0)
        runs[float(C)] = N, loss * np.exp(0.001 * np.random.normal(size=9))
    a, G = isoflop_fit(runs)
    best = surface(1e22, 0.35, 0.37, 4.0)[0][4]
    assert abs(np.log(G * 1e22**a / best)) < 0.08


def test_a_forecast_spends_the_budget() -> None:
    # 0.1 (1e24)^(1/2) = 1e11 parameters; 1e24 / 6e11 tokens.
    assert_close(predict(0.5, 0.1, 1e24), (1e11, 1e13 / 6))


@pytest.mark.parametrize(("a", "G"), [(0.46, 1.3), (0.5126, 0.05), (0.73, 1e-5)])
def test_a_forecast_follows_the_law(a: float, G: float) -> None:
    (N, D), (later, more) = predict(a, G, 1e20), predict(a, G, 1e22)
    assert_close((N, later / N), (G * 1e20**a, 100**a))
    assert_close((N * D, later * more), (1e20 / 6, 1e22 / 6))


def test_results_are_floats() -> None:
    results = [*parabola_min(*draw_valley(5)), *isoflop_fit(draw_runs()), *predict(0.5, 0.1, 1e22)]
    assert all(isinstance(one, float) for one in results)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    N, loss = draw_valley(7)
    for (_, N2), (_, loss2) in zip(layouts(N), layouts(loss), strict=True):
        runs = {1e18: (N2, loss2), 1e20: (N2, loss2)}
        with assert_unchanged(N2, loss2, runs):
            assert_close(parabola_min(N2, loss2), by_polyfit(N, loss), rtol=TIGHT)
            assert abs(isoflop_fit(runs)[0]) < 1e-9
        assert list(runs) == [1e18, 1e20]


@pytest.mark.parametrize(
    "curve",
    [
        lambda u: 3 - 0.05 * (u - u.mean()) ** 2,
        lambda u: 2 - 0.1 * (u - u.mean()) - 1e-3 * u**2,
        lambda u: np.full(len(u), 2.5),
        lambda u: 5 - 0.1 * u,
        lambda u: 0.1 * u,
    ],
    ids=["concave", "falling and concave", "flat", "straight down", "straight up"],
)
def test_what_has_no_bottom_raises(curve: Callable[[np.ndarray], np.ndarray]) -> None:
    for m in (3, 8):
        N = sizes(1e9, m)
        with pytest.raises(ValueError):
            parabola_min(N, curve(np.log(N)))
        with pytest.raises(ValueError):
            isoflop_fit({1e18: (N, valley(N, 1e9, 2.0)), 1e20: (N, curve(np.log(N)))})


def test_a_shallow_valley_still_has_a_bottom_and_a_shallower_one_has_none() -> None:
    N = sizes(1e9, 9, factor=20.0)
    limit = 1e-6 * 5.0 / np.log(400) ** 2  # of s, where the losses are 5 and log N spans log 400
    assert_close(parabola_min(N, valley(N, 1.5e9, 5.0, width=1.5 * limit)), (1.5e9, 5.0), rtol=1e-2)
    with pytest.raises(ValueError):
        parabola_min(N, valley(N, 1.5e9, 5.0, width=0.7 * limit))


@pytest.mark.parametrize(
    ("N", "loss"),
    [
        ([1e8, 2e8], [2.0, 1.0]),
        ([1e8, 2e8, 1e8, 2e8], [2.0, 1.0, 2.1, 1.1]),
        ([1e8, 2e8, 4e8, 8e8], [2.0, 1.0, 2.0]),
        ([1e8, 2e8, 4e8], [2.0]),
        ([1e8, 0.0, 4e8, 8e8], [2.0, 1.0, 2.0, 3.0]),
        ([1e8, -2e8, 4e8, 8e8], [2.0, 1.0, 2.0, 3.0]),
        ([], []),
    ],
)
def test_runs_that_fix_no_parabola_raise(N: list[float], loss: list[float]) -> None:
    with pytest.raises(ValueError):
        parabola_min(np.array(N), np.array(loss))


def test_a_single_budget_fixes_no_law() -> None:
    with pytest.raises(ValueError):
        isoflop_fit({1e20: draw_valley(9)})
    with pytest.raises(ValueError):
        isoflop_fit({})
