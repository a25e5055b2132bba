"""`rsvlm eval`: measure models on data with references, and predictions of others."""

from __future__ import annotations

import typer

from rsvlm.cli.evaluate_caption import evaluate_caption
from rsvlm.cli.evaluate_change import evaluate_change
from rsvlm.cli.evaluate_ground import evaluate_ground
from rsvlm.cli.evaluate_segment import evaluate_segment
from rsvlm.cli.evaluate_vqa import evaluate_vqa

evaluate_app = typer.Typer(help="Measure models on data with references.", no_args_is_help=True)
evaluate_app.command("caption")(evaluate_caption)
evaluate_app.command("vqa")(evaluate_vqa)
evaluate_app.command("change")(evaluate_change)
evaluate_app.command("segment")(evaluate_segment)
evaluate_app.command("ground")(evaluate_ground)
