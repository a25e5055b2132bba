"""`rsvlm train`: run a recipe."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import typer


def train(
    recipe: Path = typer.Argument(help="A recipe file, or the name of a shipped one such as compact_lora."),
    overrides: list[str] | None = typer.Argument(
        None, metavar="[KEY=VALUE]...", help="Replace settings, for example max_steps=100 output_dir=runs/mine."
    ),
    resume: bool = typer.Option(
        False, help="Go on with the run in output_dir (default runs/NAME) from its last checkpoint."
    ),
    dry_run: bool = typer.Option(
        False, help="Look at the data and the first batch, tell steps and memory, train nothing."
    ),
    data: Path | None = typer.Option(None, help="Folder of the data sets; default $RSVLM_DATA or ../shared/data."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Train a model as a recipe says; stop and go on at will."""
    from rsvlm.trainer.dry_run import dry_run as look
    from rsvlm.trainer.recipe import load_recipe
    from rsvlm.trainer.records import data_folder
    from rsvlm.trainer.train import Run

    settings = load_recipe(recipe, overrides or [])
    sets = data or data_folder()
    with redirect_stdout(sys.stderr):  # transformers prints its own figures at the end
        if dry_run:
            told = look(settings, sets)
        else:
            told = Run(settings, sets, Path(settings.output_dir or f"runs/{settings.name}"), resume).train().to_json()
    print(json.dumps(told) if as_json else "\n".join(f"{name}: {value}" for name, value in told.items()))
