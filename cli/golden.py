"""`rsvlm models verify --golden`: recorded runs of released code, run again on this computer."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rsvlm.models.golden import BAR, REPLAYS, Played, find_cases, play
from rsvlm.protocol import RsvlmError

RETRIEVAL, SELO = "trainer.metrics.retrieval_golden", "trainer.metrics.selo_golden"
FIGURES = {
    "metrics": "trainer.metrics.golden",
    "retrieval_rs5m": RETRIEVAL,
    "retrieval_skyscript": RETRIEVAL,
    "selo/pipeline": SELO,
    "selo/slm_metrics": SELO,
    "zeroshot_skyscript": RETRIEVAL,
}


def verify_golden(folder: Path, as_json: bool) -> None:
    """Run every case again and print how far apart the two are. Raises RsvlmError (bad_request, model_failed)."""
    replays = REPLAYS | FIGURES
    cases, others = find_cases(folder, replays)
    played = []
    for name, case in cases.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        played.append(play(name, case, replays))
    if as_json:
        not_covered = [{"name": name, "reason": reason} for name, reason in others.items()]
        print(json.dumps({"cases": [case.to_json() for case in played], "not_covered": not_covered}))
    else:
        show(played, others)
    missed = [case.name for case in played if not case.met]
    if missed:
        what = f"{len(missed)} of {len(played)} recorded cases are not met: {', '.join(missed)}."
        raise RsvlmError("model_failed", what, "Report it with what this command prints with --json.")


def show(played: list[Played], others: dict[str, str]) -> None:
    """For people."""
    from rich.console import Console
    from rich.table import Table

    table = Table("largest difference", f"within {BAR:g}", "case, output")
    for case in played:
        figure = "-" if case.difference is None else f"{case.difference:.1e}"
        table.add_row(figure, "yes" if case.met else "no", f"{case.name}: {case.error or case.worst}")
    console = Console(markup=False)
    console.print(table)
    for name, reason in others.items():
        console.print(f"Not covered: {name}. {reason}")
