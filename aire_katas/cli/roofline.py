"""The roofline picture: what a device can do at each arithmetic intensity, and where kernels stand below it

Both axes are logarithmic: FLOPs a byte to the right, FLOP/s upwards. The slope is the measured copy
bandwidth, each plateau a measured matrix rate. Here for a terminal; roofline_plot draws it into a file.
Williams, Waterman and Patterson 2009.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

WIDTH, HEIGHT = 64, 16  # characters of the terminal's picture
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOVES_ONLY = 1 / 16  # the place, in FLOPs a byte, of kernels that compute nothing


@dataclass(frozen=True)
class Point:
    """A kernel and its baseline on the same work; seconds each."""

    name: str
    against: str
    moved: int  # bytes
    flops: int
    seconds: float
    baseline: float

    @property
    def intensity(self) -> float:
        return self.flops / self.moved if self.flops else MOVES_ONLY

    def rate(self, seconds: float) -> float:
        """FLOP/s; bytes/s on the place of MOVES_ONLY, so that a copy lies as far below the slope as it is."""
        return self.intensity * self.moved / seconds


@dataclass(frozen=True)
class Picture:
    """One device, at least one kernel."""

    device: str
    bandwidth: float  # bytes/s
    plateaus: Mapping[str, float]  # dtype -> FLOP/s
    points: Sequence[Point]

    @cached_property
    def reach(self) -> tuple[float, float, float, float]:
        """Logarithms to base 10: least and greatest intensity, least and greatest rate."""
        ridges = [rate / self.bandwidth for rate in self.plateaus.values()]
        at = [math.log10(x) for x in (*ridges, *(point.intensity for point in self.points))]
        low, high = min(at) - 0.7, max(at) + 0.7
        rates = [point.rate(s) for point in self.points for s in (point.seconds, point.baseline)]
        top = max(self.plateaus.values(), default=self.bandwidth * 10**high)
        edge = min(*rates, self.bandwidth * 10**low)
        return low, high, math.log10(edge) - 0.2, math.log10(max(top, *rates)) + 0.2

    def place(self, intensity: float, rate: float) -> tuple[float, float]:
        """(right, up), both 0 to 1."""
        low, high, bottom, top = self.reach
        return (math.log10(intensity) - low) / (high - low), (math.log10(rate) - bottom) / (top - bottom)

    def roofs(self) -> list[tuple[str, float]]:
        return list(self.plateaus.items()) or [("", math.inf)]


def terminal(picture: Picture) -> str:
    """The picture in characters: A, B, C are kernels, a, b, c their baselines, * where two kernels meet."""
    low, high, bottom, top = picture.reach
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]

    def put(right: float, up: float, mark: str) -> None:
        column, row = min(int(right * WIDTH), WIDTH - 1), HEIGHT - 1 - min(int(up * HEIGHT), HEIGHT - 1)
        grid[row][column] = mark if grid[row][column] in f" /-{mark.lower()}" else "*"

    for _, plateau in picture.roofs():
        for column in range(WIDTH):
            x = 10 ** (low + (high - low) * (column + 0.5) / WIDTH)
            _, up = picture.place(x, min(picture.bandwidth * x, plateau))
            if up < 1:
                row = HEIGHT - 1 - int(up * HEIGHT)
                grid[row][column] = "/" if picture.bandwidth * x < plateau else "-"
    for letter, point in zip(LETTERS, picture.points, strict=False):
        put(*picture.place(point.intensity, point.rate(point.baseline)), letter.lower())
        put(*picture.place(point.intensity, point.rate(point.seconds)), letter)
    lines = ["FLOP/s"]
    for number, row in enumerate(grid):
        ticked = number % 5 == 0
        level = f"{10 ** (top - (top - bottom) * (number + 0.5) / HEIGHT):8.1e}" if ticked else " " * 8
        lines.append(f"{level} |{''.join(row)}".rstrip())
    ends = f"{10**low:<.2g}", f"{10**high:.2g} FLOPs a byte"
    lines += [" " * 9 + "+" + "-" * WIDTH, " " * 10 + ends[0] + f"{ends[1]:>{WIDTH - len(ends[0])}}"]
    for letter, point in zip(LETTERS, picture.points, strict=False):
        note = "" if point.flops else " (moves data only: at the left edge)"
        lines.append(f"  {letter} {point.name}, {letter.lower()} {point.against}{note}")
    if (left := len(picture.points) - len(LETTERS)) > 0:
        lines.append(f"  and {left} more, for which there is no letter left")
    if any("*" in row for row in grid):
        lines.append("  * several of these")
    return "\n".join(lines)
