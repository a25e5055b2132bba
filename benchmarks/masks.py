"""What masks of large rasters cost: `python benchmarks/masks.py [--json] [--out FILE] [--only PART ...]`.

Parts: outlining (10,000 x 10,000 pixels become polygons with shared edges, against GDAL's and each simplified on its own),
tiling (what reading tiles, blending and outlining costs beside the bundled model's time), height (memory for 40,000 rows against
10,000). Linux.
"""

from __future__ import annotations

import sys

from measuring.command import run

PARTS = ("outlining", "tiling", "height")

if __name__ == "__main__":
    sys.exit(run("masks", "Measure what turns probabilities into features.", PARTS))
