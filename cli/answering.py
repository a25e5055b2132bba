"""Runs a task for a command: what is wrong with request and rasters is told before torch, which takes seconds, is imported."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from rsvlm.cli.exporting import still_free
from rsvlm.cli.terminal import Terminal, show
from rsvlm.protocol import Answer, Raster

REACHES_OUT = "The extent reaches beyond the raster; the part inside it was looked at."


def read_by(request: Any) -> list[str]:
    """Files that a request names."""
    values = [getattr(request, field.name) for field in fields(request)]
    found = [value.href for value in values if isinstance(value, Raster)]
    return [path for path in (*found, getattr(request, "knowledge", None)) if path]


def answered(task: str, request: Any, device: str, words: bool, out: Path | None = None) -> Answer:
    """The answer of `task`, which may be written to `out`. words: print them as they come. Raises RsvlmError as the task does."""
    from rsvlm.geo.scene import Scene
    from rsvlm.geo.vector_files import check_degrees
    from rsvlm.tasks.checks import CHECKS

    CHECKS[task](request)
    reaches_out = False
    for value in (getattr(request, field.name) for field in fields(request)):
        if isinstance(value, Raster):
            with Scene.open(value) as scene:
                reaches_out = reaches_out or scene.reaches_out
                if out and scene.crs:
                    check_degrees(out, scene.crs.to_wkt())
    from rsvlm.models.pool import Models
    from rsvlm.tasks import TASKS

    with Terminal(words).listening() as watch:
        answer = TASKS[task].run(request, Models(device), watch)
    if reaches_out:
        answer.warnings.insert(0, REACHES_OUT)
    return answer


def saved(task: str, request: Any, device: str, as_json: bool, out: Path | None, overwrite: bool) -> None:
    """Answer, print it, and write its evidence to `out` if there is one. Raises RsvlmError as task and writing do."""
    from rsvlm.geo.vector_files import ENDINGS, check_target, write_evidence

    if out:
        check_target(out, overwrite, read=read_by(request))
    answer = answered(task, request, device, not as_json, out)
    try:
        show(answer, as_json)
    finally:  # what was finished is kept as well when the answer was stopped
        if out:
            path = still_free(out, overwrite, ENDINGS)
            write_evidence(path, answer.evidence, answer.provenance["crs"], answer.provenance)
