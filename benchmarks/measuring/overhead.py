"""What the service costs: the same description asked over HTTP and called in this process."""

from __future__ import annotations

import os
import time
from pathlib import Path

from measuring.figures import Figure, middle
from measuring.rasters import village
from measuring.service import Service
from rsvlm.protocol import DescribeRequest, Raster, Watch

OVERHEAD = 1.05


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Both sides without caches, so that each round really runs the model. Raises RsvlmError if an answer fails."""
    os.environ["RSVLM_CACHE"] = "0"
    from rsvlm.models.pool import Models
    from rsvlm.tasks.describe import describe

    models = Models(cache_bytes=0)
    request = DescribeRequest(Raster(**village()), "detailed")
    over_http, around, in_process = [], [], []
    with Service(folder / "home") as service:
        for _round in range(rounds + 1):
            reply = service.describe(village(), "detailed")
            over_http.append(reply.total_s)
            around.append(reply.total_s - reply.answer.timings["total"])
            begin = time.perf_counter()
            describe(request, models, Watch())
            in_process.append(time.perf_counter() - begin)
    del os.environ["RSVLM_CACHE"]
    asked, called = middle(over_http[1:]), middle(in_process[1:])
    what = "detailed description over HTTP"
    return [
        Figure(what, asked, "s", OVERHEAD, called, "the task called in process", bar_on_ratio=True),
        Figure("of it around the task: HTTP, queue and pipe", 1000 * middle(around[1:]), "ms"),
    ]
