"""How a model does on records that it is never trained on: the means of its losses, what it says, and which moment was the best.

validation.json in the folder of a run keeps the figures before training, the latest and the best ones, so that a run that goes on
knows them. Knows records and losses; a model as files is asked by answering.py.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from rsvlm.models.cards import ModelCard
from rsvlm.models.learning import Example
from rsvlm.models.parts.contrastive import seen_alike
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.answering import Said, asked, figures_of, main_figure
from rsvlm.trainer.examples import Examples, example
from rsvlm.trainer.order import spread
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.stage import StageTrainer
from rsvlm.trainer.steps import fitted

LOSS, AUTO = "loss", "auto"
SHOWN = 24  # answers on the page of samples
STATE, VALIDATION = "validation.json", "validation"  # a file and a folder in that of a run
TOLD = ("event", "step", "metric", "left_out")  # of a look at the records, beside its figures


class Held:
    """The validation of a recipe. data: folder of data sets; folder: of the run."""

    def __init__(self, recipe: Recipe, data: Path, folder: Path) -> None:
        """Raises RsvlmError (not_found, bad_request)."""
        if recipe.validation is None:
            raise RsvlmError("bad_request", "The recipe has no validation.", "Add validation.data.")
        (folder / VALIDATION).mkdir(exist_ok=True)
        self.sources = recipe.validation.data
        self.records = Examples.of(self.sources, data, folder / VALIDATION, recipe.seed)
        self.name = ", ".join(f"{Path(source.path).name} {source.split or ''}".strip() for source in self.sources)
        self.recipe = recipe
        self.taken = {*TOLD, LOSS, *(name for stage in recipe.stages for name in stage.objectives)}
        self.asked_for = recipe.validation.metric
        self.data = data.resolve()
        self.side = recipe.pixels[-1].pixels if recipe.pixels else None
        self.path = folder / STATE

    @property
    def state(self) -> dict[str, Any]:
        """{"metric", "before", "latest", "best"}; the last three {"step", "figures", "ci95", "n"}, where they are known.

        n: records that the losses are means over.
        """
        return json.loads(self.path.read_text("utf-8")) if self.path.exists() else {"metric": self.asked_for}

    @property
    def metric(self) -> str:
        """What decides which model is the best; AUTO until that is settled."""
        return str(self.state["metric"])

    @property
    def best_step(self) -> int:
        """After which the best model was kept; 0 where there is none."""
        return int(self.state.get("best", {}).get("step", 0))

    def forget_best(self) -> None:
        self.write({name: value for name, value in self.state.items() if name != "best"})

    def settle(self, card: ModelCard) -> None:
        """Choose the metric once and for all sessions of the run, where the recipe leaves it open. card: of the model."""
        records = [self.records.record(number)[0] for number in range(len(self.records))]
        self.write({"metric": main_figure(card, records) or LOSS})

    def example(self, number: int, side: int | None) -> Example:
        return example(self.records.record(number)[0], side=side)

    def losses(self, trainer: StageTrainer) -> tuple[dict[str, float], int]:
        """The mean of each objective over all records and processes, and their weighted sum, which nothing has where no record
        counts for any; how many records fit the model.

        Records that fill no round of all processes, as the last ones and those beside one that is too long, are looked at by each
        of them, as some losses are counted over all, and counted by the first; so are all records where weights are shared
        out, as processes gather them in step.
        """
        trainer.model.eval()
        sums = torch.zeros(2, len(trainer.objectives) + 1, dtype=torch.float64)
        for examples, counts, alike in self._shared(trainer):
            lesson = trainer.learner.batch(examples)
            with torch.no_grad(), trainer.compute_loss_context_manager(), seen_alike(alike):
                found = trainer.model(lesson.to(trainer.args.device))
            for place, name in enumerate(trainer.objectives if counts else ()):
                if lesson.counts.get(name):
                    sums[:, place] += torch.tensor([found[name].item() * lesson.counts[name], lesson.counts[name]])
            sums[1, -1] += len(examples) if counts else 0
        if trainer.accelerator.num_processes > 1:
            sums = sums.to(trainer.args.device)
            distributed.all_reduce(sums)
        means = {
            name: (sums[0, place] / sums[1, place]).item()
            for place, name in enumerate(trainer.objectives)
            if sums[1, place]
        }
        total = {LOSS: sum(trainer.objectives[name] * value for name, value in means.items())} if means else {}
        return {name: round(value, 6) for name, value in (total | means).items()}, int(sums[1, -1])

    def _shared(self, trainer: StageTrainer) -> Iterator[tuple[list[Example], bool, bool]]:
        """The batches of this process, whether it counts them, and whether all processes look at them."""
        size, rank = trainer.share.size, trainer.share.rank
        round_of_all = size * trainer.share.processes
        shared = 0 if trainer.is_fsdp_enabled else len(self.records) // round_of_all * round_of_all
        together = list(range(shared, len(self.records), size))
        for start in range(0, shared, round_of_all):
            examples = self._fitting(range(start + rank * size, start + (rank + 1) * size), trainer)
            if _any_of_all(len(examples) < size, trainer):  # processes exchange as many rows as each other
                together += range(start, start + round_of_all, size)
            else:
                yield examples, True, False
        for start in together:
            examples = self._fitting(range(start, min(start + size, len(self.records))), trainer)
            if examples:
                yield examples, rank == 0, True

    def _fitting(self, numbers: Iterable[int], trainer: StageTrainer) -> list[Example]:
        found = (fitted(self.example(number, self.side), trainer.learner) for number in numbers)
        return [one for one in found if one is not None]

    def said(self, card: ModelCard, every: bool) -> list[Said]:
        """What a model says of all records, or of SHOWN ones between the first and the last."""
        count = len(self.records)
        shown = count if every else min(SHOWN, count)
        return asked(card, [self.records.record(number)[0] for number in spread(count, shown)])

    def figures(self, said: Sequence[Said]) -> tuple[dict[str, float], dict[str, list[float]]]:
        """Of its answers, and their 95 % intervals; one of a kind of questions that is called as a loss has its task before it.

        Raises RsvlmError (bad_request) where the metric is none of them.
        """
        found, bounds = figures_of(said)
        names = {name: f"{said[0].record.task} {name}" if name in self.taken else name for name in {**found, **bounds}}
        figures = {names[name]: value for name, value in found.items()}
        intervals = {names[name]: pair for name, pair in bounds.items()}
        if self.metric not in (LOSS, *figures):
            known = ", ".join((AUTO, LOSS, *figures))
            raise RsvlmError("bad_request", f"The validation has no figure {self.metric}.", f"Take one of {known}.")
        return figures, intervals

    def seen(
        self, step: int, figures: Mapping[str, float], intervals: Mapping[str, Sequence[float]], counted: int
    ) -> tuple[dict[str, Any], bool]:
        """The state with these figures, and whether they are the best since training began. Step 0: before it. counted: see
        losses.
        """
        state = self.state
        bounds = {name: list(pair) for name, pair in intervals.items()}
        now = {"step": step, "figures": dict(figures), "ci95": bounds, "n": counted}
        best = step > 0 and self._better(now, state.get("best"))
        state |= {"before": now} if step == 0 else {"latest": now}
        state |= {"best": now} if best else {}
        return state, best

    def write(self, state: Mapping[str, Any]) -> None:
        """Keep the state, once all that it tells of is in its place."""
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(state, indent=1) + "\n", "utf-8")
        part.replace(self.path)

    def _better(self, now: Mapping[str, Any], best: Mapping[str, Any] | None) -> bool:
        """What is no number is no better than anything. Losses of other objectives do not compare: the later stage is better."""
        new = now["figures"].get(self.metric, math.nan)
        old = best["figures"].get(self.metric, math.nan) if best else math.nan
        if not (math.isfinite(new) and math.isfinite(old)):
            return math.isfinite(new)
        if self.metric == LOSS and best and self._objectives(now["step"]) != self._objectives(best["step"]):
            return True
        return new < old if self.metric == LOSS else new > old

    def _objectives(self, step: int) -> Mapping[str, float]:
        """Of the stage that a step of the run is of, the last one for steps beyond its end."""
        stages = self.recipe.stages
        ends = list(accumulate(map(self.recipe.steps, stages)))
        return stages[min(bisect_left(ends, step), len(stages) - 1)].objectives


def _any_of_all(here: bool, trainer: StageTrainer) -> bool:
    """Whether it is so in any process."""
    if trainer.accelerator.num_processes == 1:
        return here
    found = torch.tensor(int(here), device=trainer.args.device)
    distributed.all_reduce(found)
    return bool(found)
