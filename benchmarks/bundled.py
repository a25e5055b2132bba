"""How fast and how small the bundled model is: `python benchmarks/bundled.py [--json] [--out FILE] [--only PART ...]`.

Parts: footprint (memory of a worker and of batches, size of the files), pictures (encoder and masks, by torch and by
onnxruntime), sentences (captions against transformers' generate, beams against a cache that grows). The network has the heads
of all tasks, with the weights that ship where these have some. OMP_NUM_THREADS=1 measures a single thread. Linux.
"""

from __future__ import annotations

import sys

from measuring.command import run

PARTS = ("footprint", "pictures", "sentences")

if __name__ == "__main__":
    sys.exit(run("bundled", "Measure the bundled model.", PARTS))
