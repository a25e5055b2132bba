"""The bundled family learns from what its own captions are worth: to say what is worth most, and to come to an end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from rsvlm.models.families.compact import rewarded
from rsvlm.models.families.compact.learner import CompactLearner, new
from rsvlm.models.families.compact.rewarded import SENTENCES
from rsvlm.models.families.compact.words import CAPTION, EOS
from rsvlm.models.learning import Example
from rsvlm.models.parts.self_critical import IGNORED

TEXTS = ["a river and some trees", "two white buildings near a road", "a lake"] * 10
SETTINGS = {
    "stem": 8, "widths": [8, 16, 32], "depths": [1, 1, 1], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 400,
    "language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4, "pixel_width": 16,
    "pixel_embedding": 8, "memories": 4,
}  # fmt: skip
GREY = np.random.default_rng(3).integers(0, 60, (2, 32, 32, 3), dtype=np.uint8)
DARK, BRIGHT = GREY[0], GREY[1] + 190
RIGHT = ("a river", "some trees")


def example(name: str, picture: np.ndarray, *right: str) -> Example:
    return Example(name, "caption", (picture,), (("", right[0]),), right)


EXAMPLES = [example("1", DARK, *RIGHT), example("2", BRIGHT, "two buildings"), example("3", DARK, "a river")]
SAID = {
    "1": ["a river", "a lake", "some trees near", "two", "a"],
    "2": ["two buildings"] * 4 + ["two white buildings near a road"],
    "3": ["a river", "river", "some", "", "a lake"],
}
ASKED = Example("4", "vqa", (BRIGHT,), (("is there a boat?", "no"),), ("no",))


def shared_words(said: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Share of the words of a sentence and of the best reference that both have."""

    def alike(one: str, other: str) -> float:
        words, others = set(one.split()), set(other.split())
        return len(words & others) / max(1, len(words | others))

    return np.array(
        [
            [max(alike(one, other) for other in right) for one in row]
            for row, right in zip(said, references, strict=True)
        ]
    )


@pytest.fixture
def learner() -> CompactLearner:
    torch.manual_seed(3)
    made = new(SETTINGS, TEXTS, ["lake"])
    made.rewarded_by(shared_words)
    return made


def drawn(learner: CompactLearner, sentences: Sequence[str], endless: int = 0) -> Tensor:
    """Rows of ids as they are drawn; the first ones without an end."""
    rows = [learner.tokenizer.encode(text).ids + [EOS] * (row >= endless) for row, text in enumerate(sentences)]
    longest = max(map(len, rows))
    return torch.tensor([row + [IGNORED] * (longest - len(row)) for row in rows])


def gradients(learner: CompactLearner) -> dict[str, Tensor]:
    named = learner.network.named_parameters()
    return {name: weight.grad.clone() for name, weight in named if weight.grad is not None}


def taught(learner: CompactLearner, objective: str, steps: int, rate: float) -> list[float]:
    """The loss before each step; another seed at each, as other batches have."""
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(learner.network.parameters(), rate, weight_decay=0)
    losses = []
    for step in range(steps):
        lesson = learner.batch([*EXAMPLES, ASKED])
        lesson = type(lesson)(**{**vars(lesson), "seed": lesson.seed + step})
        loss = learner.losses(lesson, (objective,))[objective]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_learning_from_worth_alone_raises_the_worth_of_what_is_said(
    learner: CompactLearner, monkeypatch: pytest.MonkeyPatch
):
    """From a model that has hardly learnt to speak."""
    monkeypatch.setattr(rewarded, "LONGEST", 8)
    taught(learner, "language", 60, 3e-3)
    losses = taught(learner, "self_critical", 60, 2e-3)
    first, last = np.mean(losses[:10]), np.mean(losses[-10:])
    assert first > -0.5 and last < first - 0.2, (first, last)


def test_loss_is_minus_the_mean_worth_and_a_sentence_without_an_end_is_worth_nothing(
    learner: CompactLearner, monkeypatch: pytest.MonkeyPatch
):
    heard: list[Sequence[Sequence[str]]] = []

    def reward(said: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> np.ndarray:
        heard.append(said)
        return np.full((len(said), SENTENCES), 2.0)

    learner.rewarded_by(reward)
    lesson = learner.batch([ASKED, *EXAMPLES])
    assert lesson.counts["self_critical"] == 3 and lesson.references[0] == RIGHT
    monkeypatch.setattr(rewarded, "_drawn", lambda *_: drawn(learner, ["a lake"] * 15, 3))
    assert learner.losses(lesson, ("self_critical",))["self_critical"].item() == pytest.approx(-2 * 12 / 15)
    assert heard == [[[" a lake"] * SENTENCES] * 3]


def test_chances_are_those_of_the_distribution_that_was_drawn_from(learner: CompactLearner):
    """The teacher-forced pass sees what the decoder saw word by word."""
    learner.network.eval()
    with torch.no_grad():
        model, features = learner.model, learner.model.encoder(learner.batch(EXAMPLES).pixels)
        prefix = model.prefix(features)
        said = rewarded._drawn(model, prefix, 5)
        found = rewarded._chances(model, prefix, said)
        for row in (0, 7, 14):
            words = [word for word in said[row].tolist() if word >= 0]
            ids, expected = [CAPTION], 0.0
            for word in words:
                logits = model.caption_logits(features.rows([row // SENTENCES]), torch.tensor([ids]))[0, -1]
                expected += logits.log_softmax(0)[word].item()
                ids.append(word)
            assert found[row].item() == pytest.approx(expected, abs=1e-3)


def test_same_batch_draws_the_same_and_leaves_other_chance_and_modes_alone(learner: CompactLearner):
    taught(learner, "language", 40, 3e-3)
    lesson = learner.batch(EXAMPLES)
    learner.model.language.lm_head.eval()
    before = [module.training for module in learner.network.modules()]
    found = []
    for _ in range(2):
        torch.manual_seed(1)
        learner.network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = learner.losses(lesson, ("self_critical",))["self_critical"]
        loss.backward()
        found.append(gradients(learner))
        chance = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(chance, torch.rand(1))
    assert [module.training for module in learner.network.modules()] == before
    assert found[0].keys() == found[1].keys() and all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    trained = {name.split(".")[1] for name, gradient in found[0].items() if gradient.abs().sum() > 0}
    assert trained == {"encoder", "connector", "language"}, (
        "also with weights that were cast while sentences were drawn"
    )


def test_loss_of_a_batch_is_that_of_its_parts_in_value_and_gradient(
    learner: CompactLearner, monkeypatch: pytest.MonkeyPatch
):
    learner.network.eval()
    found = []
    for parts in ([EXAMPLES], [EXAMPLES[:1], EXAMPLES[1:]]):
        learner.network.zero_grad()
        total = 0.0
        for part in parts:
            said = [row for one in part for row in SAID[one.id]]
            monkeypatch.setattr(rewarded, "_drawn", lambda *_, said=said: drawn(learner, said))
            loss = learner.losses(learner.batch(part), ("self_critical",))["self_critical"] * len(part) / len(EXAMPLES)
            loss.backward()
            total += loss.item()
        found.append((total, gradients(learner)))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-5) and found[0][0] < -0.1
    for name, gradient in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], gradient, atol=1e-6, rtol=1e-3)
