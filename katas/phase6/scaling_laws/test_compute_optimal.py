from typing import Any

import numpy as np
import pytest
import sympy

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.symbolic import assert_equivalent
from katas.phase6.scaling_laws.compute_optimal import exponents, optimal, optimal_loss, overtrain_cost

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase6/scaling_laws/six_nd",),
    forbids={
        "scipy": "the optimum has a closed form: derive it on paper",
        "sympy": "derive it on paper and write down the formula",
        "torch": "the optimum has a closed form: derive it on paper",
        "jax": "the optimum has a closed form: derive it on paper",
        "mpmath": "the optimum has a closed form: derive it on paper",
    },
)

HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)  # E, A, B, alpha, beta: appendix D.3, as printed
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)  # table 1
C, E, A, B, alpha, beta, r = SYMBOLS = sympy.symbols("C E A B alpha beta r", positive=True)
MODERATE = (alpha < 2) & (beta < 2)  # keeps the powers within what can be computed


def loss(N: Any, D: Any, E: Any, A: Any, B: Any, alpha: Any, beta: Any) -> Any:
    return E + A / N**alpha + B / D**beta


def draw_law() -> tuple[float, tuple[float, ...]]:
    """A budget, and E, A, B, alpha and beta."""
    exponents = np.random.uniform(0.2, 0.6, size=2)
    factors = 10 ** np.random.uniform(2, 3.5, size=2)
    law = (np.random.uniform(1, 2), *factors, *exponents)
    return float(10 ** np.random.uniform(18, 25)), tuple(map(float, law))


def by_bisection(C: float, A: float, B: float, alpha: float, beta: float) -> float:
    """The N at which dL / dlog N changes its sign along 6 N D = C."""
    low, high = 0.0, float(np.log(C / 6))
    for _ in range(100):
        middle = (low + high) / 2
        falls = alpha * A * np.exp(-alpha * middle) > beta * B * np.exp(beta * (middle - np.log(C / 6)))
        low, high = (middle, high) if falls else (low, middle)
    return float(np.exp(low))


def test_equal_terms_share_the_budget_equally() -> None:
    assert_close(optimal(6e20, 400.0, 400.0, 0.3, 0.3), (1e10, 1e10))


def test_the_budget_is_spent() -> None:
    N, D = optimal(C, A, B, alpha, beta)
    assert_equivalent(6 * N * D, C, domain=MODERATE, name="6 N D")


def test_at_the_optimum_the_loss_neither_rises_nor_falls() -> None:
    """sympy moves N by a factor exp(t) and D by exp(-t), at which the cost stays the same."""
    t = sympy.Symbol("t", real=True)
    N, D = optimal(C, A, B, alpha, beta)
    slope = loss(N * sympy.exp(t), D * sympy.exp(-t), E, A, B, alpha, beta).diff(t).subs(t, 0)
    scale = alpha * A / N**alpha
    assert_equivalent(
        slope / scale + 1, 1, domain=MODERATE, points=5, name="1 + dL/dt over the share of N in it"
    )


@pytest.mark.parametrize("_", range(5))
def test_no_other_split_of_the_budget_is_better(_: int) -> None:
    budget, law = draw_law()
    N, D = optimal(budget, *law[1:])
    others = N * np.exp(np.linspace(-3, 3, 2001))
    losses = loss(others, budget / (6 * others), *law)
    assert abs(np.argmin(losses) - 1000) <= 1, "a model of another size has a lower loss"
    assert loss(N, D, *law) <= losses.min() * (1 + 1e-12)


@pytest.mark.parametrize("_", range(5))
def test_agrees_with_bisection(_: int) -> None:
    budget, law = draw_law()
    N = by_bisection(budget, *law[1:])
    assert_close(optimal(budget, *law[1:]), (N, budget / (6 * N)), rtol=1e-9)


def test_the_exponents_add_up_to_one() -> None:
    a, b = exponents(alpha, beta)
    assert_equivalent(a + b, 1)


def test_the_exponents_say_how_n_and_d_grow() -> None:
    for budget, law in (draw_law() for _ in range(5)):
        once, later = (by_bisection(one, *law[1:]) for one in (budget, 100 * budget))
        a = np.log(later / once) / np.log(100)
        assert_close(exponents(*law[3:]), (float(a), float(1 - a)), rtol=1e-8)


