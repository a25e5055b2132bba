"""How soon an answer that nobody wants any more ends, and the service is free for the next."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from measuring.figures import Figure, middle
from measuring.rasters import large, village
from measuring.service import Chunks, Service
from rsvlm.protocol import Cancelled, RsvlmError

CANCEL_MS = 150
SIDE = 6_000  # pixels: many tiles, so that an answer is always under way


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the backend cannot be started, or if something else than the cancel ends an answer."""
    raster = large(folder / "large.tif", SIDE, overviews=True)
    with Service(folder / "home") as service:
        service.describe(village())
        asked = [_milliseconds(service, raster, hang_up=False) for _round in range(rounds)]
        left = [_milliseconds(service, raster, hang_up=True) for _round in range(rounds)]
    return [
        Figure("DELETE in mid-answer until the answer has ended", middle(asked), "ms", CANCEL_MS),
        Figure("client hangs up in mid-answer until the model is free", middle(left), "ms", CANCEL_MS),
    ]


def _milliseconds(service: Service, raster: dict[str, Any], hang_up: bool) -> float:
    """From the wish to stop, made when the first tile is there, until nothing runs any more."""
    answer = service.stream(raster, "detailed")
    for event in answer:
        if "evidence" in event.get("rsvlm", {}):
            break
    begin = time.perf_counter()
    if hang_up:
        answer.close()
    else:
        service.cancel()
        _exhaust(answer)
    while service.models()["queue"]["running"]:
        time.sleep(0.002)
    return 1000 * (time.perf_counter() - begin)


def _exhaust(answer: Chunks) -> None:
    try:
        for _event in answer:
            continue
    except RsvlmError as error:
        if error.code != Cancelled().code:
            raise
