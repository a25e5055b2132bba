"""`rsvlm data composites`: two dates of places that never were, made from masks and pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from rsvlm.cli.data_builders import Told, written


def build_composites(
    told: Told,
    masks: Path = typer.Argument(help="Pictures with coloured masks: a .zip or folder as “rsvlm data formats” tells."),
    archive: Path = typer.Argument(help="Pictures to paste into: a caption archive (.zip)."),
    pictures: Path = typer.Option(..., metavar="FOLDER", help="Where the pictures of both dates are written."),
    count: int = typer.Option(1000, min=1, help="Pairs."),
    unchanged: float = typer.Option(0.33, min=0, max=1, help="Share of pairs in which nothing changes."),
    nuisance: float = typer.Option(
        0.7, min=0, max=1, help="How much light, season, air and sensor differ; 0: not at all."
    ),
    held: bool = typer.Option(False, "--held", help="Of the pictures that are held out, to measure by."),
    sentences: Path | None = typer.Option(
        None, help="Sentences that people wrote of changes, told where they hold: a .zip with captions.jsonl."
    ),
    questions: int = typer.Option(2, min=0, help="Open questions of each pair, at most."),
) -> None:
    """Make pairs of pictures with changes that are known exactly: buildings, roads and land cover pasted into other pictures."""
    from rsvlm.trainer.builders.composites import Wanted, composite_records

    wanted = Wanted(count, unchanged, nuisance, held, questions, sentences)
    options = {**asdict(wanted), "pictures": str(pictures.absolute()), "out": str(told.out.absolute())}
    job = told.job("composites", [masks, archive, *([sentences] if sentences else [])], options)
    written(job, lambda _: composite_records(masks, archive, pictures, wanted, told.out, job), told)