def test_n_and_d_are_powers_of_the_budget() -> None:
    N, D = optimal(C, A, B, alpha, beta)
    a, b = exponents(alpha, beta)
    assert_equivalent(C * sympy.diff(N, C) / N, a, domain=MODERATE, name="dlog N / dlog C")
    assert_equivalent(C * sympy.diff(D, C) / D, b, domain=MODERATE, name="dlog D / dlog C")


def test_what_falls_faster_needs_to_grow_less() -> None:
    # If the term of N falls twice as fast as that of D, N gets a third of the growth.
    assert_close(exponents(0.6, 0.3), (1 / 3, 2 / 3))


def test_the_constants_of_hoffmann_give_their_exponents() -> None:
    assert_close(exponents(*HOFFMANN[3:]), (0.4516, 0.5484), rtol=2e-4)


def test_chinchilla_is_optimal_by_the_constants_of_besiroglu() -> None:
    """70 billion parameters and 1.4 trillion tokens, 20 for each."""
    N, D = optimal(6 * 70e9 * 1.4e12, *BESIROGLU[1:])
    assert 60e9 < N < 85e9, f"N is {N:.3g}"
    assert 15 < D / N < 25, f"{D / N:.3g} tokens a parameter"


@pytest.mark.parametrize("_", range(5))
def test_the_optimal_loss_is_that_of_the_optimal_model(_: int) -> None:
    budget, law = draw_law()
    N = by_bisection(budget, *law[1:])
    assert_close(optimal_loss(budget, *law), loss(N, budget / (6 * N), *law))


def test_the_reducible_loss_is_a_power_law_of_the_budget() -> None:
    """Its exponent is alpha beta / (alpha + beta), below both."""
    best = optimal_loss(C, E, A, B, alpha, beta)
    shrinks = 10 ** (-6 * alpha * beta / (alpha + beta))
    later = optimal_loss(10**6 * C, E, A, B, alpha, beta)
    assert_equivalent((later - E) / (best - E), shrinks, domain=MODERATE, points=5, name="share that is left")


def test_the_optimal_model_costs_nothing_extra() -> None:
    assert abs(overtrain_cost(1, 1e21, *HOFFMANN[1:])) < 1e-12
    assert abs(overtrain_cost(1.0, 1e21, *BESIROGLU[1:])) < 1e-12


@pytest.mark.parametrize("ratio", [0.01, 0.25, 0.5, 1.5, 2.0, 10.0, 300.0])
def test_another_size_costs_its_loss_above_the_least(ratio: float) -> None:
    budget, law = draw_law()
    N = by_bisection(budget, *law[1:])
    D = budget / (6 * N)
    expected = loss(ratio * N, D / ratio, *law) - loss(N, D, *law)
    assert expected > 0
    assert_close(overtrain_cost(ratio, budget, *law[1:]), expected, rtol=1e-8)


def test_the_cost_is_convex_in_the_log_of_the_ratio() -> None:
    budget, law = draw_law()
    costs = [overtrain_cost(float(ratio), budget, *law[1:]) for ratio in np.geomspace(1 / 30, 30, 41)]
    assert (np.diff(costs, 2) > 0).all()
    assert np.argmin(costs) == 20


def test_half_the_size_costs_as_much_as_twice_where_both_terms_are_alike() -> None:
    half, twice = (overtrain_cost(ratio, 6e20, 400.0, 400.0, 0.3, 0.3) for ratio in (0.5, 2.0))
    assert_close(half, twice)
    assert_close(half, 400 / 1e3 * (2**0.3 + 2**-0.3 - 2))


def test_the_cost_follows_from_the_difference_in_symbols_too() -> None:
    N, D = optimal(C, A, B, alpha, beta)
    expected = loss(r * N, D / r, E, A, B, alpha, beta) - loss(N, D, E, A, B, alpha, beta)
    cost = overtrain_cost(r, C, A, B, alpha, beta)
    assert_equivalent(cost, expected, symbols=SYMBOLS, domain=MODERATE & (r < 5), points=5)


def test_floats_give_floats() -> None:
    results = [
        *optimal(1e21, *HOFFMANN[1:]),
        *exponents(*HOFFMANN[3:]),
        optimal_loss(1e21, *HOFFMANN),
        overtrain_cost(0.5, 1e21, *HOFFMANN[1:]),
    ]
    assert all(type(one) is float for one in results)
