"""The heads of vectors fitted alone: what belongs together becomes alike, and nothing else of the model changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.learner import CompactLearner, learn
from rsvlm.protocol import Record
from rsvlm.trainer import vectors
from rsvlm.trainer.vectors import Looked, fit, looked


@pytest.fixture
def learner() -> CompactLearner:
    made = learn(get_card("compact"))
    made.model.eval()
    return made


def test_heads_alone_learn_what_belongs_together(learner: CompactLearner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vectors, "STEPS", 60)
    model, count = learner.model, 200
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    pictures = torch.randn(count, 1, model.config.token_width, generator=torch.Generator().manual_seed(1))
    texts = torch.cat([pictures[:, 0].roll(1, dims=1), torch.zeros(1, model.config.language_width)])
    numbers = torch.arange(count)[:, None]
    seen = Looked(pictures, texts, numbers, torch.full((count, 3), count))

    def right() -> float:
        found = model.image_head(pictures[:, 0]) @ model.text_head(texts[:count]).T
        return float((found.argmax(dim=1) == numbers[:, 0]).float().mean())

    assert right() < 0.1
    fit(model, seen)
    assert right() > 0.9
    changed = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
    assert changed == {
        "log_scale",
        *(f"{side}_head.{part}" for side in ("image", "text") for part in ("weight", "bias")),
    }


def test_pictures_are_looked_at_from_several_sides_and_texts_once(learner: CompactLearner, tmp_path: Path):
    records = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.random.default_rng(number).integers(0, 255, (40, 40, 3), np.uint8)).save(path)
        said = [{"role": "assistant", "content": text} for text in ("A lake.", f"Picture {number}.")]
        meta = {"scene": "pond"}
        records.append(Record(str(number), "caption", "train", [{"href": str(path)}], said, meta=meta))
    seen = looked(learner.model, learner.tokenizer, records)
    assert seen.pictures.shape == (3, vectors.VIEWS, learner.model.config.token_width)
    assert (
        len(seen.texts) == 4 + 3
        and len(set(seen.told[:, 0].tolist())) == 1
        and seen.named.unique(dim=0).shape == (1, 3)
    )
    assert not torch.equal(seen.pictures[:, 0], seen.pictures[:, 1])
    again = looked(learner.model, learner.tokenizer, records)
    assert torch.equal(again.pictures, seen.pictures) and torch.equal(again.texts, seen.texts)
