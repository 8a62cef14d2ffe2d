"""The roofline picture: what a device can do at each arithmetic intensity, and where kernels stand below it

Both axes are logarithmic: FLOPs a byte to the right, FLOP/s upwards. The slope is the measured copy
bandwidth, each plateau a measured matrix rate. For a terminal, or as SVG, which needs no library where a
PNG would, and stays sharp. Williams, Waterman and Patterson 2009.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

WIDTH, HEIGHT = 64, 16  # characters of the terminal's picture
PIXELS = 720, 440
MARGIN = 70
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
    for letter, point in zip(_letters(), picture.points, strict=False):
        put(*picture.place(point.intensity, point.rate(point.baseline)), letter.lower())
        put(*picture.place(point.intensity, point.rate(point.seconds)), letter)
    lines = ["FLOP/s"]
    for number, row in enumerate(grid):
        ticked = number % 5 == 0
        level = f"{10 ** (top - (top - bottom) * (number + 0.5) / HEIGHT):8.1e}" if ticked else " " * 8
        lines.append(f"{level} |{''.join(row)}".rstrip())
    ends = f"{10**low:<.2g}", f"{10**high:.2g} FLOPs a byte"
    lines += [" " * 9 + "+" + "-" * WIDTH, " " * 10 + ends[0] + f"{ends[1]:>{WIDTH - len(ends[0])}}"]
    for letter, point in zip(_letters(), picture.points, strict=False):
        note = "" if point.flops else " (moves data only: at the left edge)"
        lines.append(f"  {letter} {point.name}, {letter.lower()} {point.against}{note}")
    if any("*" in row for row in grid):
        lines.append("  * several of these")
    return "\n".join(lines)


def svg(picture: Picture) -> str:
    """The picture as one self-contained SVG document."""
    wide, tall = PIXELS
    low, high, *_ = picture.reach

    def pixel(intensity: float, rate: float) -> tuple[str, str]:
        right, up = picture.place(intensity, rate)
        x, y = MARGIN + right * (wide - 2 * MARGIN), tall - MARGIN - up * (tall - 2 * MARGIN)
        return f"{x:.1f}", f"{y:.1f}"

    def text(x: float | str, y: float | str, words: str, more: str = "") -> str:
        return f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>'

    shapes = []
    for name, plateau in picture.roofs():
        ridge = min(plateau / picture.bandwidth, 10**high)
        corners = [10**low, ridge, 10**high]
        path = " ".join(",".join(pixel(x, min(picture.bandwidth * x, plateau))) for x in corners)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="#444" stroke-width="2"/>')
        x, y = pixel(corners[2], min(picture.bandwidth * corners[2], plateau))
        label = f"{name} matmul, {plateau / 1e12:.3g} TFLOP/s" if name else ""
        shapes.append(text(x, float(y) - 6, label, 'text-anchor="end"'))
    x, y = pixel(10**low, picture.bandwidth * 10**low)
    shapes.append(text(float(x) + 30, float(y) - 2, f"copy, {picture.bandwidth / 1e9:,.0f} GB/s"))
    for point in picture.points:
        for name, seconds, colour in (
            (point.against, point.baseline, "#888"),
            (point.name, point.seconds, "#c22"),
        ):
            x, y = pixel(point.intensity, point.rate(seconds))
            title = f"<title>{escape(name)}: {1e3 * seconds:.3g} ms</title>"
            shapes.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}">{title}</circle>')
        shapes.append(text(float(x) + 9, float(y) + 4, point.name))
    edge, floor = MARGIN, tall - MARGIN
    axes = f'<path d="M{edge} {edge}V{floor}H{wide - edge}" fill="none" stroke="#000"/>'
    words = [
        text(wide // 2, 30, f"{picture.device}: kernels (red), baselines (grey)", 'text-anchor="middle"'),
        text(wide // 2, tall - 20, "FLOPs a byte", 'text-anchor="middle"'),
        text(edge, edge - 10, "FLOP/s"),
    ]
    for power in range(math.ceil(low), math.floor(high) + 1):
        x, _ = pixel(10.0**power, 10 ** picture.reach[2])
        words.append(text(x, floor + 18, f"{10.0**power:g}", 'text-anchor="middle"'))
    for power in range(math.ceil(picture.reach[2]), math.floor(picture.reach[3]) + 1):
        _, y = pixel(10**low, 10.0**power)
        words.append(text(edge - 8, y, f"1e{power}", 'text-anchor="end"'))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{tall}" font-family="sans-serif" '
    return "\n".join(
        [
            head + 'font-size="12">',
            '<rect width="100%" height="100%" fill="#fff"/>',
            axes,
            *shapes,
            *words,
            "</svg>",
        ]
    )


def _letters() -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
