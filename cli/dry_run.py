"""What a run would do, as tables for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from rsvlm.cli.terminal import plain


def show_dry_run(told: dict[str, Any]) -> None:
    """Steps and memory, each stage, and the first examples as the model reads them, on standard output."""
    console = Console(markup=False)
    console.print(
        f"{told['records']:,} records, {told['steps']:,} steps of {told['examples_per_step']:,} examples: "
        f"{told['epochs']:g} epochs. About {told['memory_bytes'] / 1e6:,.0f} MB of memory for the model."
    )
    stages = Table("stage", "steps", "parameters", "trained", "memory", "losses of the first batch")
    for number, stage in enumerate(told["stages"], 1):
        losses = ", ".join(f"{name} {value:.3f}" for name, value in stage["losses"].items())
        share = 100 * stage["trained"] / stage["parameters"]
        stages.add_row(
            str(number),
            f"{stage['steps']:,}",
            f"{stage['parameters']:,}",
            f"{stage['trained']:,} ({share:.3g} %)",
            f"{stage['memory_bytes'] / 1e6:,.0f} MB",
            losses,
        )
    console.print(stages)
    examples = Table("example", "pictures", "tokens", "asked", "answered", title="First batch", show_lines=True)
    for one in told["examples"]:
        asked = "\n".join(question for question, _ in one["turns"])
        answered = "\n".join(answer for _, answer in one["turns"])
        examples.add_row(
            f"{plain(one['id'])} ({one['task']})",
            "\n".join(one["pictures"]),
            f"{one['tokens']:,}",
            plain(asked),
            plain(answered),
        )
    console.print(examples)
