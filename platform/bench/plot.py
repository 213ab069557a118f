"""Line charts as SVG, in plain Python, readable on light and on dark pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 76, 150, 46, 52
ON_LIGHT, ON_DARK = ("#0b62c4", "#c2410c", "#15803d", "#7e22ce"), ("#6cb2ff", "#ff9a62", "#6bdc92", "#cf9bff")
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px } .small { font-size: 12px; fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 } polyline { fill: none; stroke-width: 2.5 } %s
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d } %s }
"""
SAME_HEIGHT_PX = 16  # names of lines keep this distance

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a chart: what is on it, and whether equal steps are factors of ten."""

    name: str
    log: bool = False
    from_zero: bool = True

    def span(self, values: Sequence[float]) -> tuple[float, float]:
        """The first and last value that the axis shows."""
        low, high = min(values), max(values)
        if self.log:
            return 10 ** math.floor(math.log10(low) + 1e-9), 10 ** math.ceil(math.log10(high) - 1e-9)
        step = _step(high)
        return (0 if self.from_zero else low), math.ceil(high / step) * step

    def ticks(self, low: float, high: float) -> list[float]:
        """The values that get a line."""
        if self.log:
            return [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]
        step = _step(high)
        return [step * number for number in range(math.ceil(low / step), round(high / step) + 1)]

    def place(self, value: float, low: float, high: float) -> float:
        """How far along the axis a value is, from 0 to 1."""
        if high == low:
            return 0.5
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Chart:
    """Named lines over two axes."""

    title: str
    x: Axis
    y: Axis
    lines: dict[str, list[Point]] = field(default_factory=dict)

    def svg(self) -> str:
        """The chart as a picture. It has to have a point."""
        xs = [x for points in self.lines.values() for x, _ in points]
        ys = [y for points in self.lines.values() for _, y in points]
        frame = _Frame(self, self.x.span(xs), self.y.span(ys))
        parts = [*frame.axes(), *frame.curves()]
        label = escape(f"{self.title}: {self.y.name} by {self.x.name}", quote=True)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        )
        return "\n".join([head, f"<style>{_style()}</style>", *parts, "</svg>"]) + "\n"


@dataclass(frozen=True, slots=True)
class _Frame:
    chart: Chart
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        return LEFT + self.chart.x.place(value, *self.x) * (WIDTH - LEFT - RIGHT)

    def down(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.chart.y.place(value, *self.y) * (HEIGHT - TOP - BOTTOM)

    def axes(self) -> list[str]:
        chart, bottom, right = self.chart, HEIGHT - BOTTOM, WIDTH - RIGHT
        parts = [_text(LEFT, 20, chart.title, "title"), _text(LEFT, 37, chart.y.name, "small")]
        for value in chart.y.ticks(*self.y):
            y = self.down(value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_text(LEFT - 8, y + 4, _short(value), "small", "end"))
        for value in sorted({x for points in chart.lines.values() for x, _ in points}):
            x = self.across(value)
            parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>')
            parts.append(_text(x, bottom + 19, _short(value), "small", "middle"))
        parts.append(_text((LEFT + right) / 2, HEIGHT - 12, chart.x.name, "small", "middle"))
        return parts

    def curves(self) -> list[str]:
        parts, names = [], []
        for number, (name, points) in enumerate(self.chart.lines.items()):
            places = [(self.across(x), self.down(y)) for x, y in sorted(points)]
            drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline class="l{number}" points="{drawn}"/>')
            parts += [f'<circle class="d{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
            names.append((places[-1][1], places[-1][0], number, name))
        free = 0.0
        for y, x, number, name in sorted(names):  # names stand beside the ends of their lines, not on each other
            free = max(y + 4, free)
            parts.append(f'<text class="d{number}" x="{x + 10:.1f}" y="{free:.1f}">{escape(name)}</text>')
            free += SAME_HEIGHT_PX
        return parts


def _style() -> str:
    def colours(palette: Sequence[str]) -> str:
        return " ".join(f".l{n} {{ stroke: {colour} }} .d{n} {{ fill: {colour} }}" for n, colour in enumerate(palette))

    return STYLE % (colours(ON_LIGHT), colours(ON_DARK))


def _text(x: float, y: float, text: str, name: str, anchor: str = "start") -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _step(high: float) -> float:
    """A round number of which four to eight reach the highest value."""
    power: float = 10.0 ** math.floor(math.log10(high or 1))
    return next(power * part for part in (0.2, 0.25, 0.5, 1.0, 2.0) if high / (power * part) <= 6)


def _short(value: float) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:.4g}"
