import mpmath
import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase6.scaling_laws.chinchilla_fit import fit, huber, objective

KATA = Kata(
    difficulty=4,
    minutes=60,
    needs=("phase6/scaling_laws/isoflop",),
    forbids={
        "scipy": "write a descent with the gradient that you derived, or use torch.optim.LBFGS",
        "sklearn": "write a descent with the gradient that you derived, or use torch.optim.LBFGS",
        "jax": "derive the gradient by hand",
        "autograd": "derive the gradient by hand",
        "torch.autograd.grad": "derive the gradient by hand",
        "torch.autograd.backward": "derive the gradient by hand",
        "torch.Tensor.backward": "derive the gradient by hand",
        "torch.func": "derive the gradient by hand",
        "torch.nn.functional.huber_loss": "write both branches",
        "torch.nn.functional.smooth_l1_loss": "write both branches",
        "torch.nn.HuberLoss": "write both branches",
        "torch.nn.SmoothL1Loss": "write both branches",
    },
    seconds=60,
)

Runs = tuple[np.ndarray, np.ndarray, np.ndarray]
Law = tuple[float, float, float, float, float]  # E, A, B, alpha, beta
KEYS = ["E", "A", "B", "alpha", "beta"]
BESIROGLU: Law = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)
INITS = [(a, b, 0.5, k, k) for a in (5.0, 10.0) for b in (5.0, 10.0) for k in (0.2, 0.5)]


def draw_law() -> Law:
    low, high = (1.5, 300, 500, 0.3, 0.3), (2.0, 700, 2000, 0.4, 0.4)
    E, A, B, alpha, beta = np.random.uniform(low, high).tolist()
    return E, A, B, alpha, beta


def draw_runs(law: Law, n: int = 60, rng: np.random.Generator | None = None) -> Runs:
    """N from 3e7 to 1e10, D from 1e9 to 3e11, and the losses of the law."""
    uniform = (rng or np.random).uniform
    N, D = 10 ** uniform(7.5, 10, n), 10 ** uniform(9, 11.5, n)
    E, A, B, alpha, beta = law
    return N, D, E + A / N**alpha + B / D**beta


def residuals(theta: np.ndarray, N: np.ndarray, D: np.ndarray, loss: np.ndarray) -> np.ndarray:
    a, b, e, alpha, beta = theta
    terms = a - alpha * np.log(N), b - beta * np.log(D)
    return np.logaddexp(np.logaddexp(*terms), e) - np.log(loss)


def by_reweighting(law: Law, runs: Runs, delta: float) -> np.ndarray:
    """The theta near a law that minimises the Huber loss: damped least squares, reweighted at every step."""
    E, A, B, alpha, beta = law
    theta, damping = np.array([np.log(A), np.log(B), np.log(E), alpha, beta]), 1e-3

    def value(theta: np.ndarray) -> float:
        return float(sum(by_cases(one, delta) for one in residuals(theta, *runs)))

    for _ in range(150):
        r = residuals(theta, *runs)
        J = np.stack(
            [(residuals(theta + h, *runs) - residuals(theta - h, *runs)) / 2e-6 for h in 1e-6 * np.eye(5)], 1
        )
        weights = delta / np.maximum(np.abs(r), delta)
        H = J.T @ (weights[:, None] * J)
        step = np.linalg.solve(H + damping * np.diag(H.diagonal()), -J.T @ (weights * r))
        better = value(theta + step) < value(theta)
        theta, damping = theta + step * better, damping * (0.2 if better else 5.0)
    return theta


def by_cases(r: float, delta: float) -> float:
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


def test_the_huber_loss_is_a_parabola_that_turns_into_a_line() -> None:
    r = np.array([0.0, 0.5, -0.5, 2.0, -2.0, 3.0])
    assert_close(huber(r, 2.0), np.array([0.0, 0.125, 0.125, 2.0, 2.0, 4.0]))


@pytest.mark.parametrize("delta", [1e-3, 0.2, 5.0])
@pytest.mark.parametrize("shape", [(), (1,), (40,), (3, 4)])
def test_the_huber_loss_agrees_with_its_two_cases(shape: tuple[int, ...], delta: float) -> None:
    r = np.asarray(3 * delta * np.random.normal(size=shape))
    expected = np.array([by_cases(float(one), delta) for one in r.ravel()]).reshape(shape)
    assert_close(huber(r, delta), expected)


