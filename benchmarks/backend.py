"""What the service costs and how it holds out: `python benchmarks/backend.py [--json] [--out FILE] [--only PART ...]`.

Parts: starting (launch to /health and to the first words), cancelling (how soon an unwanted answer ends), load (200
clients for a minute: what they get, what stays behind), overhead (the service against the task called in process),
together (batches), again (a second question about the same picture). Linux.
"""

from __future__ import annotations

import sys

from measuring.command import run

PARTS = ("starting", "cancelling", "load", "overhead", "together", "again")

if __name__ == "__main__":
    sys.exit(run("backend", "Measure the service around the models.", PARTS))
