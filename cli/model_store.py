"""`rsvlm models download|import|remove`: what changes the user's folder of models."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.releases import RELEASES
from rsvlm.protocol import RsvlmError, Watch

if TYPE_CHECKING:
    from rsvlm.models.importing import Report

SHOWN = 40  # keys of a report for people; --json has all


class Percent(Watch):
    """A line on standard error for each percent of a download, for people and for programs that read along."""

    def __init__(self, model: str) -> None:
        self._model, self._last = model, -1

    def progress(self, done: int, total: int, note: str) -> None:
        percent = done * 100 // max(total, 1)
        if percent != self._last:
            self._last = percent
            print(f"{self._model}: {percent} % of {total / 1e6:,.0f} MB", file=sys.stderr, flush=True)


def download_model(
    model: str = typer.Argument(help="Id of the model."),
    accept_licence: bool = typer.Option(False, "--accept-licence", help="You have read the licence and accept it."),
    origin: Path | None = typer.Option(
        None, "--from", metavar="FOLDER", help="Copy the files from this folder instead of the network."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Download a model; begun downloads go on where they stopped. RSVLM_MODELS and RSVLM_MIRROR say where to and from."""
    from rsvlm.models.store import download

    card = get_card(model)
    accepted = accept_licence or (card.source.downloadable and ask_for_licence(card))
    download(card, Percent(card.id), accepted, origin)
    if as_json:
        print(json.dumps({"id": card.id, "revision": card.revision, "folder": str(card.folder), "installed": True}))
    else:
        print(f"{card.id} is installed in {card.folder}.")


def ask_for_licence(card: ModelCard) -> bool:
    """Show under which terms a model comes; where they need a yes and somebody sits there, ask for it."""
    from rsvlm.models.store import licence_accepted

    print(f"{card.title}: {card.licence}. {card.terms}", file=sys.stderr)
    if not card.source.accept_licence or licence_accepted(card) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    if not typer.confirm("Do you accept this licence?", err=True):
        raise RsvlmError("bad_request", "The licence was not accepted, so nothing was downloaded.")
    return True


def import_weights(
    path: Path = typer.Argument(
        help="A folder with config.json, tokenizer.json and weights, or the file of weights there."
    ),
    model_id: str = typer.Option(..., "--id", help="What the model is to be called: small letters, digits, . _ -"),
    family: str = typer.Option("compact", help=f"Family of the model: {', '.join(RELEASES)}."),
    title: str | None = typer.Option(None, help="Its name for readers; default: the id."),
    licence: str = typer.Option("not stated", help="Under which licence it may be used."),
    terms: str = typer.Option("", help="What else is to be known before it is used."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Bring in weights: .safetensors, or .pt and .pth, which are read in a process of their own without a network."""
    from rsvlm.models.importing import Wish, import_model

    report, card = import_model(path, Wish(model_id, family, title or model_id, licence, terms))
    if as_json:
        added = {"id": card.id, "revision": card.revision, "folder": str(card.folder)} if card else {"id": None}
        print(json.dumps({**added, "report": report.to_json()}))
    else:
        print_report(report)
    if card is None:
        raise unfit(report, family)
    if not as_json:
        print(f"{card.id} is installed in {card.folder}.")


def unfit(report: Report, family: str) -> RsvlmError:
    """Why weights were not brought in; where a checkpoint holds a part of a model alone, what it has to stand beside."""
    counts = {name: sum(key.startswith(f"{name}.") for key in report.missing) for name in RELEASES[family].parts}
    parts = [name for name, count in counts.items() if count]
    wrong = len(report.missing) + len(report.other_shape)
    said = f"The weights do not fit the configuration: {wrong} keys are missing or of another shape."
    if not parts:
        return RsvlmError("bad_request", said, "Give the config.json that the weights were trained with.")
    lacking = " and ".join(f"{counts[name]} of {name}" for name in parts)
    folders = " and ".join(f"a folder {name}" for name in parts)
    return RsvlmError(
        "bad_request",
        f"{said} Missing are {lacking}: the checkpoint holds a part of the model.",
        f"Put what it was trained on into {folders} beside it.",
    )


def print_report(report: Report) -> None:
    """A table of the keys that differ, on standard error."""
    rows = [(key, "missing", "") for key in report.missing]
    rows += [(one["key"], "of another shape", f"{one['found']}, not {one['expected']}") for one in report.other_shape]
    rows += [(key, "not needed", "") for key in report.unexpected]
    if not rows:
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("key", "is", "shape")
    for key, state, shape in rows[:SHOWN]:
        table.add_row(key, state, shape)
    console = Console(stderr=True, markup=False)
    console.print(table)
    if len(rows) > SHOWN:
        console.print(f"and {len(rows) - SHOWN} more; --json shows all")


def remove_model(
    model: str = typer.Argument(help="Id of the model."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Delete a model that was downloaded or imported."""
    from rsvlm.models.store import remove

    freed = remove(get_card(model))
    if as_json:
        print(json.dumps({"removed": model, "freed_bytes": freed}))
    else:
        print(f"{model} was removed; {freed / 1e6:,.1f} MB are free again.")
