"""One measured figure, and how all of them are shown: a table for people, a document for programs."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rsvlm.protocol import VERSION

HEAD = ("what", "measured", "bar", "baseline", "ratio")


@dataclass(frozen=True)
class Figure:
    """value and baseline in `unit`; bar: what the value (or, where `bar_on_ratio`, the ratio) must not exceed.

    baseline: measured in the same run, `against` says of what.
    """

    what: str
    value: float
    unit: str
    bar: float | None = None
    baseline: float | None = None
    against: str = ""
    bar_on_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def missed(self) -> bool:
        held = self.ratio if self.bar_on_ratio else self.value
        return self.bar is not None and held is not None and held > self.bar

    def to_json(self) -> dict[str, Any]:
        known = {
            "value": self.value,
            "unit": self.unit,
            "bar": self.bar,
            "missed": None if self.bar is None else self.missed,
        }
        known |= {"baseline": self.baseline, "against": self.against or None, "ratio": self.ratio}
        return {key: _rounded(value) for key, value in known.items() if value is not None}

    def cells(self) -> tuple[str, str, str, str, str]:
        """Texts under HEAD."""
        bar = "" if self.bar is None else f"≤ {self.bar:g}{'x' if self.bar_on_ratio else f' {self.unit}'}"
        baseline = "" if self.baseline is None else f"{self.against}: {_short(self.baseline)} {self.unit}"
        ratio = "" if self.ratio is None else f"{_short(self.ratio)}x"
        return self.what, f"{_short(self.value)} {self.unit}", f"{bar} MISSED" if self.missed else bar, baseline, ratio


def middle(values: Sequence[float]) -> float:
    """The median, which one disturbed round does not move."""
    return float(median(values))


def compared(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each; in turns, so that whatever disturbs the machine disturbs both."""
    one(), other()
    times = [(_seconds(one), _seconds(other)) for _round in range(rounds)]
    return middle([first for first, _ in times]), middle([second for _, second in times])


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def table(figures: Iterable[Figure]) -> str:
    """A table that reads well in a terminal and is Markdown too."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def document(benchmark: str, figures: Sequence[Figure], machine: dict[str, Any]) -> dict[str, Any]:
    """Everything that was measured, and on what."""
    return {
        "benchmark": benchmark,
        "version": VERSION,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": {figure.what: figure.to_json() for figure in figures},
    }


def describe_machine() -> dict[str, Any]:
    """What the figures depend on, without the machine's name. load: busy cores before anything was measured."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": version("torch"),
        "transformers": version("transformers"),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _short(value: float) -> str:
    """Three digits that say something, never an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _rounded(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value
