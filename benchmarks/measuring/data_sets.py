"""Data sets and rasters that do not ship, for the scripts that measure on them."""

from __future__ import annotations

import sys
from pathlib import Path

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.records import data_folder


def data_with(*paths: str) -> Path:
    """The data folder, which has these. Where it has not, the program says so and ends well: `make bench` goes on."""
    try:
        folder = data_folder()
    except RsvlmError:
        why = "there is no folder of data sets, which RSVLM_DATA names"
    else:
        missing = [path for path in paths if not (folder / path).exists()]
        if not missing:
            return folder
        why = f"{missing[0]} is not in the folder of data sets, {folder}"
    print(f"Skipped, as {why}.", file=sys.stderr)
    sys.exit(0)
