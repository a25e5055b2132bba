"""Numbers for the reader: units, sensible digits, the user's own decimal sign."""

from __future__ import annotations

import math

from qgis.PyQt.QtCore import QDate, QLocale, Qt

from ..translation import tr


def number(value: float, digits: int = 3) -> str:
    """At most `digits` significant digits, never cutting whole ones: 0.597 -> 0.597, 2310.4 -> 2,310."""
    if value == 0 or not math.isfinite(value):
        return QLocale().toString(value, "f", 0)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    decimals = len(text.partition(".")[2])
    return QLocale().toString(value, "f", decimals)


def metres(value: float) -> str:
    """A length on the ground; pixels finer than 10 cm in centimetres, long ways in kilometres."""
    if value >= 10_000:
        return _unbroken(tr("{n} km").format(n=number(value / 1000)))
    if value < 0.1:
        return _unbroken(tr("{n} cm").format(n=number(value * 100, 2)))
    return _unbroken(tr("{n} m").format(n=number(value, 2 if value < 10 else 3)))


def ground(width_m: float, height_m: float) -> str:
    """Width × height in one unit."""
    if max(width_m, height_m) >= 10_000:
        return _unbroken(tr("{w} × {h} km").format(w=number(width_m / 1000), h=number(height_m / 1000)))
    return _unbroken(tr("{w} × {h} m").format(w=number(width_m), h=number(height_m)))


def area(square_metres: float) -> str:
    """m² below a hectare, ha below 100 ha, then km²."""
    if square_metres < 10_000:
        return tr("{n} m²").format(n=number(square_metres))
    if square_metres < 1_000_000:
        return tr("{n} ha").format(n=number(square_metres / 10_000, 2))
    return tr("{n} km²").format(n=number(square_metres / 1_000_000, 2))


def seconds(value: float) -> str:
    """A duration: tenths below ten seconds, then whole seconds, then minutes."""
    if value < 10:
        return tr("{n} s").format(n=QLocale().toString(value, "f", 1))
    if value < 120:
        return tr("{n} s").format(n=QLocale().toString(value, "f", 0))
    return tr("{n} min").format(n=QLocale().toString(value / 60, "f", 0))


def memory(count: int) -> str:
    """Bytes in binary units, as system monitors show them: 381 MB, 1.4 GB."""
    if count < 2**30:
        return _unbroken(tr("{n} MB").format(n=number(float(round(count / 2**20)))))
    return _unbroken(tr("{n} GB").format(n=number(count / 2**30, 2)))


def day(date: str) -> str:
    """An ISO 8601 date in the user's own short form; as it is where it is none."""
    parsed = QDate.fromString(date[:10], Qt.DateFormat.ISODate)
    return QLocale().toString(parsed, QLocale.FormatType.ShortFormat) if parsed.isValid() else date


def _unbroken(text: str) -> str:
    """A number stays on one line with its unit."""
    return text.replace(" ", "\u00a0")
