"""`rsvlm eval caption`: how good captions are, of a model or of a file."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.evaluated import AS_JSON, REFERENCES, print_scores, show
from rsvlm.protocol import RsvlmError


def evaluate_caption(
    data: Path | None = typer.Option(None, help="A caption archive: a zip with images/ and captions.jsonl."),
    split: str = typer.Option(
        "val", help="train, val or test as the archive names them, or held: one in ten of train, never trained on."
    ),
    model: str | None = typer.Option(None, help="Id of the model; default: the bundled one."),
    protocol: str = typer.Option(
        "coco", help="coco, coco-ptb (needs Java), spaces or levir-cc-ids: docs/evaluation.md says what each counts."
    ),
    device: str = typer.Option("auto", help="auto, cpu or cuda."),
    predictions: Path | None = typer.Option(
        None, help="With --data: also write what the model said to this JSONL file. Without: the file to score."
    ),
    references: Path | None = REFERENCES,
    vocabulary: Path | None = typer.Option(
        None, help="levir-cc-ids: the word map, JSON; default: the references' words."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Score captions against references: of a model on a data set, or of a file of predictions."""
    if data is None:
        if predictions is None:
            raise RsvlmError("bad_request", "There is nothing to score.", "Name --data, or --predictions FILE.")
        print_scores("caption", predictions, protocol, references, as_json, vocabulary)
        return
    from rsvlm.models.families.compact.predictor import CompactPredictor
    from rsvlm.models.pool import Models
    from rsvlm.trainer.evaluation import evaluate_captions

    predictor = Models(device).get(model)
    if not isinstance(predictor, CompactPredictor):
        raise RsvlmError(
            "bad_request", f"Captions of {predictor.card.id} cannot be measured yet.", "Choose another model."
        )
    show(evaluate_captions(predictor, data, split, protocol, predictions), as_json)
