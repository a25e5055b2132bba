"""What is told of a model's answers while it is trained: its words, and the figure that stands for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rsvlm.models.pool import Models
from rsvlm.protocol import Record
from rsvlm.trainer.answering import Said, main_figure


@pytest.mark.parametrize("prediction", [{"size": [2, 2], "counts": [0, 4]}, [[3, 2, 9, 6]]])
def test_models_that_only_draw_say_nothing(prediction: Any):
    record = Record("r", "segment", "test", [{"href": "r.png"}], [])
    row = {"id": "r", "phrase": "roof", "prediction": prediction, "confidence": 0.9}
    assert (Said(record, row).text, Said(record, {**row, "said": "Here."}).text) == ("", "Here.")
    assert Said(record, {"id": "r", "prediction": "a roof", "references": []}).text == "a roof"


def test_captions_of_change_are_judged_by_their_figure(add_family, models: Models, records, pictures: list[Path]):
    add_family("deltavlm", ("new", "roads"))
    card = models.get("deltavlm").card
    data = records(*(("change", pictures[first : first + 2], "", ["a new road"], {}) for first in (0, 2)))
    found = list(data.records(data.source()))
    assert main_figure(card, found) == "CIDEr"
    assert main_figure(card, [*found, Record("r", "change", "test", found[0].images[:1], found[0].messages)]) is None
