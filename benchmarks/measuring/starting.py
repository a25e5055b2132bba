"""From the launch of the backend until it answers, and until the first words of its first answer."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from measuring.figures import Figure, middle
from measuring.rasters import village
from measuring.service import Service

HEALTH_S = 1.0
IMPORTS = "import torch, transformers"
STARTS = 3


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the backend cannot be started or does not answer."""
    interpreter = middle([_python("pass") for _start in range(STARTS)])
    libraries = middle([_python(IMPORTS) for _start in range(STARTS)])
    healthy, spoken = [], []
    for start in range(min(rounds, STARTS)):
        with Service(folder / f"home{start}") as service:
            first = service.describe(village())
            healthy.append(service.health_s)
            spoken.append(time.perf_counter() - service.launched - (first.total_s - first.first_word_s))
    imports = "python importing torch, transformers"
    return [
        Figure("backend start to /health", middle(healthy), "s", HEALTH_S, interpreter, "python -c pass"),
        Figure("backend start to first word (cold)", middle(spoken), "s", None, libraries, imports),
    ]


def _python(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin
