"""From the click to the words through a real backend, and the memory that it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from measuring.figures import Figure, middle
from measuring.memory import forget_peak, peak_mb, resident_mb
from measuring.rasters import large, screenshot, village
from measuring.service import Service

FIRST_WORD_S = 1.5
CONSTANT_MEMORY = 1.1
SCREEN = 1024  # pixels
SMALL, LARGE = 2_000, 8_000  # pixels
IMPORTS = "import resource, torch, transformers"


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the backend cannot be started or does not answer."""
    with Service(folder / "home") as service:
        service.describe(village())
        found = _warm(service, rounds)
        found += _memory(service)
        found += _growth(service, folder)
    return found


def _warm(service: Service, rounds: int) -> list[Figure]:
    service.describe(village(), "detailed")
    brief = [service.describe(village()) for _round in range(rounds)]
    detailed = [service.describe(village(), "detailed") for _round in range(rounds)]
    picture = screenshot(SCREEN)
    service.describe(picture)
    sent = [service.describe(picture) for _round in range(rounds)]
    view = middle([service.view(village()) for _round in range(rounds)])
    word = middle([reply.first_word_s for reply in brief])
    long_word = middle([reply.first_word_s for reply in detailed])
    tiles = len(detailed[0].answer.evidence)
    megabytes = len(picture["data"]) / 1e6
    return [
        Figure("brief: click to first word", word, "s", FIRST_WORD_S),
        Figure("brief: click to end", middle([reply.total_s for reply in brief]), "s"),
        Figure("brief: reading the raster, of it", middle([reply.answer.timings["read"] for reply in brief]), "s"),
        Figure("brief: the model, of it", middle([reply.answer.timings["model"] for reply in brief]), "s"),
        Figure(f"detailed, {tiles} tiles: click to first word", long_word, "s", FIRST_WORD_S, word, "brief"),
        Figure("detailed: click to first tile", middle([reply.evidence_s[0] for reply in detailed]), "s"),
        Figure("detailed: reading, of it", middle([reply.answer.timings["read"] for reply in detailed]), "s"),
        Figure(
            f"brief: click to first word, {megabytes:.1f} MB picture sent",
            middle([reply.first_word_s for reply in sent]),
            "s",
            FIRST_WORD_S,
            word,
            "by its path",
        ),
        Figure("transfer of that picture", middle([reply.sent_s for reply in sent]), "s"),
        Figure("preview of a place", view, "s"),
    ]


def _memory(service: Service) -> list[Figure]:
    code = f"{IMPORTS}; print(int(open('/proc/self/smaps_rollup').read().split('Pss:')[1].split()[0]) / 1024)"
    libraries = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    resident, own = resident_mb(service.pid)
    worker_resident, worker_own = resident_mb(service.worker_pid())
    return [
        Figure("memory of the supervisor (RSS)", resident, "MB"),
        Figure("memory of the supervisor (PSS)", own, "MB"),
        Figure("memory of the worker (RSS)", worker_resident, "MB"),
        Figure("memory of the worker (PSS)", worker_own, "MB", None, libraries, "torch and transformers alone"),
    ]


def _growth(service: Service, folder: Path) -> list[Figure]:
    """Peaks of the worker while it describes a small and a large raster; the large one last, so that it hides nothing."""
    peaks = []
    for side in (SMALL, LARGE):
        raster = large(folder / f"{side}.tif", side, overviews=False)
        forget_peak(service.worker_pid())
        service.describe(raster, "detailed")
        peaks.append(peak_mb(service.worker_pid()))
    what = f"peak of the worker, {LARGE} px raster"
    return [Figure(what, peaks[1], "MB", CONSTANT_MEMORY, peaks[0], f"{SMALL} px", bar_on_ratio=True)]
