"""`rsvlm eval change`: what was said of two dates, as captions, counts, cells or yes and no."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.evaluated import AS_JSON, REFERENCES, print_scores


def evaluate_change(
    predictions: Path = typer.Option(help="The file to score: JSON or JSON Lines of id, prediction and references."),
    protocol: str | None = typer.Option(
        None, help="levir-cc-ids (default), coco, coco-ptb, spaces, deltavlm-count, deltavlm-location or yes-no."
    ),
    references: Path | None = REFERENCES,
    vocabulary: Path | None = typer.Option(
        None, help="levir-cc-ids: the word map, JSON; default: the references' words."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Score what was said of two dates against references."""
    print_scores("change", predictions, protocol, references, as_json, vocabulary)
