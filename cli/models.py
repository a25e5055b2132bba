"""`rsvlm models`: which models there are, what they may be used for, how good they are, and whether they are whole."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from rsvlm.cli.model_export import export_model
from rsvlm.cli.model_store import download_model, import_weights, remove_model
from rsvlm.models.cards import ModelCard, card_problems, get_card, load_cards
from rsvlm.protocol import RsvlmError

models_app = typer.Typer(help="List, show, download, import, export, remove and verify models.", no_args_is_help=True)
models_app.command("download")(download_model)
models_app.command("import")(import_weights)
models_app.command("remove")(remove_model)
models_app.command("export")(export_model)


@models_app.command("list")
def list_models(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the models: those that are installed and those that can be downloaded."""
    cards = load_cards().values()
    if as_json:
        print(json.dumps({"models": [row(card) for card in cards], "problems": card_problems()}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "tasks", "size", "licence", "weights")
    for card in cards:
        size = f"{card.size_bytes / 1e6:,.1f} MB"
        table.add_row(card.id, ", ".join(card.tasks), size, card.licence, where(card))
    Console(markup=False).print(table)
    for problem in card_problems():
        print(f"Note: {problem}", file=sys.stderr)


def row(card: ModelCard) -> dict[str, Any]:
    """What programs, such as QGIS, show of a model in a list."""
    from rsvlm.models.memory import predicted_bytes
    from rsvlm.models.store import licence_accepted

    shown = {"id", "title", "family", "tasks", "licence", "terms"}
    return {
        **card.model_dump(mode="json", include=shown),
        "revision": card.revision,
        "size_bytes": card.size_bytes,
        "memory_bytes": predicted_bytes(card),
        "installed": card.installed,
        "bundled": card.source.path is not None,
        "downloadable": card.source.downloadable,
        "licence_to_accept": card.source.accept_licence and not licence_accepted(card),
    }


def where(card: ModelCard) -> str:
    """In a word, whether a model can be used."""
    if card.installed:
        return "installed"
    return "to download" if card.source.downloadable else "missing"


@models_app.command("show")
def show_model(
    model: str | None = typer.Argument(None, help="Id of the model; default: the bundled one."),
    family: str | None = typer.Option(
        None, metavar="FAMILY", help="Show how large the published models of a family are instead."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show a model's card: inputs, terms, size, memory, training data and measured figures."""
    if family is not None:
        if model:
            raise RsvlmError("bad_request", "A model and a family cannot be shown together.", "Leave out one of them.")
        show_sizes(family, as_json)
        return
    from rsvlm.models.memory import in_units, parameters, predicted_bytes

    card = get_card(model)
    numbers = parameters(card) if card.installed else None
    if as_json:
        more = {"verified": card.verify(), "parameters": numbers}
        print(json.dumps({**card.model_dump(mode="json"), **row(card), **more}))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False)  # brackets in a card are its own words
    console.print(card.title, style="bold")
    console.print(f"{card.id}, family {card.family}, revision {card.revision}, {card.size_bytes / 1e6:,.1f} MB")
    altered = f"missing or altered. {card.mend}" if card.installed or not card.source.downloadable else where(card)
    console.print(f"Weights: {'as the card says' if card.verify() else altered}")
    if numbers is not None:
        console.print(f"Parameters: {numbers:,}")
    console.print(f"Memory: about {in_units(predicted_bytes(card))} while it is loaded")
    low, high = card.input.gsd_range_m
    sensors = ", ".join(card.input.sensors)
    console.print(f"Sees: {card.input.bands}, {card.input.pixels} px, {low:g} to {high:g} m per pixel, {sensors}")
    console.print(f"Trained on: {'; '.join(card.trained_on)}")
    console.print(f"Licence: {card.licence}. {card.terms}")
    if card.source.repository:
        console.print(f"From: {card.source.repository} at {card.source.revision}")
    table = Table("data", "protocol", "metric", "value", "n")
    for figure in card.figures:
        table.add_row(figure.data, figure.protocol, figure.metric, f"{figure.value:.3f}", str(figure.n))
    if card.figures:
        console.print(table)


def show_sizes(family: str, as_json: bool) -> None:
    """Of what was published in a family, whether or not any of it is installed. Raises RsvlmError (bad_request)."""
    from rsvlm.models.memory import in_units
    from rsvlm.models.sizes import published

    sizes = published(family)
    if as_json:
        print(json.dumps({"family": family, "sizes": [asdict(size) for size in sizes]}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("published", "parameters", "memory while loaded")
    for size in sizes:
        table.add_row(size.title, f"{size.parameters:,}", in_units(size.memory_bytes))
    Console(markup=False).print(table)


@models_app.command("verify")
def verify_models(
    model: str | None = typer.Argument(None, help="Id of the model; default: every installed one."),
    golden: Path | None = typer.Option(
        None, metavar="DIR", help="Run the recorded cases of this folder again instead: how far are they met?"
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Hold the files of installed models against the checksums of their cards. Exits with 3 where one differs."""
    if golden is not None:
        from rsvlm.cli.golden import verify_golden

        if model:
            raise RsvlmError("bad_request", "Recorded cases belong to no installed model.", "Leave out its id.")
        verify_golden(golden, as_json)
        return
    cards = [get_card(model)] if model else [card for card in load_cards().values() if card.installed]
    altered = {card.id: card.altered() for card in cards}
    if as_json:
        rows = [{"id": name, "ok": not files, "altered": files} for name, files in altered.items()]
        print(json.dumps({"models": rows}))
    else:
        for name, files in altered.items():
            print(f"{name}: {'as the card says' if not files else 'missing or altered: ' + ', '.join(files)}")
    broken = [card for card in cards if altered[card.id]]
    if broken:
        raise RsvlmError(
            "model_failed",
            f"The files of {', '.join(card.id for card in broken)} are missing or altered.",
            broken[0].mend,
        )
