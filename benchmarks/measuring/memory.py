"""Memory of other processes, from Linux's /proc."""

from __future__ import annotations

from pathlib import Path

KB_PER_MB = 1024


def resident_mb(pid: int | str) -> tuple[float, float]:
    """RSS (what is in memory) and PSS (pages that processes share are divided among them), in MB. pid: or "self"."""
    found = _kilobytes(Path(f"/proc/{pid}/smaps_rollup"))
    return found["Rss"] / KB_PER_MB, found["Pss"] / KB_PER_MB


def forget_peak(pid: int) -> None:
    """Count the peak from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def peak_mb(pid: int) -> float:
    """Most memory (RSS, in MB) at any moment since `forget_peak`."""
    return _kilobytes(Path(f"/proc/{pid}/status"))["VmHWM"] / KB_PER_MB


def _kilobytes(path: Path) -> dict[str, int]:
    lines = [line.split() for line in path.read_text(encoding="ascii", errors="replace").splitlines()]
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) == 3 and words[2] == "kB"}
