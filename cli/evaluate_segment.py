"""`rsvlm eval segment`: overlap of masks."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.evaluated import AS_JSON, REFERENCES, print_scores


def evaluate_segment(
    predictions: Path = typer.Option(help="The file to score: JSON or JSON Lines of id, prediction and references."),
    protocol: str | None = typer.Option(
        None, help="masks (default): above 0 is the thing; lisa: 1 is, and 255 is left out of account."
    ),
    references: Path | None = REFERENCES,
    as_json: bool = AS_JSON,
) -> None:
    """Score masks against references."""
    print_scores("segment", predictions, protocol, references, as_json)
