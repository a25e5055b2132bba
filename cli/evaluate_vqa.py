"""`rsvlm eval vqa`: accuracy of short answers, by type of question."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.evaluated import AS_JSON, REFERENCES, print_scores


def evaluate_vqa(
    predictions: Path = typer.Option(help="The file to score: JSON or JSON Lines of id, prediction and references."),
    protocol: str | None = typer.Option(
        None, help="rsvqa (default), rsvqa-hr, exact, count or yes-no; docs/evaluation.md tells them apart."
    ),
    references: Path | None = REFERENCES,
    as_json: bool = AS_JSON,
) -> None:
    """Score answers to questions against references."""
    print_scores("vqa", predictions, protocol, references, as_json)
