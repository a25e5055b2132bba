"""`rsvlm train`: run a recipe."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

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
    install: bool = typer.Option(
        True, "--install/--no-install", help="Put the model that comes out among yours, under the recipe's id or name."
    ),
    ray: int | None = typer.Option(None, min=1, metavar="WORKERS", help="Train on so many workers of a Ray cluster."),
    data: Path | None = typer.Option(None, help="Folder of the data sets; default $RSVLM_DATA or ../shared/data."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Train a model as a recipe says; stop and go on at will."""
    told: dict[str, Any] | None
    code = 0
    before = signal.signal(signal.SIGTERM, _leave)  # until there is something to keep
    try:
        from rsvlm.trainer.begin import folder_of
        from rsvlm.trainer.recipe import load_recipe
        from rsvlm.trainer.records import data_folder

        settings = load_recipe(recipe, overrides or [])
        sets = data or (Path() if settings.is_whole else data_folder())
        with redirect_stdout(sys.stderr):  # transformers prints its own figures at the end
            if dry_run:
                from rsvlm.trainer.dry_run import dry_run as look

                told = look(settings, sets)
            elif ray:
                from rsvlm.trainer.on_ray import train_on_ray

                told, code = train_on_ray(settings, sets, folder_of(settings), resume, install, ray)
            else:
                from rsvlm.trainer.finish import train_and_install
                from rsvlm.trainer.processes import leave_group

                told, code = train_and_install(settings, sets, folder_of(settings), resume, install)
                leave_group()
    finally:
        signal.signal(signal.SIGTERM, before)
    if told is not None:
        _show(told, as_json)
    if code:
        raise typer.Exit(code)


def _leave(number: int, frame: object) -> None:
    raise typer.Exit(0)


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(told))
    elif "stages" in told:
        from rsvlm.cli.dry_run import show_dry_run

        show_dry_run(told)
    else:
        ends = "" if told["whole"] else "; it was stopped before its end, go on with --resume"
        print(f"{told['steps']} steps{ends}")
        print(f"model: {told['installed'] or told['model']}")
        _show_best(told["validation"] or {})


def _show_best(state: dict[str, Any]) -> None:
    """The figure that decided, with its interval, and what it was before training."""
    best, before = state.get("best"), state.get("before")
    if not best:
        return
    name = state["metric"]
    low, high = best["ci95"].get(name, (None, None))
    between = "" if low is None else f" ({low:.3f} – {high:.3f})"
    begun = f"; before training {before['figures'][name]:.3f}" if before and name in before["figures"] else ""
    print(f"{name} on the records held out: {best['figures'][name]:.3f}{between} after step {best['step']}{begun}")
