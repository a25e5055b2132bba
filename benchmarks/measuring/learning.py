"""Samples per second under a run against a bare loop of PyTorch: same model, adapters, pictures, words, optimiser and workers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from measuring.figures import Figure, middle
from measuring.small_data import SIDE, recipe, write_records

RECORDS, STEPS, BATCH = 1_000, 24, 16
AT_LEAST = 0.9  # of the bare loop's samples per second
ROUNDS = 5  # at most; each is two runs


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Both from the first step on, one after the other in each round, so that a busy machine slows both."""
    from rsvlm.trainer.recipe import Recipe
    from rsvlm.trainer.train import Run

    told = Recipe.model_validate(recipe(write_records(folder, RECORDS), STEPS, BATCH))
    ours, bare, waits = [], [], []
    for number in range(min(rounds, ROUNDS) + 1):
        run = folder / f"run-{number}"
        Run(told, folder, run).train()
        events = [json.loads(line) for line in (run / "events.jsonl").read_text("utf-8").splitlines()]
        last = [event for event in events if event["event"] == "step"][-1]
        ours.append(last["seconds_per_step"] / BATCH)
        waits.append(100 * last["waiting_for_data"])
        bare.append(_bare(told) / BATCH)
    what = "a sample learnt in a run"
    return [
        Figure(what, middle(ours[1:]), "s", 1 / AT_LEAST, middle(bare[1:]), "a bare loop", bar_on_ratio=True),
        Figure("of a step waiting for data", middle(waits[1:]), "%"),
    ]


def _bare(told: Any) -> float:
    """Seconds per step of what one would write without a trainer."""
    import torch
    from torch.utils.data import DataLoader

    from rsvlm.models.cards import get_card
    from rsvlm.models.families.compact.learner import learn
    from rsvlm.models.parts.adapters import add_lora
    from rsvlm.trainer.examples import example
    from rsvlm.trainer.records import Records

    torch.manual_seed(0)
    learner, stage = learn(get_card(None)), told.stages[0]
    adapters = stage.adapters
    add_lora(learner.network, adapters.rank, adapters.alpha, adapters.targets, adapters.dropout)
    learner.model.connector.requires_grad_(True)
    weights = [weight for weight in learner.network.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, stage.learning_rate, fused=True)
    records = Records(Path(told.data[0].path))
    learner.network.train()
    learner.model.encoder.eval()
    loader: Any = DataLoader(
        records,  # type: ignore[arg-type]
        BATCH,
        shuffle=True,
        num_workers=told.workers,
        collate_fn=lambda batch: learner.batch([example(record, side=SIDE) for record in batch]),
        multiprocessing_context="fork",
    )
    begins, steps = time.perf_counter(), 0
    for steps, lesson in enumerate(loader, 1):
        loss = learner.losses(lesson, ["language"])["language"]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, told.max_grad_norm)
        optimiser.step()
        optimiser.zero_grad()
        if steps == STEPS:
            break
    return (time.perf_counter() - begins) / steps