def test_by_default_delta_is_a_thousandth() -> None:
    r = np.array([-0.1, 2e-3, 1e-3, 5e-4])
    assert_close(huber(r), np.array([by_cases(one, 1e-3) for one in r]))
    runs = draw_runs(draw_law(), 5)
    theta = (5.0, 6.0, 0.5, 0.3, 0.3)
    assert_close(objective(theta, *runs), objective(theta, *runs, delta=1e-3))


def test_the_true_law_has_no_residuals() -> None:
    E, A, B, alpha, beta = law = draw_law()
    value, grad = objective((np.log(A), np.log(B), np.log(E), alpha, beta), *draw_runs(law))
    assert 0 <= value < 1e-25
    assert np.abs(grad).max() < 1e-10


@pytest.mark.parametrize("delta", [1e-3, 0.05, 10.0])
@pytest.mark.parametrize("n", [1, 2, 30])
def test_the_objective_sums_huber_losses_of_log_residuals(n: int, delta: float) -> None:
    theta = np.array([5.5, 7.0, 0.6, 0.31, 0.36]) + 0.02 * np.random.normal(size=5)
    runs = draw_runs(draw_law(), n)
    expected = sum(by_cases(one, delta) for one in residuals(theta, *runs))
    assert_close(objective(theta, *runs, delta)[0], expected, name="value")


@pytest.mark.parametrize("delta", [1e-3, 0.05, 10.0])
@pytest.mark.parametrize("n", [1, 2, 30])
def test_the_gradient_agrees_with_finite_differences(n: int, delta: float) -> None:
    theta = np.array([5.5, 7.0, 0.6, 0.31, 0.36]) + 0.02 * np.random.normal(size=5)
    runs = draw_runs(draw_law(), n)

    def value(theta: np.ndarray) -> float:
        return float(sum(by_cases(one, delta) for one in residuals(theta, *runs)))

    assert_gradients(value, [theta], [objective(theta, *runs, delta)[1]], names=["theta"])


def test_every_run_counts_in_full() -> None:
    """A sum, not a mean: all runs twice are twice the objective."""
    N, D, loss = draw_runs(draw_law(), 9)
    theta = (5.0, 6.0, 0.4, 0.3, 0.3)
    value, grad = objective(theta, N, D, loss)
    assert_close(objective(theta, np.tile(N, 2), np.tile(D, 2), np.tile(loss, 2)), (2 * value, 2 * grad))


def test_no_failed_run_pulls_harder_than_delta() -> None:
    theta = np.array([5.5, 7.0, 0.6, 0.31, 0.36])
    N, D, loss = draw_runs(BESIROGLU, 1)
    grads = [objective(theta, N, D, loss * ruin)[1] for ruin in (3.0, 1e6, 1e-6)]
    assert_close(grads[1], grads[0])
    assert_close(grads[2], -grads[0])
    assert_close(abs(grads[0][:3].sum()), 1e-3)  # the three terms share it


@pytest.mark.parametrize(
    "theta",
    [
        (2000.0, 7.0, 0.6, 0.3, 0.3),
        (5.0, 2000.0, 0.6, 0.3, 0.3),
        (-2000.0, -2000.0, 0.6, 0.3, 0.3),
        (-2000.0, -1990.0, -1995.0, 0.3, 0.3),
        (2000.0, 1990.0, 1995.0, 0.3, 0.3),
        (5.0, 7.0, 0.6, 60.0, 60.0),
        (5.0, -9000.0, -9000.0, 200.0, 0.3),  # each run has terms of another size
    ],
)
def test_terms_of_any_size_are_summed_without_overflow(theta: tuple[float, ...]) -> None:
    N, D, loss = draw_runs(draw_law(), 6)
    a, b, e, alpha, beta = map(mpmath.mpf, theta)
    value, slopes = mpmath.mpf(0), np.zeros(5)
    for n, d, y in zip(N.tolist(), D.tolist(), loss.tolist(), strict=True):
        terms = [
            mpmath.exp(a) * mpmath.mpf(n) ** -alpha,
            mpmath.exp(b) * mpmath.mpf(d) ** -beta,
            mpmath.exp(e),
        ]
        r = mpmath.log(sum(terms)) - mpmath.log(y)
        value += 1e-3 * (abs(r) - 5e-4)  # no residual is near delta
        shares = [float(mpmath.sign(r) * 1e-3 * term / sum(terms)) for term in terms]
        slopes += np.array([*shares, -shares[0] * np.log(n), -shares[1] * np.log(d)])
    found = objective(theta, N, D, loss)
    assert_close(found, (float(value), slopes), rtol=1e-9)


