"""Output sizes and receptive fields

How large is the image behind this layer, and how much of the picture does one of its numbers see? These two
questions come up whenever a network is put together, and a wrong answer is found out late: as a shape that
does not fit twenty layers on, or as a detector that never sees a whole face.

Everything here is about one axis; height and width follow the same rules, each with its own numbers. The n
entries get `pad` zeros at both ends. A kernel of k taps is put on them, with neighbouring taps `dilation`
entries apart: from the first tap to the last it covers

    k_eff = dilation (k - 1) + 1

entries, its effective size. The first place of the kernel is at the very beginning of the padded axis, each
next one is `stride` entries further, and the kernel has to lie inside with all its taps.

`out_size` is the number of places, an int. What is left at the end, too short for one more step, goes unused.
Where the kernel does not fit even once, it raises ValueError.

`receptive_field` takes layers from the input to the output, each as (k, stride, dilation), and returns two
ints. rf is the number of entries of the input from the first to the last that have a say in one output of the
last layer; entries that strides or dilations skip in between count as well. jump is how many entries of the
input two neighbouring outputs of the last layer are apart. Without a layer every entry sees itself: (1, 1).
Padding does not matter here: think of an input without an end.

`same_padding` is the pad with which a layer of stride 1 keeps the size of its input. It exists where k_eff is
odd; where k_eff is even, one end would need more zeros than the other: ValueError.

n, k, stride and dilation are at least 1, pad at least 0: no need to check.

Dumoulin & Visin 2016, chapters 2 and 5; Prince 2023, section 10.2; Araujo et al., Computing Receptive Fields
of Convolutional Neural Networks, Distill 2019.
"""


def out_size(n: int, k: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> int:
    """How many places a kernel has on n entries; ValueError where it has none."""
    raise NotImplementedError


def receptive_field(layers: list[tuple[int, int, int]]) -> tuple[int, int]:
    """(rf, jump) of a stack of (k, stride, dilation), the input's layer first."""
    raise NotImplementedError


def same_padding(k: int, dilation: int = 1) -> int:
    """The pad that keeps the size at stride 1; ValueError where the effective kernel is even."""
    raise NotImplementedError
