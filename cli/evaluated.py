"""What `rsvlm eval` prints of predictions that were scored: one JSON document, or a table for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

REFERENCES = typer.Option(None, help="The references, where they are in a file of their own: found by id, or by order.")
AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")


def print_scores(
    task: str,
    predictions: Path,
    protocol: str | None,
    references: Path | None,
    as_json: bool,
    vocabulary: Path | None = None,
) -> None:
    """Score a file by a protocol of the task and print it. Raises RsvlmError for what cannot be read or scored."""
    from rsvlm.trainer.scoring import score_file

    show(score_file(task, predictions, protocol, references, vocabulary), as_json)


def show(result: dict[str, Any], as_json: bool) -> None:
    """Figures with their intervals, what was not computed, and what the protocol rests on."""
    if as_json:
        print(json.dumps(result))
        return
    things = "pictures" if result["task"] == "caption" else "items"
    split = f" ({result['split']})" if "split" in result else ""
    print(f"{result['task']}, {result['n']} {things} of {result['data']}{split}, protocol {result['protocol']}")
    if "tokeniser" in result:
        words = result["vocabulary"]
        print(f"tokeniser: {result['tokeniser']}; vocabulary of {words['words']} words, {words['sha256']}")
    width = max(16, *(len(name) for name in result["metrics"]))
    for name, value in result["metrics"].items():
        low, high = result["ci95"].get(name, (None, None))
        interval = "" if low is None else f"  ({low:.3f} – {high:.3f})"
        print(f"{name:>{width}}  {value:.3f}{interval}")
    for name, why in result.get("not_computed", {}).items():
        print(f"{name:>{width}}  not computed: {why}")
    for name, sentence in NOTES.items():
        if result.get(name):
            print(f"{sentence}: {_some(result[name])}")


NOTES = {
    "release_stops_at": "The released script stops at",
    "not_read": "Nothing to be read in",
}


def _some(ids: list[str]) -> str:
    """The first ten, and how many more."""
    more = f" and {len(ids) - 10} more" if len(ids) > 10 else ""
    return ", ".join(ids[:10]) + more
