"""What the bundled family learns from an example: rows of ids, masks, boxes, two dates, and where a new model begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.compact.learner import CompactLearner, new, take_over
from rsvlm.models.families.compact.strange import strange
from rsvlm.models.families.compact.words import PAD, SEG
from rsvlm.models.learning import Example
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.weights import load_compact
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.begin import learner_of
from rsvlm.trainer.recipe import Model

TEXTS = ["a river and some trees", "two white buildings near a road", "is there a boat?", "no"] * 10
SETTINGS = {
    "stem": 8, "widths": [8, 16, 32], "depths": [1, 1, 1], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 420,
    "language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4, "pixel_width": 16,
    "pixel_embedding": 8, "memories": 4, "difference_width": 8,
}  # fmt: skip
UPPER = np.arange(64)[:, None] < np.full(64, 24)
MASKS = np.stack([UPPER, ~UPPER, np.eye(64, dtype=bool)])


@pytest.fixture
def learner() -> CompactLearner:
    torch.manual_seed(3)
    return new(SETTINGS, TEXTS, ["river", "town"])


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)


CAPTION = Example("1", "caption", (picture(1),), (("", "a river"),), ("a river", "some trees"), label="river")
ASKED = Example("2", "vqa", (picture(2),), (("Is there a boat?", "No"), ("a road?", "no")), ("no",))
DRAWN = Example("3", "segment", (picture(3),), phrases=("trees", "river", "trees"), masks=MASKS)
BOXED = Example(
    "4", "ground", (picture(4),), phrases=("road", "road"), boxes=np.array([[32, 0, 64, 64], [0, 16, 8.2, 99]])
)
ABSENT = Example("5", "segment", (picture(5),), (("boat", "There is no boat."),), ("There is no boat.",))
OUT_OF_VIEW = Example("8", "segment", (picture(9),), phrases=("river", "road"), masks=np.stack([UPPER & ~UPPER, UPPER]))
NOWHERE = Example("6", "ground", (picture(6),), (("boat", "There is no boat."),), ("There is no boat.",))
CHANGED = Example("7", "change", (picture(7), picture(8)), (("", "a road"),), ("a road",), ("road",), MASKS[:1])
DESCRIBED = replace(CAPTION, turns=(("What is there?", "a river"),))
ALL = [CAPTION, ASKED, DRAWN, BOXED, ABSENT, OUT_OF_VIEW, NOWHERE, CHANGED]


def test_pictures_of_several_sizes_are_refused_in_words(learner: CompactLearner):
    wide = replace(ASKED, pictures=(np.zeros((64, 96, 3), np.uint8),))
    with pytest.raises(RsvlmError, match="of several sizes") as caught:
        learner.batch([CAPTION, wide])
    assert "pixels=" in caught.value.hint
    assert learner.batch([wide, wide]).pixels.shape[-2:] == (64, 96)


@pytest.mark.parametrize(
    ("example", "rows"),
    [
        (CAPTION, "<caption> a river<eos>"),
        (DESCRIBED, "<caption> a river<eos>"),
        (replace(DESCRIBED, id="9"), "<ask> what is there?<answer> a river<eos>"),  # one in four
        (ASKED, "<ask> is there a boat?<answer> no<eos><ask> a road?<answer> no<eos>"),
        (DRAWN, "<segment> trees<answer>[SEG]<eos>|<segment> river<answer>[SEG]<eos>"),
        (BOXED, "<ground> road<answer><0><25><13><100><50><0><100><100><eos>"),
        (NOWHERE, "<ground> boat<answer><none><eos>"),
        (CHANGED, "<caption> a road<eos>|<segment> road<answer>[SEG]<eos>"),
    ],
)
def test_example_becomes_rows_of_which_answers_alone_are_learnt(learner: CompactLearner, example: Example, rows: str):
    lesson = learner.batch([example])
    words = learner.tokenizer
    for ids, labels, row in zip(lesson.ids, lesson.labels, rows.split("|"), strict=True):
        assert words.decode(ids[ids != PAD].tolist(), skip_special_tokens=False) == row
        answers = [turn.partition("<answer>")[2] or turn.removeprefix("<caption>") for turn in row.split("<eos>")[:-1]]
        learnt = words.decode(labels[labels >= 0].tolist(), skip_special_tokens=False)
        assert learnt == "".join(f"{answer}<eos>" for answer in answers)
    assert learner.tokens(example) == (lesson.ids != PAD).sum(dim=1).max()


@pytest.mark.parametrize(("example", "learnt"), [(OUT_OF_VIEW, ["<none>", "[SEG]<eos>"]), (ABSENT, ["<none>"])])
def test_what_is_not_there_is_learnt_as_a_word_and_as_an_empty_mask(
    learner: CompactLearner, example: Example, learnt: list
):
    """It is looked for by [SEG] as well, whose mask then has to be empty."""
    lesson = learner.batch([example])
    assert [learner.tokenizer.decode(labels[labels >= 0].tolist(), False) for labels in lesson.labels] == learnt
    assert (lesson.ids == SEG).any(dim=1).all() and len(lesson.truth) == len(learnt) == lesson.counts["masks"]
    assert [bool(mask.any()) for mask in lesson.truth] == ["[SEG]" in words for words in learnt]


def test_every_mask_of_a_lesson_belongs_to_the_token_that_asks_for_it(learner: CompactLearner):
    lesson = learner.batch([CHANGED, CAPTION, DRAWN])
    assert (lesson.ids == SEG).sum() == len(lesson.truth) == 3
    assert lesson.pairs.tolist() == [0] and len(lesson.pixels) == 4
    both = MASKS[0] | MASKS[2]  # all that one phrase means
    for found, wanted in zip(lesson.truth, (MASKS[0], both, MASKS[1]), strict=True):
        halves = wanted.reshape(32, 2, 32, 2).mean(axis=(1, 3))
        np.testing.assert_allclose(found.numpy(), halves, atol=1e-6)


def test_losses_of_a_mixed_batch_are_those_of_its_examples(learner: CompactLearner):
    """Batch norm rests, so that examples do not look at each other."""
    learner.network.eval()
    whole = learner.batch(ALL)
    losses = learner.losses(whole, ("language", "masks"))
    for name, loss in losses.items():
        parts = [learner.batch([example]) for example in ALL]
        weighed = sum(learner.losses(part, (name,))[name] * part.counts[name] for part in parts if part.counts[name])
        torch.testing.assert_close(loss, weighed / whole.counts[name], rtol=1e-4, atol=1e-5)


def test_all_parts_learn_from_a_mixed_batch(learner: CompactLearner):
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(learner.network.parameters(), 3e-3)
    lesson = learner.batch(ALL)
    sums = []
    for _ in range(40):
        losses = learner.losses(lesson, learner.objectives)
        total = torch.stack([losses[name] for name in ("language", "masks", "class", "contrastive")]).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        sums.append(total.item())
    assert sums[-1] < 0.6 * sums[0]
    assert all(parameter.grad is not None for parameter in learner.network.parameters())


def test_second_date_changes_what_is_drawn(learner: CompactLearner):
    learner.network.eval()
    same = replace(CHANGED, pictures=(CHANGED.pictures[0],) * 2)
    features = [learner.model.encoder(learner.batch([each]).pixels) for each in (CHANGED, same)]
    maps = [learner.model.pixels(each.rows([0]), each.rows([1])) for each in features]
    assert not torch.allclose(*maps)


def test_new_model_begins_with_what_it_shares_with_another(learner: CompactLearner, add_model):
    card: ModelCard = add_model("given")
    given, words = load_compact(card.folder)
    take_over(learner, given, words)
    for mine, theirs in zip(learner.model.encoder.parameters(), given.encoder.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    word = "Ġriver"
    mine = learner.model.language.get_input_embeddings().weight[learner.tokenizer.token_to_id(word)]
    assert torch.equal(mine, given.language.get_input_embeddings().weight[words.token_to_id(word)])
    scenes = get_card(None).scenes
    assert "river" in scenes
    place = given.config.scenes.index("river")
    assert torch.equal(learner.model.scene_head.weight[0], given.scene_head.weight[place])


def test_words_keep_their_rows_in_a_vocabulary_of_the_same_size(add_model):
    card: ModelCard = add_model("given")
    given, words = load_compact(card.folder)
    rows = given.language.get_input_embeddings().weight
    learner = new(SETTINGS | {"vocabulary": len(rows)}, TEXTS, ["river"])
    take_over(learner, given, words)
    own, known = learner.tokenizer.get_vocab(), words.get_vocab()
    shared = [word for word in own if word in known]
    assert any(own[word] != known[word] for word in shared)
    mine = learner.model.language.get_input_embeddings().weight
    assert len(mine) == len(rows) and learner.model.language.lm_head.weight is mine
    assert torch.equal(mine[[own[word] for word in shared]], rows[[known[word] for word in shared]])


def test_model_that_begins_with_another_keeps_all_of_its_words(add_model):
    card: ModelCard = add_model("given")
    given, words = load_compact(card.folder)
    rows = given.language.get_input_embeddings().weight
    learner = new(SETTINGS | {"vocabulary": len(rows)}, ["a few words"], ["river"], card)
    assert learner.tokenizer.get_vocab() == words.get_vocab()
    assert torch.equal(learner.model.language.get_input_embeddings().weight, rows)
    assert learner.model.config.scenes == ("river",)


def test_model_that_begins_with_another_keeps_its_classes_where_the_data_have_none(add_model):
    card: ModelCard = add_model("given")
    given, words = load_compact(card.folder)
    learner = new(SETTINGS | {"vocabulary": words.get_vocab_size()}, TEXTS, [], card)
    assert learner.model.config.scenes == given.config.scenes != ()


@pytest.mark.parametrize("classes", [True, False])
def test_a_run_that_learns_no_classes_leaves_the_model_those_that_it_had(tmp_path: Path, classes: bool):
    before = load_compact(get_card(None).folder)[0].config
    settings = {name: value for name, value in vars(before).items() if name != "scenes"}
    examples: Any = SimpleNamespace(texts=list, labels=lambda: ["river", "quarry"])
    learner = learner_of(Model(family="compact", start="compact", settings=settings), examples, tmp_path, classes)
    assert isinstance(learner, CompactLearner)
    assert learner.model.config.scenes == (("river", "quarry") if classes else before.scenes)


def test_vocabulary_without_room_is_refused(add_model):
    with pytest.raises(ValueError, match="300"):
        new(SETTINGS | {"vocabulary": 300}, TEXTS, ["river"])
    with pytest.raises(RsvlmError, match="room for 600"):
        new(SETTINGS | {"vocabulary": 600}, TEXTS, ["river"], add_model("given"))


def test_of_what_shows_nothing_no_class_is_learnt(learner: CompactLearner):
    torch.manual_seed(0)
    examples = [replace(CAPTION, id=str(number)) for number in range(32)]
    lesson, same = learner.batch(examples), learner.batch(examples)
    assert len(lesson.pixels) == 34 and lesson.counts["class"] == 34
    assert torch.equal(lesson.pixels, same.pixels), "the same batch has the same strange pictures"
    optimizer = torch.optim.AdamW(learner.network.parameters(), 3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        learner.losses(lesson, ("class",))["class"].backward()
        optimizer.step()
    learner.network.eval()
    with torch.inference_mode():
        logits = learner.model.scene_head(learner.model.encoder(normalise(lesson.pixels)).pooled)
    chances = logits.softmax(dim=-1)[:, 0]
    assert chances[0] > 0.8 and (chances[-2:] < 0.7).all()


@pytest.mark.parametrize("size", [(32, 32), (40, 24)])
def test_strange_pictures_are_of_many_kinds(size: tuple[int, int]):
    found = strange(40, *size, np.random.default_rng(0))
    assert found.shape == (40, *size, 3) and found.dtype == np.uint8
    assert len({picture.tobytes() for picture in found}) == 40


def test_pictures_are_compared_with_captions_and_with_the_names_of_their_class(learner: CompactLearner):
    named = [replace(CAPTION, id=str(number), label="town" if number % 2 else "river") for number in range(60)]
    lesson = learner.batch([*named, replace(CAPTION, label=None)])
    texts = [learner.tokenizer.decode(ids[ids != PAD].tolist()).strip() for ids in lesson.texts]
    own = {"river": {"river", "a river", "many river"}, "town": {"town", "a town", "many town"}}
    for example, text in zip(named, texts, strict=False):
        assert text in own[example.label] | {"a river"}
    assert texts[-1] == "a river" and any(text in own["town"] for text in texts)
    fits = (lesson.right[:, :, None] == lesson.said).any(dim=1)
    town = texts.index(next(text for text in texts if text in own["town"]))
    assert fits[1::2, town].all() and not fits[0::2, town].any()  # of the same class all, of the other none
    captions = [number for number, text in enumerate(texts[:-1]) if text == "a river"]
    assert captions and fits[:, captions].all()  # one of the right answers of all of them
