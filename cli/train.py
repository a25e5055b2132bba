"""`rsvlm train`: run a recipe."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import typer


def train(
    recipe: Path = typer.Argument(help="A recipe file, or the name of a shipped one such as compact."),
    overrides: list[str] | None = typer.Argument(
        None, metavar="[KEY=VALUE]...", help="Replace settings, for example steps=100."
    ),
    run: Path | None = typer.Option(None, help="Folder of the run; default runs/NAME. A run that is there is resumed."),
    data: Path | None = typer.Option(None, help="Folder of the data sets; default $RSVLM_DATA or ../shared/data."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Train a model as a recipe says; stop and start again at will."""
    from rsvlm.trainer.recipe import load_recipe
    from rsvlm.trainer.records import data_folder
    from rsvlm.trainer.train import train as run_recipe

    settings = load_recipe(recipe, overrides or [])
    with redirect_stdout(sys.stderr):  # transformers prints its own figures at the end
        model = run_recipe(settings, data or data_folder(), run or Path("runs") / settings.name)
    print(json.dumps({"recipe": settings.name, "steps": settings.steps, "model": str(model)}) if as_json else model)
