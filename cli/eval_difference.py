"""`rsvlm eval difference`: how far one gets with the difference of two dates and a threshold, without any model."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.evaluated import show, tell


def measure_difference(
    data: Path = typer.Option(..., help="Pairs with masks of change: records, or another format."),
    kind: str | None = typer.Option(None, "--format", help="How it lies on disk; default: by the suffix."),
    images: Path | None = typer.Option(None, help="Folder of its pictures; default: where the annotations are."),
    split: str | None = typer.Option(
        None, help="Only this split, or all; default: val, else test, where there are several."
    ),
    chosen_on: Path | None = typer.Option(
        None, help="Records of other pairs, on which the threshold with the best F1 is chosen."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Score the difference of two dates as a mask of change: a baseline. Its threshold is Otsu's, or of other pairs."""
    from rsvlm.trainer.measuring.data import ALL, Data
    from rsvlm.trainer.measuring.difference import best_threshold, pairs, score
    from rsvlm.trainer.records import Records
    from rsvlm.trainer.scored import document

    threshold = best_threshold(pairs(Records(chosen_on))) if chosen_on else None
    given = Data(data, kind, images, split)
    tell(given)
    count, scored = score(pairs(given.records(given.source())), threshold)
    told = {"task": "change", "protocol": "pixels", "data": data.name, "split": given.part or ALL, "n": count}
    rule = {"threshold": "Otsu of each pair" if threshold is None else threshold}
    warning = {"warning": given.warning} if given.warning else {}
    show({**told, **document(scored), **rule, **warning}, as_json)
