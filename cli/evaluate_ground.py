"""`rsvlm eval ground`: boxes found."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.evaluated import AS_JSON, REFERENCES, print_scores


def evaluate_ground(
    predictions: Path = typer.Option(help="The file to score: JSON or JSON Lines of id, prediction and references."),
    protocol: str | None = typer.Option(
        None, help="boxes (default): turned by their angles; boxes-upright: angles are left out of account."
    ),
    references: Path | None = REFERENCES,
    as_json: bool = AS_JSON,
) -> None:
    """Score boxes against references."""
    print_scores("ground", predictions, protocol, references, as_json)
