"""What every benchmark script does: choose parts, measure them, print the table, keep the document."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measuring.figures import Figure, describe_machine, document, table
from rsvlm.protocol import RsvlmError

BUSY = 0.3  # load per core from which on absolute figures mean little


def run(benchmark: str, about: str, parts: Sequence[str]) -> int:
    """Measure the chosen ones of `parts`, modules of this package with measure(folder, rounds), in their order.

    Exit codes: 0 measured, whether or not a bar was missed; 2 bad arguments; 3 backend, model or QGIS failed.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--out", type=Path, help="save the JSON document in this file too")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="the parts to measure")
    parser.add_argument("--rounds", type=int, default=7, help="how often each thing is done; the median counts")
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error("--rounds must be at least 1")
    machine = describe_machine()
    if machine["load"] and machine["load"] > BUSY * machine["cores"]:
        print(
            f"The machine is busy (load {machine['load']} on {machine['cores']} cores): trust the ratios only.",
            file=sys.stderr,
        )
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="rsvlm-bench-") as folder:
            for part in (part for part in parts if part in chosen.only):
                print(f"measuring: {part}", file=sys.stderr, flush=True)
                workplace = Path(folder) / part
                workplace.mkdir()
                figures += importlib.import_module(f"measuring.{part}").measure(workplace, chosen.rounds)
    except RsvlmError as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return error.exit_code
    said = document(benchmark, figures, machine)
    print(table(figures))
    if chosen.out:
        _save(chosen.out, json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    if chosen.json:
        print(json.dumps(said))
    return 0


def _save(path: Path, text: str) -> None:
    """Beside it first, so that a crash leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
