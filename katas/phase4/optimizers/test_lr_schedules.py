from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase4.optimizers.lr_schedules import warmup_cosine, wsd

KATA = Kata(
    difficulty=2,
    minutes=15,
    forbids={
        "torch": "each phase is one line of arithmetic",
        "transformers": "each phase is one line of arithmetic",
        "optax": "each phase is one line of arithmetic",
    },
)

MAX, MIN = 3e-3, 4e-4
Schedule = Callable[..., float]
FIXED: list[tuple[Schedule, tuple[int, ...]]] = [(warmup_cosine, (10, 50)), (wsd, (10, 25, 15))]
every_schedule = pytest.mark.parametrize(("schedule", "lengths"), FIXED)


def path(schedule: Schedule, steps: int, *lengths: int) -> np.ndarray:
    return np.array([schedule(step, MAX, MIN, *lengths) for step in range(steps)])


@every_schedule
def test_the_warmup_rises_from_0_in_equal_steps(schedule: Schedule, lengths: tuple[int, ...]) -> None:
    assert_close(path(schedule, 11, *lengths), np.linspace(0, MAX, 11))


def test_the_cosine_is_half_way_down_at_half_time() -> None:
    assert_close(warmup_cosine(30, MAX, MIN, 10, 50), (MAX + MIN) / 2)


def test_the_cosine_starts_at_max_lr_and_ends_at_min_lr() -> None:
    assert_close(warmup_cosine(10, MAX, MIN, 10, 50), MAX)
    assert_close(warmup_cosine(50, MAX, MIN, 10, 50), MIN)


def test_the_cosine_agrees_with_torch() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=MAX)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40, eta_min=MIN)
    expected = []
    for _ in range(41):
        expected.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    assert_close(path(warmup_cosine, 51, 10, 50)[10:], np.array(expected))


@pytest.mark.parametrize(("warmup", "total"), [(0, 40), (7, 40), (1, 4)])
def test_the_cosine_is_symmetric_about_its_middle(warmup: int, total: int) -> None:
    """So its mean is half of max_lr + min_lr."""
    cosine = path(warmup_cosine, total + 1, warmup, total)[warmup:]
    assert_close(cosine + cosine[::-1], np.full(len(cosine), MAX + MIN))
    assert_close(cosine.mean(), (MAX + MIN) / 2)


def test_the_plateau_of_wsd_stays_at_max_lr() -> None:
    assert_close(path(wsd, 36, 10, 25, 15)[10:], np.full(26, MAX))


def test_the_decay_of_wsd_falls_in_equal_steps() -> None:
    assert_close(path(wsd, 51, 10, 25, 15)[35:], np.linspace(MAX, MIN, 16))


@every_schedule
@pytest.mark.parametrize("late", [50, 51, 75, 90, 150, 100_000])
def test_after_the_end_the_rate_stays_at_min_lr(
    schedule: Schedule, lengths: tuple[int, ...], late: int
) -> None:
    assert_close(schedule(late, MAX, MIN, *lengths), MIN)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 40), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_rates_rise_once_and_fall_once_without_a_jump(
    warmup: int, stable: int, decay: int, share: float
) -> None:
    low, total = share * MAX, warmup + stable + decay
    for rates, slope in (
        ([warmup_cosine(t, MAX, low, warmup, total) for t in range(total + 5)], np.pi / 2 / (total - warmup)),
        ([wsd(t, MAX, low, warmup, stable, decay) for t in range(total + 5)], 1 / decay),
    ):
        steps = np.diff(rates)
        assert (steps[:warmup] > 0).all(), "the rate does not rise throughout the warmup"
        assert (steps[warmup:] <= 1e-12 * MAX).all(), "the rate rises after the warmup"
        assert steps[:warmup].max() <= MAX / warmup * (1 + 1e-9), "the warmup jumps"
        assert -steps[warmup:].min() <= (MAX - low) * slope * (1 + 1e-9) + 1e-15, "the decay jumps"


def test_without_a_warmup_the_first_step_has_max_lr() -> None:
    assert_close(warmup_cosine(0, MAX, MIN, 0, 8), MAX)
    assert_close(wsd(0, MAX, MIN, 0, 5, 3), MAX)
    assert_close(wsd(0, MAX, MIN, 0, 0, 4), MAX)


@pytest.mark.parametrize(("schedule", "lengths"), [(warmup_cosine, (4, 4)), (wsd, (4, 0, 0))])
def test_a_run_of_warmup_alone_drops_to_min_lr(schedule: Schedule, lengths: tuple[int, ...]) -> None:
    assert_close(path(schedule, 7, *lengths), np.array([0, MAX / 4, MAX / 2, 3 * MAX / 4, MIN, MIN, MIN]))


def test_without_a_plateau_the_decay_follows_the_warmup() -> None:
    assert_close(path(wsd, 5, 2, 0, 2), np.array([0, MAX / 2, MAX, (MAX + MIN) / 2, MIN]))


def test_without_a_decay_the_plateau_drops_to_min_lr() -> None:
    assert_close(path(wsd, 5, 1, 2, 0), np.array([0, MAX, MAX, MIN, MIN]))


@pytest.mark.parametrize(("schedule", "lengths"), [(warmup_cosine, (0, 0)), (wsd, (0, 0, 0))])
def test_a_run_of_no_steps_is_over_from_the_start(schedule: Schedule, lengths: tuple[int, ...]) -> None:
    assert_close(schedule(0, MAX, MIN, *lengths), MIN)


@every_schedule
@pytest.mark.parametrize("step", [0, 5, 10, 30, 40, 50, 60])
def test_the_result_is_a_python_float(schedule: Schedule, lengths: tuple[int, ...], step: int) -> None:
    assert type(schedule(step, MAX, MIN, *lengths)) is float


@pytest.mark.parametrize(
    "arguments", [(-1, 10, 50), (0, 51, 50), (60, 51, 50), (0, -1, 50), (60, -1, 50), (0, 0, -1)]
)
def test_a_cosine_with_negative_numbers_or_too_long_a_warmup_raises(arguments: tuple[int, int, int]) -> None:
    step, *lengths = arguments
    with pytest.raises(ValueError):
        warmup_cosine(step, MAX, MIN, *lengths)


@pytest.mark.parametrize(
    "arguments", [(-1, 10, 25, 15), (0, -1, 25, 15), (0, 10, -1, 15), (0, 10, 25, -1), (99, 10, 25, -1)]
)
def test_a_wsd_with_negative_numbers_raises(arguments: tuple[int, int, int, int]) -> None:
    step, *lengths = arguments
    with pytest.raises(ValueError):
        wsd(step, MAX, MIN, *lengths)
