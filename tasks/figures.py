"""Numbers as people read them: shares, lengths and areas, and how many. Knows numbers only."""

from __future__ import annotations


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "under 1 %"


def ground_size(width_m: float, height_m: float) -> str:
    """ "340 × 210 m" or "1.2 × 0.8 km"."""
    if max(width_m, height_m) < 1000:
        return f"{width_m:.0f} × {height_m:.0f} m"
    return f"{digits(width_m / 1000)} × {digits(height_m / 1000)} km"


def ground_area(area_m2: float) -> str:
    """In m², ha or km², whichever reads best."""
    for unit, size, limit in (("m²", 1.0, 1e4), ("ha", 1e4, 1e6)):
        if area_m2 < limit:
            return f"{digits(area_m2 / size)} {unit}"
    return f"{digits(area_m2 / 1e6)} km²"


def digits(value: float) -> str:
    """Three digits that say something, whole ones never cut: 0.825, 12.3, 1,234."""
    return f"{value:,.3g}" if value < 999.5 else f"{value:,.0f}"
