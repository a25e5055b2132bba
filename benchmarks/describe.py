"""How long and how much a description takes: `python benchmarks/describe.py [--json] [--out FILE] [--only PART ...]`.

Ratios against a baseline of the same run, and absolute figures with their bars, which mean something on an idle machine
only. Parts: clicks (a real backend over HTTP, its start and memory), stages (the same without it: encode, first token,
tokens per second, batches, reading), window (a real QGIS: plugin start, dock, event loop). Linux.
Exit codes: 0 measured, whether or not a bar was missed; 2 bad arguments; 3 backend, model or QGIS failed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

from measuring.figures import Figure, describe_machine, document, table

from rsvlm.protocol import RsvlmError

PARTS = ("window", "clicks", "stages")  # stages last: it loads torch into this process


def main() -> int:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description="Measure a description from the click to the words.")
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--out", type=Path, help="save the JSON document in this file too")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="the parts to measure")
    parser.add_argument("--rounds", type=int, default=7, help="how often each thing is done; the median counts")
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error("--rounds must be at least 1")
    machine = describe_machine()
    if machine["load"] and machine["load"] > 0.3 * machine["cores"]:
        print(
            f"The machine is busy (load {machine['load']} on {machine['cores']} cores): trust the ratios only.",
            file=sys.stderr,
        )
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="rsvlm-bench-") as folder:
            for part in (part for part in PARTS if part in chosen.only):
                print(f"measuring: {part}", file=sys.stderr, flush=True)
                workplace = Path(folder) / part
                workplace.mkdir()
                figures += importlib.import_module(f"measuring.{part}").measure(workplace, chosen.rounds)
    except RsvlmError as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return error.exit_code
    said = document("describe", figures, machine)
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


if __name__ == "__main__":
    sys.exit(main())
