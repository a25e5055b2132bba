"""`rsvlm models export`: files of a model for onnxruntime, made, tried and chosen on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from rsvlm.models.cards import get_card
from rsvlm.models.onnx_records import onnx_folder, told
from rsvlm.protocol import RsvlmError

PICTURES = 24  # generated ones that files are made and tried with


def export_model(
    model: str | None = typer.Argument(None, help="Id of the model; default: the bundled one."),
    precision: str = typer.Option(
        "auto",
        help="What to use: auto (the fastest that answers as torch does), torch, fp32, int8 (CPU) or fp16 (CUDA).",
    ),
    device: str = typer.Option("auto", help="Where it is going to run: auto, cpu or cuda."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Let onnxruntime see in torch's place, where it is faster on this machine and sees the same. Takes some seconds.

    Only models of the family compact.
    """
    import numpy as np

    from rsvlm.models.load import pick_device
    from rsvlm.trainer.scenes.making import Wanted, scene

    card = get_card(model)
    if card.family != "compact":
        raise RsvlmError(
            "bad_request",
            f"The model {card.id} of the family {card.family} runs in torch alone.",
            "Choose a compact one.",
        )
    if not card.verify():
        raise RsvlmError("model_failed", f"The weights of {card.id} are missing or altered.", card.mend)
    from rsvlm.models.families.compact.exporting import check_wanted, export
    from rsvlm.models.weights import load_compact

    where = pick_device(device)
    check_wanted(precision, where)
    wanted = Wanted(PICTURES, pixels=max(128, card.input.pixels), pairs=0, split="export")
    pictures = np.stack([scene(wanted, number).pictures[""] for number in range(PICTURES)])
    record = export(card, *load_compact(card.folder, card.id, card.mend), where, pictures, precision)
    if as_json:
        print(json.dumps({**asdict(record), "folder": str(onnx_folder(card, where))}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("precision", "ms a picture", "torch", "smallest cosine", "IoU of masks", "")
    for tried in record.tried:
        iou = "none" if tried.iou is None else f"{tried.iou:.4f}"
        times = [f"{1000 * seconds:.1f}" for seconds in (tried.seconds, tried.torch_seconds)]
        table.add_row(
            tried.precision, *times, f"{tried.cosine:.5f}", iou, "used" if tried.precision == record.used else ""
        )
    console = Console(markup=False)
    console.print(table)
    console.print(f"{card.id} sees by {told(card)}.")
