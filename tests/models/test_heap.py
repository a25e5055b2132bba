"""Memory of large arrays goes back when they are gone, also where smaller ones that stay lie between them."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Arrays of 8 MB with something small after each; the first one that goes makes glibc put the next ones between those.
SCRIPT = """
import sys, psutil, numpy as np
from rsvlm.models.heap import map_large
if sys.argv[1] == "map": map_large()
np.ones(2**20); kept = []; arrays = []
before = psutil.Process().memory_info().rss
for _ in range(20):
    arrays.append(np.ones(2**20)); kept.append([bytes(60_000)])
arrays.clear()
print(psutil.Process().memory_info().rss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's memory is Linux's")
def test_large_arrays_leave_no_gaps():
    kept = {
        way: int(subprocess.run([sys.executable, "-c", SCRIPT, way], capture_output=True, text=True, check=True).stdout)
        for way in ("leave", "map")
    }
    assert kept["map"] < 8 * 2**20 and kept["leave"] > 80 * 2**20
