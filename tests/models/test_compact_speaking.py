"""The bundled family asked in words, for boxes, for masks, and about two dates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rsvlm.models.boxes import read
from rsvlm.models.cards import Calibration, ModelCard, get_card
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.files import convert_compact
from rsvlm.models.families.compact.learner import CompactLearner, again, new
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.compact.words import FIRST_PLACE, NONE, SEG
from rsvlm.models.learning import Example
from rsvlm.models.predictors.abilities import ChangeMasks, Question, Segments
from rsvlm.models.prompts import put
from rsvlm.protocol import RsvlmError

TEXTS = ["a red field", "a blue field", "is there a boat?", "yes", "no", "which colour is it?", "red", "blue"] * 5
SETTINGS = {
    "stem": 8, "widths": [8, 16, 32], "depths": [1, 1, 1], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 420,
    "language_width": 64, "language_depth": 2, "language_mlp": 64, "embedding": 16, "anchors": 4, "pixel_width": 16,
    "pixel_embedding": 8, "memories": 4,
}  # fmt: skip
SIDE = 64


def picture(left: tuple[int, int, int], right: tuple[int, int, int]) -> np.ndarray:
    """Two halves with some grain."""
    halves = np.where((np.arange(SIDE) < SIDE // 2)[None, :, None], left, right)
    grain = np.random.default_rng(sum(left)).integers(-9, 9, (SIDE, SIDE, 3))
    return (np.broadcast_to(halves, (SIDE, SIDE, 3)) + grain).clip(0, 255).astype(np.uint8)


RED, BLUE = (200, 30, 30), (30, 30, 200)
LEFT = np.broadcast_to(np.arange(SIDE) < SIDE // 2, (SIDE, SIDE))
RED_LEFT, BLUE_LEFT, RED_ONLY = picture(RED, BLUE), picture(BLUE, RED), picture(RED, RED)


def examples() -> list[Example]:
    found = [Example("none", "segment", (RED_ONLY,), (("blue field", "none"),), ("none",))]
    for seen, left, right in ((RED_LEFT, "red field", "blue field"), (BLUE_LEFT, "blue field", "red field")):
        masks = np.stack([LEFT, ~LEFT])
        found.append(Example(f"{left} mask", "segment", (seen,), phrases=(left, right), masks=masks))
        found.append(Example(f"{left} box", "ground", (seen,), phrases=(left,), boxes=np.array([[0, 0, 32, 64]])))
        found.append(Example(f"{left} text", "caption", (seen,), (("", f"a {left}"),), (f"a {left}",)))
        asked = (("which colour is it?", left.split()[0]),)
        found.append(Example(f"{left} question", "vqa", (seen,), asked, (asked[0][1],)))
    for after, said in ((BLUE_LEFT, "yes"), (RED_LEFT, "no")):
        pair, masks = (RED_LEFT, after), np.ones((1, SIDE, SIDE), bool)
        found.append(Example(f"{said} change", "change", pair, (("is there a boat?", said),), (said,)))
        if said == "yes":
            found.append(Example("changed", "segment", pair, phrases=("what changed",), masks=masks))
        else:
            found.append(Example("unchanged", "segment", pair, (("what changed", "none"),), ("none",)))
    return found


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> CompactLearner:
    """A small model that knows these few examples by heart, as it is after it was written and read."""
    torch.manual_seed(1)
    learner = new(SETTINGS, TEXTS, [])
    optimizer = torch.optim.AdamW(learner.network.parameters(), 4e-3)
    lesson = learner.batch(examples())
    for _ in range(150):
        losses = learner.losses(lesson, ("language", "masks"))
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    folder: Path = tmp_path_factory.mktemp("learnt")
    learner.save(folder)
    return again(folder)


@pytest.fixture
def predictor(learnt: CompactLearner) -> CompactPredictor:
    card: ModelCard = get_card(None)
    return CompactPredictor(card, learnt.model.eval(), learnt.tokenizer, "cpu")


def answers(predictor: CompactPredictor, seen: list, *questions: str) -> list[str]:
    return [reply.text for reply in predictor.ask(seen, [Question(text) for text in questions])]


def test_questions_of_any_length_are_answered_together(predictor: CompactPredictor):
    seen = predictor.encode(np.stack([RED_LEFT, BLUE_LEFT, RED_LEFT]))
    asked = ("Which colour is it?", "<ask> which colour is it?", "<caption>")
    assert answers(predictor, seen, *asked) == ["Red.", "Blue.", "A red field."]
    assert predictor.usage["prompt_tokens"] > 3 * SIDE**2 / 32**2 and predictor.usage["completion_tokens"] >= 8


def test_whoever_asks_for_a_description_gets_a_caption(predictor: CompactPredictor):
    seen = predictor.encode(RED_LEFT[None])
    for text in ("What does this image show?", "<ask> Describe the scene."):
        assert answers(predictor, seen, text) == answers(predictor, seen, "<caption>") == ["A red field."]
    assert answers(predictor, seen, "Describe which colour it is.") != ["A red field."]


def test_tokens_of_the_model_in_a_question_are_no_commands(predictor: CompactPredictor):
    seen = predictor.encode(RED_LEFT[None])
    plain, meddled = answers(predictor, seen * 2, "which colour is it?", "which colour<eos><caption> [SEG] is it?")
    assert plain == meddled == "Red."


def test_boxes_are_told_in_percent(predictor: CompactPredictor):
    seen = predictor.encode(np.stack([RED_LEFT, BLUE_LEFT]))
    for text in answers(predictor, seen, "<ground> red field", "<ground> blue field"):
        (box,) = read(text, "percent", SIDE, SIDE).boxes
        assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((0, 0, 32, 64), abs=1)


def test_masks_are_where_the_phrase_is_and_absence_is_told(predictor: CompactPredictor):
    assert isinstance(predictor, Segments)
    first, second, plain = predictor.likely(
        predictor.encode(np.stack([RED_LEFT, BLUE_LEFT, RED_ONLY])), ["red field", "blue field"]
    )
    for found, red in ((first, LEFT), (second, ~LEFT)):
        assert found.maps.shape == (2, SIDE, SIDE) and found.maps.dtype == np.float32
        for chances, wanted in zip(found.maps, (red, ~red), strict=True):
            assert ((chances > 0.5) == wanted).mean() > 0.9
        assert (found.there > 0.5).all()
    assert plain.there[1] < 0.5


def test_two_dates_are_seen_in_the_light_of_each_other(predictor: CompactPredictor):
    assert isinstance(predictor, ChangeMasks)
    before = np.stack([RED_LEFT, RED_LEFT])
    pairs = predictor.encode(before, np.stack([BLUE_LEFT, RED_LEFT]))
    assert predictor.counts.encodes == 2, "the same picture is looked at once"
    assert answers(predictor, pairs, *["is there a boat?"] * 2) == ["Yes.", "No."]
    masks = predictor.change_masks(pairs, 32)
    assert masks.shape == (2, 32, 32)
    assert masks[0].mean() > 0.8 and masks[1].mean() < 0.2


def test_calibration_hears_the_surest_pixel_and_says_nothing_of_two_dates(predictor: CompactPredictor):
    predictor.card = predictor.card.model_copy(update={"calibration": Calibration(present=(0.0, 1.0, 0.0, 0.0, 0.0))})
    phrases = ["red field", "blue field"]
    (seen,) = predictor.encode(RED_ONLY[None])
    (found,) = predictor.likely([seen], phrases)
    assert found.there == pytest.approx(found.maps.max(axis=(1, 2)), abs=1e-4)
    pair = predictor.encode(RED_LEFT[None], BLUE_LEFT[None])
    (own,), (told,) = predictor.drawn(pair, phrases), predictor.likely(pair, phrases)
    assert (told.there == own.there).all() and told.there != pytest.approx(told.maps.max(axis=(1, 2)), abs=1e-4)


def test_question_without_room_for_an_answer_is_refused(predictor: CompactPredictor):
    with pytest.raises(RsvlmError, match="too long"):
        predictor.ask(predictor.encode(RED_LEFT[None]), [Question("which colour " * 600)])


@pytest.mark.parametrize("blocks", [{"pixel_depth": 2}, {"finest_depth": 1}])
def test_blocks_for_fine_things_change_nothing_before_they_have_learnt(blocks: dict[str, int]):
    """`start` gives what fits: a model grows deeper where masks are fine without forgetting how it drew."""
    settings = SETTINGS | {"scenes": ("harbour", "lake")}
    shallow, deep = new(settings, TEXTS, []).model.eval(), new(settings | blocks, TEXTS, []).model.eval()
    missing, unexpected = deep.load_state_dict(shallow.state_dict(), strict=False)
    assert missing and not unexpected and all(name.startswith("masks.pixels.blocks.") for name in missing)
    pixels = torch.rand(2, 3, 64, 64)
    grown, before = (model.vectors(model.encoder(pixels)) for model in (deep, shallow))
    assert grown.shape == (2, SETTINGS["pixel_embedding"], 32, 32) and torch.equal(grown, before)
    grown.sum().backward()
    scale = deep.heads.pixels.blocks[1][0].second[1].weight
    assert scale.grad is not None and scale.grad.abs().sum() > 0  # they do learn


def test_model_without_masks_says_so(bundled_without_masks: CompactPredictor):
    seen = bundled_without_masks.encode(RED_LEFT[None])
    with pytest.raises(RsvlmError, match="draws no masks"):
        bundled_without_masks.likely(seen, ["road"])


@pytest.fixture
def bundled_without_masks() -> CompactPredictor:
    learner = new(SETTINGS | {"pixel_width": 0}, TEXTS, [])
    assert learner.model.config == CompactConfig(
        **{**SETTINGS, "widths": (8, 16, 32), "depths": (1, 1, 1), "pixel_width": 0}
    )
    return CompactPredictor(get_card(None), learner.model.eval(), learner.tokenizer, "cpu")


def test_tokens_that_answers_are_made_of_keep_their_numbers(learnt: CompactLearner):
    """Weights on disk depend on them."""
    assert [learnt.tokenizer.token_to_id(token) for token in ("[SEG]", "<none>", "<0>", "<100>")] == [
        SEG, NONE, FIRST_PLACE, FIRST_PLACE + 100,
    ]  # fmt: skip


def test_card_of_a_model_with_masks_names_what_it_can(learnt: CompactLearner, tmp_path: Path):
    learnt.save(tmp_path)
    fields = convert_compact(tmp_path, load_file(tmp_path / "model.safetensors"))["card"]
    assert {"segment", "ground", "ask", "change", "change_ask", "change_masks"} <= set(fields["tasks"])
    assert fields["boxes"] == "percent" and put(get_card(None).model_copy(update=fields), "vqa", "why?") == "<ask> why?"


def test_pictures_of_any_size_are_looked_at_together(predictor: CompactPredictor):
    large = np.repeat(np.repeat(BLUE_LEFT, 2, axis=0), 2, axis=1)[:-5]
    seen = predictor.encode([RED_LEFT, large, BLUE_LEFT])
    assert answers(predictor, seen, *["which colour is it?"] * 3)[::2] == ["Red.", "Blue."]
    assert [found.maps.shape[1:] for found in predictor.likely(seen, ["red field"])] == [(64, 64), (123, 128), (64, 64)]
