"""What the models of a run are worth: held against its validation, the best one kept, its answers shown to people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rsvlm.models.cards import ModelCard
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.answering import Said, write_predictions
from rsvlm.trainer.keeping import put_copy
from rsvlm.trainer.order import spread
from rsvlm.trainer.run import BEST, LAST, Events
from rsvlm.trainer.samples import page
from rsvlm.trainer.stats.page import write_page
from rsvlm.trainer.validation import AUTO, LOSS, SHOWN, Held


class Judge:
    """folder: of the run, in which last/ is judged. card(folder): of a model of the run that lies there.

    To be asked by the first process alone.
    """

    def __init__(self, name: str, held: Held, folder: Path, events: Events, card: Callable[[Path], ModelCard]) -> None:
        self.name, self.held, self.folder, self.events, self.card = name, held, folder, events, card

    def judge(self, step: int, losses: dict[str, float], counted: int) -> None:
        """Write down how good the model is, and keep it where it is the best so far. losses, counted: see Held.losses.

        Raises RsvlmError (bad_request) where the validation's metric is no figure, or no record counts for a loss.
        """
        held = self.held
        if held.metric == AUTO:
            held.settle(self.card(self.folder / LAST))
            print(f"The best model will be that of the best {held.metric} on the records held out.", file=sys.stderr)
        said: list[Said] | None = None
        figures: dict[str, float] = {}
        intervals: dict[str, list[float]] = {}
        if held.metric != LOSS:
            said = held.said(self.card(self.folder / LAST), every=True)
            figures, intervals = held.figures(said)
        found = {**losses, **figures}
        if held.metric not in found:
            lacks = (
                "has anything that this stage learns"
                if counted
                else "is short enough: they are too long for this model"
            )
            raise RsvlmError(
                "bad_request",
                f"No record of the validation {lacks}. There is no loss to tell the best model by.",
                "Hold out others, of the kind that the stage learns from, or name another metric.",
            )
        left_out = len(held.records) - counted
        self.events.add("eval", step, metric=held.metric, left_out=left_out, **losses, **figures)
        state, best = held.seen(step, found, intervals, counted)
        if best:
            put_copy(self.folder / LAST, self.folder / BEST)
            self._show(step, said, state)
        held.write(state)  # last: a state that tells of a best model is of the one that is there
        if best:
            self.events.add("best", step, metric=held.metric, value=found[held.metric])

    def _show(self, step: int, said: list[Said] | None, state: Mapping[str, Any]) -> None:
        """samples.html of the best model, and the predictions. said: its answers where it was asked already; state: see Held.

        Models that do not talk have neither.
        """
        card = self.card(self.folder / BEST)
        if said is None:
            try:
                said = self.held.said(card, every=False)
            except RsvlmError as error:
                self.events.add("no_samples", step, message=error.message)
                return
        write_predictions(self.folder, said, whole=self.held.metric != LOSS)
        shown = [said[place] for place in spread(len(said), min(SHOWN, len(said)))]
        held = self.held
        note = f"{card.title}. Records that it was never trained on: {len(held.records):,} of {held.name}."
        write_page(self.folder / "samples.html", page(self.name, note, state, shown))
