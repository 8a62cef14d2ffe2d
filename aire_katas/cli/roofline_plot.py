"""The roofline picture as a file: PNG, SVG, PDF, whatever matplotlib writes."""

from pathlib import Path

from matplotlib.figure import Figure

from aire_katas.cli.roofline import Picture


def figure(picture: Picture) -> Figure:
    """Kernels in red, their baselines in grey, below slope and plateaus."""
    drawn = Figure(figsize=(8, 5), layout="constrained")
    axes = drawn.add_subplot(
        xscale="log",
        yscale="log",
        xlabel="FLOPs a byte",
        ylabel="FLOP/s",
        title=f"{picture.device}: kernels (red), baselines (grey)",
    )
    left, right, bottom, top = (10**edge for edge in picture.reach)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    for name, plateau in picture.roofs():
        ridge = min(plateau / picture.bandwidth, right)
        roof = [min(picture.bandwidth * x, plateau) for x in (left, ridge, right)]
        axes.plot([left, ridge, right], roof, color="#444", zorder=1)
        if name:
            label = f"{name} matmul, {plateau / 1e12:.3g} TFLOP/s "
            axes.annotate(label, (right, plateau), (0, 3), textcoords="offset points", ha="right")
    label = f"  copy, {picture.bandwidth / 1e9:,.0f} GB/s"
    axes.annotate(label, (left, picture.bandwidth * left), (25, 5), textcoords="offset points")
    for point in picture.points:
        for seconds, colour in ((point.baseline, "#888"), (point.seconds, "#c22")):
            axes.scatter(point.intensity, point.rate(seconds), color=colour, zorder=2)
        at = point.intensity, point.rate(point.seconds)
        side, shift = ("left", 7) if picture.place(*at)[0] < 0.5 else ("right", -7)
        axes.annotate(point.name, at, (shift, -4), textcoords="offset points", ha=side)
    return drawn


def is_known(file: Path) -> bool:
    """Whether matplotlib writes files of this suffix."""
    return file.suffix.lstrip(".").lower() in Figure().canvas.get_supported_filetypes()


def save(picture: Picture, file: Path) -> None:
    """Raises OSError where it cannot be written."""
    figure(picture).savefig(file, dpi=150)
