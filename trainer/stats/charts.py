"""Bars and pictures of the page: HTML and inline SVG, whose colours come from the page's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 520, 150  # of a histogram
_FOOT = 22  # pixels below the bars for their numbers


def bars(counts: Mapping[str, int], most: int) -> str:
    """The largest first, each with its number and share; what comes after `most` is summed up."""
    if not counts:
        return "<p class='none'>none</p>"
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    total, largest = sum(counts.values()), listed[0][1]
    rows = [_bar(name, count, total, largest) for name, count in listed[:most]]
    rest = listed[most:]
    if rest:
        rows.append(
            f"<tr class='rest'><td>{len(rest):,} more</td><td></td><td>{sum(count for _, count in rest):,}</td><td></td></tr>"
        )
    return f"<table class='bars'>{''.join(rows)}</table>"


def _bar(name: str, count: int, total: int, largest: int) -> str:
    label = escape(name or "(empty)")
    width = 100 * count / largest
    return (
        f"<tr><td title='{label}'>{label}</td><td><i style='width:{width:.1f}%'></i></td>"
        f"<td>{count:,}</td><td>{100 * count / total:.1f} %</td></tr>"
    )


def histogram(bins: Sequence[tuple[float, float, int]], unit: str) -> str:
    """bins: from, to and how many, of one width, from the left; unit: what is counted off below."""
    if not bins:
        return "<p class='none'>none</p>"
    largest = max(count for _, _, count in bins)
    step = WIDTH / len(bins)
    shapes = []
    for at, (low, high, count) in enumerate(bins):
        tall = (HEIGHT - _FOOT - 14) * count / largest if largest else 0
        span = f"{low:g}" if high - low <= 1 else f"{low:g} to {high - 1:g}"
        shapes.append(
            f"<rect x='{at * step + 1:.1f}' y='{HEIGHT - _FOOT - tall:.1f}' width='{max(1.0, step - 2):.1f}' height='{tall:.1f}'"
            f" rx='1.5'><title>{span} {escape(unit)}: {count:,}</title></rect>"
        )
    every = max(1, len(bins) // 8)
    ticks = [
        f"<text x='{at * step + step / 2:.1f}' y='{HEIGHT - 6}' text-anchor='middle'>{bins[at][0]:g}</text>"
        for at in range(0, len(bins), every)
    ]
    top = f"<text x='2' y='10'>{largest:,}</text>"
    return (
        f"<svg class='histogram' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}' role='img'>"
        f"<line x1='0' y1='{HEIGHT - _FOOT + 0.5}' x2='{WIDTH}' y2='{HEIGHT - _FOOT + 0.5}'/>{''.join(shapes + ticks)}{top}"
        f"</svg><div class='unit'>{escape(unit)}</div>"
    )


def binned(counts: Mapping[int, int], most: int = 26) -> list[tuple[float, float, int]]:
    """Equal bins of whole numbers from the least to the largest, `most` of them or fewer."""
    if not counts:
        return []
    low, high = min(counts), max(counts)
    step = -(-(high - low + 1) // most)
    found = [[low + at * step, low + (at + 1) * step, 0] for at in range((high - low) // step + 1)]
    for value, count in counts.items():
        found[(value - low) // step][2] += count
    return [(first, last, count) for first, last, count in found]


def figure(picture: str, lines: Sequence[str]) -> str:
    """A thumbnail (a data: address, "" for none) with words below."""
    shown = f"<img src='{picture}' alt=''/>" if picture else "<div class='no-picture'>cannot be read</div>"
    return f"<div class='figure'>{shown}{''.join(f'<div>{escape(line)}</div>' for line in lines)}</div>"