@pytest.mark.parametrize("_", range(2))
def test_clean_runs_give_the_law_back(_: int) -> None:
    law = draw_law()
    found = fit(*draw_runs(law), INITS)
    assert sorted(found) == sorted(KEYS)
    assert_close([found["alpha"], found["beta"]], [*law[3:]], atol=1e-3, rtol=0, name="alpha, beta")
    assert_close([found[key] for key in KEYS[:3]], [*law[:3]], rtol=0.03, atol=0, name="E, A, B")


# On these runs least squares moves alpha and beta by more than 0.03, the Huber loss by less than 0.002. They
# are drawn from a generator of their own, so nothing here depends on chance.
def test_five_failed_runs_hardly_move_the_fit() -> None:
    rng = np.random.default_rng(4)
    N, D, loss = draw_runs(BESIROGLU, rng=rng)
    loss[rng.choice(60, 5, replace=False)] *= 1.5
    found = fit(N, D, loss, INITS)
    assert_close([found["alpha"], found["beta"]], [*BESIROGLU[3:]], atol=0.01, rtol=0, name="alpha, beta")
    squares = by_reweighting(BESIROGLU, (N, D, loss), delta=1e9)
    assert abs(squares[4] - BESIROGLU[4]) > 0.03, "least squares resists the failed runs: the data are wrong"


def test_noisy_runs_are_fitted_down_to_the_minimum() -> None:
    """Not to somewhere near it: this is where the published fit stopped early."""
    rng = np.random.default_rng(1)
    N, D, loss = draw_runs(BESIROGLU, rng=rng)
    loss = loss * np.exp(0.003 * rng.normal(size=60))
    best = by_reweighting(BESIROGLU, (N, D, loss), delta=1e-3)
    found = fit(N, D, loss, INITS)
    assert_close([found["alpha"], found["beta"]], best[3:].tolist(), atol=1e-3, rtol=0, name="alpha, beta")
    assert_close([found[key] for key in KEYS[:3]], np.exp(best[[2, 0, 1]]).tolist(), rtol=0.03, atol=0)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_useless_start_does_no_harm(place: int) -> None:
    """From (0, 0, 0.5, 2, 2) both power laws are lost in rounding beside E: no gradient leads away."""
    law = draw_law()
    inits = [(5.0, 10.0, 0.5, 0.2, 0.2), (10.0, 5.0, 0.5, 0.5, 0.5)]
    inits.insert(place, (0.0, 0.0, 0.5, 2.0, 2.0))
    found = fit(*draw_runs(law), inits)
    assert_close([found["alpha"], found["beta"]], [*law[3:]], atol=1e-3, rtol=0, name="alpha, beta")


def test_the_unit_of_d_changes_b_alone() -> None:
    N, D, loss = draw_runs(BESIROGLU)
    found = fit(N, D / 1e6, loss, [(a, b - k * np.log(1e6), e, k, k) for a, b, e, k, _ in INITS[:4]])
    E, A, B, alpha, beta = BESIROGLU
    assert_close([found["alpha"], found["beta"]], [alpha, beta], atol=1e-3, rtol=0, name="alpha, beta")
    assert_close([found[key] for key in KEYS[:3]], [E, A, B / 1e6**beta], rtol=0.03, atol=0, name="E, A, B")


def test_any_memory_layout_and_order_will_do_and_inputs_stay_unchanged() -> None:
    N, D, loss = draw_runs(draw_law(), 8)
    theta = np.array([5.0, 6.0, 0.4, 0.3, 0.3])
    expected = objective(theta, N, D, loss)
    order = np.random.permutation(8)
    assert_close(objective(theta, N[order], D[order], loss[order]), expected)
    for (_, N2), (_, D2), (_, y2), (_, theta2) in zip(*map(layouts, (N, D, loss, theta)), strict=True):
        with assert_unchanged(N2, D2, y2, theta2):
            assert_close(objective(theta2, N2, D2, y2), expected)
    inits = [tuple(theta.tolist())]
    with assert_unchanged(N, D, loss, inits):
        huber(loss)
        fit(N, D, loss, inits)
