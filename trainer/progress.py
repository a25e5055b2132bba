"""How far a run is, for who sits before it: one line on standard error with the time that is left; nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Line:
    """stage: what the line begins with; total: its steps, `done` of them before now."""

    def __init__(self, stage: str, total: int, done: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not Console(stderr=True).is_terminal,
        )
        self._task = self._progress.add_task(stage, total=total, completed=done, losses="")

    def start(self) -> None:
        self._progress.start()

    def step(self, done: int, losses: Mapping[str, float]) -> None:
        told = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        self._progress.update(self._task, completed=done, losses=told)

    def stop(self) -> None:
        self._progress.stop()
