"""`rsvlm data scenes`: generated pictures of places, single and as pairs, with records whose every mask and number is exact."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from rsvlm.cli.terminal import Terminal


def generate_scenes(
    out: Path = typer.Option(..., "-o", "--out", metavar="DIR", help="Folder for SPLIT.jsonl and its pictures."),
    count: int = typer.Option(1000, min=1, help="How many scenes."),
    seed: int = typer.Option(0, min=0, help="Scene n of a seed and a split is always the same."),
    pixels: int = typer.Option(256, help="Of a side: a multiple of 8 from 128 to 512."),
    pairs: float = typer.Option(0.3, min=0, max=1, help="Share of the scenes that are two dates of a place."),
    split: str = typer.Option("train", help="What the records are called; another split has other scenes."),
    rounds: int = typer.Option(1, min=1, max=9, help="Of phrases for things, and for what is not there, to outline."),
    overwrite: bool = typer.Option(False, help="Replace the records if they are there already."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Draw places of twenty kinds from above, and write captions, questions, boxes, masks and changes that are true of them."""
    from rsvlm.trainer.scenes.generate import generate
    from rsvlm.trainer.scenes.making import Wanted

    with Terminal(words=False).listening() as watch:
        done = generate(Wanted(count, seed, pixels, pairs, split, rounds), out, overwrite, watch)
    if as_json:
        print(json.dumps({"out": str(out / f"{split}.jsonl"), **asdict(done)}))
        return
    kinds = ", ".join(f"{number:,} {task}" for task, number in done.tasks.items())
    print(f"{out / f'{split}.jsonl'}: {done.scenes:,} scenes, {done.records:,} records ({kinds}).")
