"""How long and how much a description takes: `python benchmarks/describe.py [--json] [--out FILE] [--only PART ...]`.

Ratios against a baseline of the same run, and absolute figures with their bars, which mean something on an idle machine
only. Parts: window (a real QGIS: plugin start, dock, event loop), clicks (a real backend over HTTP, and its memory),
stages (the same without it: encode, first token, tokens per second, batches, reading). Linux.
"""

from __future__ import annotations

import sys

from measuring.command import run

PARTS = ("window", "clicks", "stages")  # stages last: it loads torch into this process

if __name__ == "__main__":
    sys.exit(run("describe", "Measure a description from the click to the words.", PARTS))
