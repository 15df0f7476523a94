"""Likeness against text control, as an SVG that reads on light and dark pages: a curve a method, a cross a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from generation.evaluation.bootstrap import Interval

WIDTH, HEIGHT = 760, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 20, 60
#: Line colours, told apart with colour-blind eyes too (Okabe and Ito 2008), light enough for both backgrounds.
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8c8c8c", "#a08a00")
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.note{font-size:11px;fill:#57606a}"
    ".axis{stroke:#57606a;fill:none}.grid{stroke:#d0d7de}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.axis{stroke:#9198a1}.grid{stroke:#3d444d}}"
)


@dataclass(frozen=True)
class Spot:
    """One setting: x and y with their intervals, and a word beside it."""

    x: Interval
    y: Interval
    label: str = ""


Curves = Mapping[str, Sequence[Spot]]


@dataclass(frozen=True)
class Scale:
    """Values to pixels, along one axis."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Every 0.05 or 0.1 within."""
        step = 0.05 if self.high - self.low < 0.5 else 0.1
        return [n * step for n in range(int(1 / step) + 1) if self.low <= n * step <= self.high]


def pareto(curves: Curves, *, x_title: str, y_title: str) -> str:
    """The whole SVG. Raises ValueError where there is nothing to draw."""
    spots = [spot for curve in curves.values() for spot in curve]
    if not spots:
        raise ValueError("no point was measured yet: there is nothing to plot")
    x = Scale(*_bounds([spot.x for spot in spots]), LEFT, WIDTH - RIGHT)
    y = Scale(*_bounds([spot.y for spot in spots]), HEIGHT - BOTTOM, TOP)
    parts = [_axes(x, y, x_title, y_title)]
    parts += [_curve(curve, COLOURS[i % len(COLOURS)], x, y) for i, curve in enumerate(curves.values())]
    parts.append(_legend(list(curves)))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    title = f"<title>{escape(y_title)} against {escape(x_title)}</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def _bounds(intervals: Sequence[Interval]) -> tuple[float, float]:
    """Of all intervals, with a rim."""
    low, high = min(i.low for i in intervals), max(i.high for i in intervals)
    rim = 0.06 * max(high - low, 0.05)
    return low - rim, high + rim


def _axes(x: Scale, y: Scale, x_title: str, y_title: str) -> str:
    lines = [f'<path class="axis" d="M{x.start} {y.end}V{y.start}H{x.end}"/>']
    for tick in x.ticks():
        lines.append(f'<path class="grid" d="M{x(tick):.1f} {y.start}V{y.end}"/>')
        lines.append(f'<text class="note" text-anchor="middle" x="{x(tick):.1f}" y="{y.start + 18}">{tick:.2f}</text>')
    for tick in y.ticks():
        lines.append(f'<path class="grid" d="M{x.start} {y(tick):.1f}H{x.end}"/>')
        lines.append(f'<text class="note" text-anchor="end" x="{x.start - 8}" y="{y(tick) + 4:.1f}">{tick:.2f}</text>')
    lines.append(f'<text text-anchor="middle" x="{(x.start + x.end) / 2}" y="{HEIGHT - 14}">{escape(x_title)}</text>')
    middle = (y.start + y.end) / 2
    lines.append(f'<text text-anchor="middle" transform="translate(18 {middle}) rotate(-90)">{escape(y_title)}</text>')
    return "\n".join(lines)


def _curve(spots: Sequence[Spot], colour: str, x: Scale, y: Scale) -> str:
    path = "L".join(f"{x(spot.x.mean):.1f} {y(spot.y.mean):.1f}" for spot in spots)
    lines = [f'<path fill="none" stroke="{colour}" stroke-width="2" d="M{path}"/>']
    for spot in spots:
        across, up = x(spot.x.mean), y(spot.y.mean)
        bars = (
            f"M{x(spot.x.low):.1f} {up:.1f}H{x(spot.x.high):.1f}M{across:.1f} {y(spot.y.low):.1f}V{y(spot.y.high):.1f}"
        )
        lines.append(f'<path fill="none" stroke="{colour}" stroke-opacity=".45" d="{bars}"/>')
        lines.append(f'<circle cx="{across:.1f}" cy="{up:.1f}" r="4.5" fill="{colour}"/>')
        if spot.label:
            lines.append(f'<text class="note" x="{across + 7:.1f}" y="{up - 6:.1f}">{escape(spot.label)}</text>')
    return "\n".join(lines)


def _legend(names: Sequence[str]) -> str:
    lines = []
    for place, name in enumerate(names):
        up, colour = HEIGHT - BOTTOM - 14 - 19 * (len(names) - 1 - place), COLOURS[place % len(COLOURS)]
        lines.append(f'<circle cx="{LEFT + 16}" cy="{up - 4}" r="4.5" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + 28}" y="{up}">{escape(name)}</text>')
    return "\n".join(lines)
