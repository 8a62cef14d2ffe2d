import math
from collections.abc import Callable

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase6.diffusion.noise_schedules import (
    alpha_bar,
    cosine_betas,
    linear_betas,
    rescale_zero_terminal,
    snr,
)

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={
        "torch": "numpy's running product and the formulas of the statement are all it takes",
        "diffusers": "numpy's running product and the formulas of the statement are all it takes",
    },
)


def draw(T: int) -> np.ndarray:
    """betas (T,) in no particular order."""
    return np.random.uniform(0.01, 0.4, T)


def products(betas: np.ndarray) -> np.ndarray:
    """alpha_bar by its definition."""
    return np.array([math.prod(1 - float(beta) for beta in betas[:t]) for t in range(1, len(betas) + 1)])


def test_the_linear_schedule_has_both_its_ends_and_equal_steps() -> None:
    betas = linear_betas(5, 0.1, 0.3)
    assert_close(betas, np.array([0.1, 0.15, 0.2, 0.25, 0.3]))


@pytest.mark.parametrize("T", [1, 2, 7, 1000])
def test_there_is_one_beta_for_each_step(T: int) -> None:
    assert_close(linear_betas(T), np.array([1e-4 + (0.02 - 1e-4) * i / max(T - 1, 1) for i in range(T)]))
    assert cosine_betas(T).shape == (T,)


def test_the_signal_that_is_left_is_a_product() -> None:
    assert_close(alpha_bar(np.array([0.5, 0.2, 0.75])), np.array([0.5, 0.4, 0.1]))


@pytest.mark.parametrize("T", [1, 2, 9, 300])
def test_logarithms_of_the_signal_add_up(T: int) -> None:
    betas = draw(T)
    left = alpha_bar(betas)
    assert_close(np.log(left), np.cumsum(np.log1p(-betas)))
    assert_close(left, products(betas))


def test_linear_betas_of_a_thousand_steps_leave_almost_nothing() -> None:
    """With the numbers of Ho et al. 2020."""
    assert_close(alpha_bar(linear_betas(1000))[-1], 4.04e-5, rtol=0.01, atol=0)


@pytest.mark.parametrize("s", [0.0, 0.008, 0.2])
@pytest.mark.parametrize("T", [2, 5, 50, 1000])
def test_the_cosine_betas_give_a_squared_cosine(T: int, s: float) -> None:
    """Before the clipped end: the product of the betas' complements telescopes."""
    kept = cosine_betas(T, s)[:-1]
    angles = (np.arange(1, T) / T + s) / (1 + s) * math.pi / 2
    wanted = (np.cos(angles) / math.cos(s / (1 + s) * math.pi / 2)) ** 2
    assert (kept < 0.999).all()
    assert_close(products(kept), wanted)


@pytest.mark.parametrize(("T", "s"), [(1, 0.0), (1, 0.3), (2, 0.1), (10, 0.008), (40, 0.0)])
@pytest.mark.parametrize("max_beta", [0.999, 0.3, 0.05])
def test_no_cosine_beta_is_above_the_largest_allowed(T: int, s: float, max_beta: float) -> None:
    """cos^2 a - cos^2 b = sin(b - a) sin(b + a), which needs neither f(t) nor its ratio."""
    a, b = ((np.arange(T) + one) / T + s for one in (0, 1))
    a, b = a / (1 + s) * math.pi / 2, b / (1 + s) * math.pi / 2
    fall = np.sin(b - a) * np.sin(b + a) / np.cos(a) ** 2
    assert_close(cosine_betas(T, s, max_beta), np.where(fall < max_beta, fall, max_beta))


def test_half_way_the_cosine_keeps_half_of_the_signal_and_the_line_a_twelfth() -> None:
    cosine, linear = (float(alpha_bar(schedule(1000))[499]) for schedule in (cosine_betas, linear_betas))
    assert 0.49 < cosine < 0.5
    assert 0.078 < linear < 0.08


def test_without_a_largest_beta_the_cosine_leaves_nothing() -> None:
    assert_close(cosine_betas(8, max_beta=1.0)[-1], 1.0)


@pytest.mark.parametrize("T", [1, 2, 30])
def test_signal_to_noise_is_their_ratio(T: int) -> None:
    betas = draw(T)
    signal = products(betas)
    assert_close(snr(betas), signal / (1 - signal))


def test_equal_shares_of_signal_and_noise_have_ratio_one() -> None:
    assert_close(snr(np.array([0.5, 0.5, 0.2])), np.array([1.0, 1 / 3, 0.25]))


@pytest.mark.parametrize("schedule", [linear_betas, cosine_betas])
def test_the_noise_only_ever_gains(schedule: Callable[[int], np.ndarray]) -> None:
    ratio = snr(schedule(200))
    assert (ratio > 0).all()
    assert (np.diff(ratio) < 0).all()


def line(betas: np.ndarray) -> np.ndarray:
    """sqrt(alpha_bar) after rescaling, from two conditions on c and d."""
    r = np.sqrt(products(betas))
    c, d = np.linalg.solve([[r[0], 1], [r[-1], 1]], [r[0], 0])
    return c * r + d


@pytest.mark.parametrize("T", [2, 3, 8, 40])
def test_rescaling_moves_and_stretches_the_root_of_the_signal(T: int) -> None:
    betas = draw(T)
    assert_close(np.sqrt(products(rescale_zero_terminal(betas))), line(betas), atol=1e-9)


def test_rescaled_betas_are_proper_ones() -> None:
    betas = np.linspace(0.001, 0.05, 60)
    rescaled = rescale_zero_terminal(betas)
    left = line(betas) ** 2
    assert_close(rescaled, np.append(betas[0], 1 - left[1:] / left[:-1]), rtol=1e-8)
    assert (rescaled > 0).all()
    assert (rescaled <= 1).all()


@pytest.mark.parametrize("T", [2, 5, 100, 1000])
def test_the_last_step_of_a_rescaled_schedule_leaves_exactly_nothing(T: int) -> None:
    rescaled = rescale_zero_terminal(np.linspace(1e-4, 0.02, T))
    assert rescaled[-1] == 1
    assert_close(rescaled[0], 1e-4)


def test_a_schedule_that_ends_in_noise_needs_no_rescaling() -> None:
    betas = np.append(draw(5), 1.0)
    assert_close(rescale_zero_terminal(betas), betas)


def test_a_beta_of_one_leaves_no_signal() -> None:
    betas = np.array([0.5, 1.0])
    assert_close(alpha_bar(betas), np.array([0.5, 0.0]))
    assert_close(snr(betas), np.array([1.0, 0.0]))
    assert_close(alpha_bar(np.ones(1)), np.zeros(1))


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    betas = draw(6)
    signal = products(betas)
    for _, one in layouts(betas):
        with assert_unchanged(one):
            assert_close(alpha_bar(one), signal)
            assert_close(snr(one), signal / (1 - signal))
            assert_close(np.sqrt(products(rescale_zero_terminal(one))), line(betas), atol=1e-9)


@pytest.mark.parametrize("schedule", [linear_betas, cosine_betas])
@pytest.mark.parametrize("T", [0, -1])
def test_a_schedule_has_at_least_one_step(schedule: Callable[[int], np.ndarray], T: int) -> None:
    with pytest.raises(ValueError):
        schedule(T)


@pytest.mark.parametrize("beta", [0.3, 1.0])
def test_a_single_step_cannot_be_rescaled(beta: float) -> None:
    with pytest.raises(ValueError):
        rescale_zero_terminal(np.array([beta]))
