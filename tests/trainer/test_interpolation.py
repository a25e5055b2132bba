"""Weights between two models: the share of each, parts that are kept, and words that only one knows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.learner import learn
from rsvlm.models.weights import save_compact
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.interpolation import interpolated


@pytest.fixture
def tuned(tmp_path: Path) -> Path:
    """The bundled model with every weight one larger."""
    learner = learn(get_card("compact"))
    with torch.no_grad():
        for weight in learner.network.parameters():
            weight += 1
    save_compact(tmp_path, learner.model, learner.tokenizer)
    return tmp_path


def test_weights_lie_between_and_parts_that_are_kept_are_the_runs(tuned: Path):
    card = get_card("compact")
    before = dict(learn(card).network.named_parameters())
    found = interpolated(tuned, card, 0.75, ["language", "connector"])
    for name, weight in found.network.named_parameters():
        whole = name.startswith(("model.language.", "model.connector."))
        more = (weight - before[name]).detach()
        torch.testing.assert_close(more, torch.full_like(more, 1.0 if whole else 0.75), atol=5e-3, rtol=0)


def test_part_that_does_not_exist_is_refused(tuned: Path):
    with pytest.raises(RsvlmError, match="no part “eyes”"):
        interpolated(tuned, get_card("compact"), 0.5, ["eyes"])
