"""Architectures that nobody has named: whatever transformers asks about images answers in the same way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.huggingface.predictor import HuggingFacePredictor, load
from rsvlm.models.predictors.abilities import Question

# Whether keys and values of a picture serve the next question.
OTHERS = {
    "qwen2_vl": True, "idefics3": True, "llava_next": False, "gemma3": False, "blip-2-t5": False, "instructblip-t5": False,
    "qwen3_vl_moe": True, "internvl": True, "llava_onevision": False, "idefics2": True, "mistral3": True,
}  # fmt: skip
ASKED = [Question("how many ships?"), Question("where?"), Question("describe the long bridge beside the lake")]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """With several threads, torch adds up in another order for another batch, which T5's large states make visible."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", OTHERS)
def test_answers_are_streamed_and_alike_in_company(
    name: str, predictor_of: Callable[..., HuggingFacePredictor], views: list[np.ndarray]
):
    predictor: Any = predictor_of(name)
    seen = predictor.encode(views)
    together = predictor.ask(seen, ASKED)
    for one, question, reply in zip(seen, ASKED, together, strict=True):
        pieces: list[str] = []
        alone = predictor.ask([one], [question], pieces.append)[0]
        assert "".join(pieces).rstrip() == alone.text == reply.text
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5) and alone.read == reply.read
    assert predictor.counts.encodes == (3 if OTHERS[name] else 6)
    anew: Any = HuggingFacePredictor(predictor.card, predictor._model, "cpu")
    second, read_anew = predictor.ask(seen[:1], ASKED[2:])[0], anew.ask(seen[:1], ASKED[2:])[0]
    assert second.text == read_anew.text and second.confidence == pytest.approx(read_anew.confidence, abs=1e-5)
    assert predictor.counts.encodes == (3 if OTHERS[name] else 7), "what was made of a picture serves another question"
    negative = predictor.ask(predictor.encode([255 - views[0]]), ASKED[:1])[0]
    assert abs(negative.confidence - together[0].confidence) > 1e-6


def test_window_that_slides_is_read_anew(card_of: Callable[[str], ModelCard], views: list[np.ndarray]):
    """A decoder that forgets the first tokens keeps no keys of them that would serve the next question."""
    card = card_of("llava")
    config = json.loads((card.folder / "config.json").read_text())
    config["text_config"] |= {"model_type": "mistral", "sliding_window": 8}
    (card.folder / "config.json").write_text(json.dumps(config))
    predictor: Any = load(card, "cpu")
    seen = predictor.encode(views[:1])
    replies = [predictor.ask(seen, ASKED[:1])[0] for _ in range(2)]
    assert predictor.counts.encodes == 2 and replies[0].text == replies[1].text
