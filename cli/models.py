"""`rsvlm models`: which models there are, what they may be used for and how good they are."""

from __future__ import annotations

import json

import typer

from rsvlm.models.cards import get_card, load_cards

models_app = typer.Typer(help="List the models and show their cards.", no_args_is_help=True)


@models_app.command("list")
def list_models(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the installed models."""
    rows = [
        {"id": card.id, "title": card.title, "family": card.family, "revision": card.revision, "tasks": list(card.tasks),
         "licence": card.licence, "size_bytes": card.size_bytes, "installed": card.installed}
        for card in load_cards().values()
    ]  # fmt: skip
    if as_json:
        print(json.dumps({"models": rows}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "tasks", "size", "licence", "weights")
    for card in load_cards().values():
        there = "installed" if card.installed else "missing"
        table.add_row(card.id, ", ".join(card.tasks), f"{card.size_bytes / 1e6:.1f} MB", card.licence, there)
    Console().print(table)


@models_app.command("show")
def show_model(
    model: str = typer.Argument(help="Id of the model."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show a model's card: inputs, terms, training data and measured figures."""
    card = get_card(model)
    if as_json:
        print(json.dumps({**card.model_dump(mode="json"), "revision": card.revision, "verified": card.verify()}))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"[bold]{card.title}[/bold]  ({card.id}, revision {card.revision}, {card.size_bytes / 1e6:.1f} MB)")
    console.print(f"Weights: {'as the card says' if card.verify() else 'missing or altered'}")
    low, high = card.input.gsd_range_m
    console.print(
        f"Sees: {card.input.bands}, {card.input.pixels} px, {low:g} to {high:g} m per pixel, {', '.join(card.input.sensors)}"
    )
    console.print(f"Trained on: {'; '.join(card.trained_on)}")
    console.print(f"Licence: {card.licence}. {card.terms}")
    table = Table("data", "protocol", "metric", "value", "n")
    for figure in card.figures:
        table.add_row(figure.data, figure.protocol, figure.metric, f"{figure.value:.3f}", str(figure.n))
    console.print(table)
