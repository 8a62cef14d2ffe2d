import random
from itertools import product

import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_unchanged
from katas.phase4.cnn.conv_arithmetic import out_size, receptive_field, same_padding

KATA = Kata(difficulty=1, minutes=15)

Layers = list[tuple[int, int, int]]
STACKS = [
    [(1, 1, 1)],
    [(3, 1, 1)],
    [(3, 2, 1)],
    [(3, 1, 2)],
    [(3, 2, 1), (3, 1, 1)],
    [(3, 1, 1), (3, 2, 1)],
    [(2, 3, 1), (4, 1, 2)],
    [(2, 2, 3), (1, 3, 1), (3, 2, 2)],
    [(1, 4, 1), (2, 1, 1)],  # skips entries
    [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
]


def places(n: int, k: int, stride: int, pad: int, dilation: int) -> list[int]:
    """Where on the padded axis a kernel may start, by trying everywhere."""
    axis = range(n + 2 * pad)
    return [at for at in axis if at % stride == 0 and all(at + i * dilation in axis for i in range(k))]


def seen(outputs: set[int], layers: Layers) -> set[int]:
    """The entries of the input, of any sign, that these outputs of the last layer depend on."""
    for k, stride, dilation in reversed(layers):
        outputs = {at * stride + i * dilation for at, i in product(outputs, range(k))}
    return outputs


def some_layers(n: int) -> Layers:
    return [(random.randint(1, 4), random.randint(1, 3), random.randint(1, 3)) for _ in range(n)]


@pytest.mark.parametrize(("n", "k", "places"), [(5, 1, 5), (5, 2, 4), (5, 3, 3), (5, 5, 1), (1, 1, 1)])
def test_a_kernel_that_steps_by_one_loses_its_width_less_one(n: int, k: int, places: int) -> None:
    assert out_size(n, k) == places


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("pad", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_the_output_has_an_entry_for_every_place_where_the_kernel_fits(
    stride: int, pad: int, dilation: int
) -> None:
    for n, k in product(range(1, 12), range(1, 5)):
        if expected := len(places(n, k, stride, pad, dilation)):
            got = out_size(n, k, stride, pad, dilation)
            assert got == expected, f"n={n}, k={k}: got {got}, expected {expected}"


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_torch_agrees(k: int) -> None:
    for _ in range(20):
        stride, pad, dilation = random.randint(1, 4), random.randint(0, 4), random.randint(1, 3)
        n = random.randint(dilation * (k - 1) + 1, 40)
        y = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), None, stride, pad, dilation)
        got = out_size(n, k, stride, pad, dilation)
        assert got == y.shape[2], f"n={n}, stride={stride}, pad={pad}, dilation={dilation}"


def test_the_stem_of_a_resnet_makes_56_of_224() -> None:
    conv = out_size(224, 7, stride=2, pad=3)
    pool = out_size(112, 3, stride=2, pad=1)
    assert (conv, pool) == (112, 56)
    assert type(conv) is int


@pytest.mark.parametrize(
    ("n", "k", "stride", "pad", "dilation"),
    [(2, 3, 1, 0, 1), (1, 8, 1, 3, 1), (4, 3, 1, 0, 2), (1, 2, 5, 0, 1), (2, 9, 3, 3, 1), (3, 4, 2, 1, 2)],
)
def test_a_kernel_that_does_not_fit_raises(n: int, k: int, stride: int, pad: int, dilation: int) -> None:
    with pytest.raises(ValueError):
        out_size(n, k, stride, pad, dilation)
    assert out_size(dilation * (k - 1) + 1 - 2 * pad, k, stride, pad, dilation) == 1


def test_three_kernels_of_3_see_what_one_of_7_sees() -> None:
    assert receptive_field([(3, 1, 1)] * 3) == receptive_field([(7, 1, 1)]) == (7, 1)


@pytest.mark.parametrize("layers", STACKS)
def test_the_receptive_field_reaches_from_the_first_to_the_last_entry_seen(layers: Layers) -> None:
    field = seen({0}, layers)
    assert receptive_field(layers)[0] == max(field) - min(field) + 1


@pytest.mark.parametrize("layers", STACKS)
def test_neighbouring_outputs_are_a_jump_apart(layers: Layers) -> None:
    assert receptive_field(layers)[1] == min(seen({1}, layers)) - min(seen({0}, layers))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_gradient_of_an_output_lives_in_its_receptive_field(n: int) -> None:
    layers = some_layers(n)
    x = torch.ones(1, 1, 1000, dtype=torch.float64, requires_grad=True)
    y = x
    for k, stride, dilation in layers:
        y = F.conv1d(y, torch.ones(1, 1, k, dtype=torch.float64), None, stride, 0, dilation)
    first, second = (torch.autograd.grad(y[0, 0, i], x, retain_graph=True)[0][0, 0].nonzero() for i in (0, 1))
    extent, jump = int(first.max() - first.min()) + 1, int(second.min() - first.min())
    assert receptive_field(layers) == (extent, jump), f"layers {layers}"


def test_doubling_dilations_see_exponentially_far() -> None:
    """Ten layers of WaveNet: ten times two taps, and 1024 samples."""
    assert receptive_field([(2, 1, 2**i) for i in range(10)]) == (1024, 1)


def test_without_a_layer_an_entry_sees_itself() -> None:
    assert receptive_field([]) == (1, 1)


def test_the_list_of_layers_is_left_as_it_is() -> None:
    layers = [(3, 2, 1), (3, 1, 2)]
    with assert_unchanged(layers):
        assert receptive_field(layers) == (11, 2)


@pytest.mark.parametrize(("k", "dilation"), [(1, 1), (3, 1), (7, 1), (3, 2), (5, 3), (1, 4), (2, 2), (4, 6)])
def test_same_padding_keeps_every_size(k: int, dilation: int) -> None:
    pad = same_padding(k, dilation)
    assert type(pad) is int
    for n in (1, 2, 9):
        assert len(places(n, k, 1, pad, dilation)) == n


@pytest.mark.parametrize(("k", "pad"), [(1, 0), (3, 1), (5, 2), (11, 5)])
def test_taps_are_neighbours_unless_it_is_said_otherwise(k: int, pad: int) -> None:
    assert same_padding(k) == pad


@pytest.mark.parametrize(("k", "dilation"), [(2, 1), (4, 1), (2, 3), (6, 5)])
def test_an_even_kernel_has_no_middle(k: int, dilation: int) -> None:
    with pytest.raises(ValueError):
        same_padding(k, dilation)
