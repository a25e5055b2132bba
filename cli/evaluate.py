"""`rsvlm eval`: measure a model on data with references."""

from __future__ import annotations

import json
from pathlib import Path

import typer

evaluate_app = typer.Typer(help="Measure models on data with references.", no_args_is_help=True)


@evaluate_app.callback()
def root() -> None:
    """Measure models on data with references."""


@evaluate_app.command("caption")
def evaluate_caption(
    data: Path = typer.Option(help="A caption archive: a zip with images/ and captions.jsonl."),
    split: str = typer.Option(
        "val", help="train, val or test as the archive names them, or held: one in ten of train, never trained on."
    ),
    model: str | None = typer.Option(None, help="Id of the model; default: the bundled one."),
    protocol: str = typer.Option(
        "coco", help="coco: BLEU-1..4, ROUGE-L and CIDEr on lower-cased text without punctuation."
    ),
    device: str = typer.Option("auto", help="auto, cpu or cuda."),
    predictions: Path | None = typer.Option(None, help="Also write what the model said to this JSONL file."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Score captions against the references of a split."""
    from rsvlm.models.families.compact.predictor import CompactPredictor
    from rsvlm.models.pool import Models
    from rsvlm.protocol import RsvlmError
    from rsvlm.trainer.evaluation import evaluate_captions

    predictor = Models(device).get(model)
    if not isinstance(predictor, CompactPredictor):
        raise RsvlmError(
            "bad_request", f"Captions of {predictor.card.id} cannot be measured yet.", "Choose another model."
        )
    result = evaluate_captions(predictor, data, split, protocol, predictions)
    if as_json:
        print(json.dumps(result))
        return
    print(f"{result['task']}, {result['n']} pictures of {data.name} ({split}), protocol {result['protocol']}")
    for name, value in result["metrics"].items():
        print(f"{name:>16}  {value:.3f}")
