"""Whether memory grows with the number of records: peaks of runs that differ in nothing else, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from measuring.figures import Figure, middle
from measuring.small_data import recipe, write_records
from rsvlm.protocol import RsvlmError

FEW, MANY = 1_000, 200_000
GROWTH = 1.1
STEPS, BATCH = 10, 8
ROUNDS = 3  # at most; a peak hardly varies
KB_PER_MB = 1024
CODE = """
import json, resource, sys
from pathlib import Path
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run
Run(Recipe.model_validate(json.loads(sys.argv[1])), Path("."), Path(sys.argv[2])).train()
print(json.dumps([resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]))
"""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if a run fails."""
    peaks = {
        count: [
            _peak(folder, write_records(folder, count), f"{count}-{number}") for number in range(min(rounds, ROUNDS))
        ]
        for count in (FEW, MANY)
    }
    return [
        Figure(
            f"peak of {name}, {MANY:,} records",
            middle([peak[place] for peak in peaks[MANY]]),
            "MB",
            GROWTH,
            middle([peak[place] for peak in peaks[FEW]]),
            f"{FEW:,} records",
            bar_on_ratio=True,
        )
        for place, name in enumerate(("a run", "its worker"))
    ]


def _peak(folder: Path, records: Path, name: str) -> list[float]:
    """MB of the run and of the process that reads for it."""
    told = json.dumps(recipe(records, STEPS, BATCH))
    command = [sys.executable, "-c", CODE, told, str(folder / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RsvlmError("model_failed", "A run failed.", done.stderr[-500:])
    return [kilobytes / KB_PER_MB for kilobytes in json.loads(done.stdout.splitlines()[-1])]
