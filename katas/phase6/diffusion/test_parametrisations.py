import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mixture import Mixture
from katas.phase6.diffusion.parametrisations import convert, loss_weight, min_snr

KATA = Kata(
    difficulty=2,
    minutes=25,
    needs=("phase6/diffusion/forward_process",),
    forbids={
        "torch": "the four kinds are linear equations: solve them on paper",
        "diffusers": "the four kinds are linear equations: solve them on paper",
    },
)
KINDS = ["eps", "x0", "v", "score"]
PAIRS = [(one, other) for one in KINDS for other in KINDS]
pairs = pytest.mark.parametrize(("kind_from", "kind_to"), PAIRS)


def noised(x0: np.ndarray, eps: np.ndarray, alpha_bar: float | np.ndarray) -> np.ndarray:
    return np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * eps


def kinds(x0: np.ndarray, eps: np.ndarray, alpha_bar: float | np.ndarray) -> dict[str, np.ndarray]:
    """All four, by their definitions."""
    a, s = np.sqrt(alpha_bar), np.sqrt(1 - alpha_bar)
    return {"eps": eps, "x0": x0, "v": a * eps - s * x0, "score": -eps / s}


def mixture() -> Mixture:
    return Mixture(np.random.normal(size=(3, 2)), np.array([0.3, 0.05, 1.0]), np.array([0.5, 0.2, 0.3]))


@pairs
@pytest.mark.parametrize("alpha_bar", [0.9, 0.36, 0.05])
def test_each_kind_settles_the_others(kind_from: str, kind_to: str, alpha_bar: float) -> None:
    x0, eps = np.random.normal(size=(2, 4, 3))
    truth = kinds(x0, eps, alpha_bar)
    result = convert(truth[kind_from], kind_from, kind_to, noised(x0, eps, alpha_bar), alpha_bar)
    assert_close(result, truth[kind_to], name=f"{kind_to} from {kind_from}")


def test_by_hand() -> None:
    """x_t = 0.8 x_0 + 0.6 eps, with x_0 = 5 and eps = 10."""
    xt = np.array([10.0])
    assert_close(convert(np.array([10.0]), "eps", "x0", xt, 0.64), np.array([5.0]))
    assert_close(convert(np.array([5.0]), "x0", "v", xt, 0.64), np.array([5.0]))
    assert_close(convert(np.array([5.0]), "v", "score", xt, 0.64), np.array([-50 / 3]))


def test_v_is_the_speed_at_which_data_turns_into_noise() -> None:
    """On the circle alpha_bar = cos^2(angle), x_t moves at d x_t / d angle."""
    x0, eps, angle, h = *np.random.normal(size=(2, 5)), 0.7, 1e-6
    after, before = (noised(x0, eps, math.cos(angle + one) ** 2) for one in (h, -h))
    xt, alpha_bar = noised(x0, eps, math.cos(angle) ** 2), math.cos(angle) ** 2
    for kind, truth in (("eps", eps), ("x0", x0)):
        assert_close(convert(truth, kind, "v", xt, alpha_bar), (after - before) / (2 * h), rtol=1e-7)


@pytest.mark.parametrize("alpha_bar", [0.95, 0.5, 0.02])
def test_what_the_best_network_can_say_converts_as_well(alpha_bar: float) -> None:
    """For data from a mixture of Gaussians, the means of x_0, eps, v given x_t are known, and the score."""
    data, a, s = mixture(), math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    xt = data.noised(a, s).sample(20, np.random.default_rng(0))
    best = {
        "eps": data.posterior_noise(xt, a, s),
        "x0": data.posterior_mean(xt, a, s),
        "v": data.velocity(xt, a, s, -s, a),
        "score": data.noised(a, s).score(xt),
    }
    for kind_from, kind_to in PAIRS:
        result = convert(best[kind_from], kind_from, kind_to, xt, alpha_bar)
        assert_close(result, best[kind_to], name=f"{kind_to} from {kind_from}")


@given(
    alpha_bar=st.floats(1e-4, 1 - 1e-4),
    kind=st.sampled_from(KINDS),
    between=st.sampled_from(KINDS),
    xt=st.floats(-10, 10),
    pred=st.floats(-10, 10),
)
@settings(deadline=None)
def test_there_and_back_is_where_it_began(
    alpha_bar: float, kind: str, between: str, xt: float, pred: float
) -> None:
    one, at = np.array([pred, 1.0]), np.array([xt, 0.0])
    there = convert(one, kind, between, at, alpha_bar)
    assert_close(convert(there, between, kind, at, alpha_bar), one, atol=1e-8)


@pytest.mark.parametrize(
    ("shape", "levels"),
    [
        ((3, 3), (3, 1)),
        ((3, 3), (1, 3)),
        ((3, 2, 4, 4), (3, 1, 1, 1)),
        ((2, 2), (2, 2)),
        ((4,), (4,)),
        ((4,), (1,)),
        ((), ()),
        ((1, 0), (1, 1)),
    ],
)
def test_every_entry_has_its_own_noise_level(shape: tuple[int, ...], levels: tuple[int, ...]) -> None:
    x0, eps = np.random.normal(size=(2, *shape))
    alpha_bar = np.random.uniform(0.05, 0.95, levels)
    truth, xt = kinds(x0, eps, alpha_bar), noised(x0, eps, alpha_bar)
    for kind_from, kind_to in PAIRS:
        result = convert(truth[kind_from], kind_from, kind_to, xt, alpha_bar)
        assert_close(result, truth[kind_to], name=f"{kind_to} from {kind_from}")


@pytest.mark.parametrize("alpha_bar", [0.0, 1.0])
def test_from_v_there_is_a_way_even_without_noise_and_without_signal(alpha_bar: float) -> None:
    x0, eps = np.random.normal(size=(2, 4))
    a, s = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    xt, v = a * x0 + s * eps, a * eps - s * x0
    with np.errstate(all="raise"):
        assert_close(convert(v, "v", "x0", xt, alpha_bar), x0, name="x0")
        assert_close(convert(v, "v", "eps", xt, alpha_bar), eps, name="eps")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_in_a_kind_is_a_weighted_error_in_the_data(kind: str) -> None:
    """Two guesses of x_0 at the same x_t, and what each means for the kind."""
    alpha_bar = np.random.uniform(0.05, 0.95, (2, 3))
    x0, guess, eps = np.random.normal(size=(3, 2, 3))
    xt = noised(x0, eps, alpha_bar)
    guessed_eps = (xt - np.sqrt(alpha_bar) * guess) / np.sqrt(1 - alpha_bar)
    error = kinds(x0, eps, alpha_bar)[kind] - kinds(guess, guessed_eps, alpha_bar)[kind]
    weight = loss_weight(kind, alpha_bar / (1 - alpha_bar))
    assert_close(weight * (x0 - guess) ** 2, error**2)


@pytest.mark.parametrize("snr", [1e-4, 0.25, 1.0, 7.0, 1e4])
def test_v_counts_what_eps_and_x0_count_together(snr: float) -> None:
    of_eps, of_x0, of_v = (loss_weight(kind, np.array([snr])) for kind in ("eps", "x0", "v"))
    assert_close(of_v, of_eps + of_x0)
    assert_close(of_v, np.array([1 + snr]))


@pytest.mark.parametrize("shape", [(5,), (1,), (2, 3), (), (0,)])
def test_weights_have_the_shape_of_the_noise_levels(shape: tuple[int, ...]) -> None:
    snr = np.random.uniform(0.1, 9, shape)
    assert_close(loss_weight("x0", snr), np.ones(shape), dtype=np.float64)
    for kind, expected in (("eps", snr), ("v", 1 + snr), ("score", snr + snr**2)):
        assert_close(loss_weight(kind, snr), expected, name=kind)
    assert_close(min_snr(snr, 3.0), np.array([min(1.0, 3 / one) for one in snr.ravel()]).reshape(shape))


@pytest.mark.parametrize("gamma", [1.0, 5.0, 20.0])
def test_capped_weights_on_the_data_grow_no_further_than_gamma(gamma: float) -> None:
    """An eps-loss weighs the data by snr already: the factor comes on top."""
    snr = np.geomspace(1e-3, 1e3, 25)
    on_data = min_snr(snr, gamma) * snr
    assert_close(on_data, np.where(snr < gamma, snr, gamma))


def test_gamma_is_five_unless_said_otherwise() -> None:
    assert_close(min_snr(np.array([0.5, 5.0, 10.0, 50.0])), np.array([1.0, 1.0, 0.5, 0.1]))


@pytest.mark.parametrize("kind", ["", "EPS", "noise", "x_0", "velocity"])
def test_another_kind_raises(kind: str) -> None:
    one = np.ones(2)
    for kind_from, kind_to in ((kind, "eps"), ("v", kind), (kind, kind)):
        with pytest.raises(ValueError):
            convert(one, kind_from, kind_to, one, 0.5)
    with pytest.raises(ValueError):
        loss_weight(kind, one)


@pairs
def test_any_memory_layout_will_do_and_inputs_stay_unchanged(kind_from: str, kind_to: str) -> None:
    x0, eps = np.random.normal(size=(2, 3, 4))
    alpha_bar = np.random.uniform(0.1, 0.9, (3, 4))
    truth = kinds(x0, eps, alpha_bar)
    arrays = truth[kind_from], noised(x0, eps, alpha_bar), alpha_bar
    for (_, pred), (_, xt), (_, levels) in zip(*map(layouts, arrays), strict=True):
        with assert_unchanged(pred, xt, levels):
            assert_close(convert(pred, kind_from, kind_to, xt, levels), truth[kind_to])
            assert_close(loss_weight("v", levels), 1 + alpha_bar)
            assert_close(min_snr(levels, 0.5), np.where(alpha_bar > 0.5, 0.5 / alpha_bar, 1))
