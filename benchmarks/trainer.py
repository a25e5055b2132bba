"""What the trainer adds to training: `python benchmarks/trainer.py [--json] [--out FILE] [--only PART ...]`.

Parts: learning (the bundled model's adapters under a run, against a bare loop of PyTorch on the same data; the share of a step in
which it waits for data), records (peak memory of a run on 1,000 and on 200,000 records). Linux.
"""

from __future__ import annotations

import sys

from measuring.command import run

PARTS = ("records", "learning")  # learning last: it loads torch into this process

if __name__ == "__main__":
    sys.exit(run("trainer", "Measure the trainer around the models.", PARTS))
