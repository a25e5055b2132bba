"""The bundled family learning: captions, questions, boxes, masks, change, classes, retrieval, and to see as a teacher does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.encoder import ImageFeatures
from rsvlm.models.families.compact.lesson import UNKNOWN, CompactLesson, Lessons
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.rewarded import Reward, reward_loss
from rsvlm.models.families.compact.words import IGNORED, PAD, SEG, SPECIAL_TOKENS
from rsvlm.models.learning import Example
from rsvlm.models.parts.contrastive import contrastive_loss, gathered
from rsvlm.models.parts.distillation import Distillation
from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy, train_tokenizer
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError

LONGEST = 96  # tokens of a row
TIED = "language.lm_head.weight"  # the same numbers as the embeddings, under another name
LENGTHS = ((0, 24), (24, LONGEST))  # tokens of rows that go through the decoder together
SMOOTHING = 0.05
ROUGH = 0.5  # weight of the first of the two masks

Teacher = Callable[[Tensor], Tensor]  # (batch, 3, H, W) in [0, 1] -> (batch, channels, h, w)


class Pupil(nn.Module):
    """The model, and what only training needs of it."""

    def __init__(self, model: Compact) -> None:
        super().__init__()
        self.model = model
        self.distillation: Distillation | None = None


class CompactLearner:
    """Nobody teaches, unless `taught_by` is called before training; nor rewards, unless `rewarded_by` is."""

    parts: Mapping[str, tuple[str, ...]] = {
        "vision": ("model.encoder.*",),
        "connector": ("model.connector.*",),
        "language": ("model.language.*",),
        "heads": ("model.scene_head.*", "model.image_head.*", "model.text_head.*", "model.log_scale", "distillation.*"),
        "masks": ("model.masks.pixels.*", "model.masks.queries.*"),
        "difference": ("model.masks.relation.*", "model.masks.difference.*"),
    }
    longest = LONGEST

    def __init__(self, model: Compact, tokenizer: Tokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.network = Pupil(model)
        self.objectives: tuple[str, ...] = ("language", "class", "contrastive")
        if model.masks is not None:
            self.objectives = (*self.objectives, "masks")
        self._lessons = Lessons(tokenizer, model.config.scenes)
        self._teacher: Teacher | None = None
        self._reward: Reward | None = None

    def taught_by(self, teacher: Teacher, channels: int) -> None:
        """From now on there is the objective "distillation": to see what the teacher sees in the same pixels."""
        self._teacher = teacher
        self.network.distillation = Distillation(self.model.config.token_width, channels)
        self.objectives = (*self.objectives, "distillation")

    def rewarded_by(self, reward: Reward) -> None:
        """From now on there is the objective "self_critical": captions of the model's own that are worth more.

        Its value is minus their mean worth.
        """
        self._reward = reward
        self.objectives = (*self.objectives, "self_critical")

    def tokens(self, example: Example) -> int:
        return max((len(row.ids) for row in self._lessons.rows(example)), default=0)

    def batch(self, examples: Sequence[Example]) -> CompactLesson:
        return self._lessons.batch(examples)

    def losses(self, lesson: CompactLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        features = self.model.encoder(normalise(lesson.pixels))
        first = features.rows(slice(len(lesson.described)))
        found = self._words(features, lesson, wanted) if {"language", "masks"} & set(wanted) else {}
        if "class" in wanted and lesson.counts["class"]:
            strange = features.rows(slice(len(lesson.described) + len(lesson.pairs), None))
            found["class"] = self._classes(first, strange, lesson.classes) / lesson.counts["class"]
        if "contrastive" in wanted:
            found["contrastive"] = self._contrastive(first, lesson)
        if "distillation" in wanted and self._teacher and self.network.distillation and lesson.counts["distillation"]:
            with torch.no_grad():
                target = self._teacher(lesson.pixels[: len(lesson.described)][lesson.described])
            found["distillation"] = self.network.distillation(first.tokens[lesson.described], first.grid, target)
        if "self_critical" in wanted and self._reward and lesson.counts["self_critical"]:
            found["self_critical"] = self._rewarded(self._reward, first.coarse.rows(lesson.described), lesson)
        return found

    def begin(self, wanted: Collection[str]) -> None:
        """Nothing is to be made ready."""

    def settle(self) -> None:
        """Nothing follows a step."""

    def save(self, folder: Path) -> None:
        save_compact(folder, self.model, self.tokenizer)

    def _words(self, features: ImageFeatures, lesson: CompactLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        """Losses of what is said and outlined; pictures and pairs apart, and short rows and long ones, so that few are padded.

        Where there are none of a group a row without anything to learn stands for it: processes that share out weights have to
        run the same layers equally often.
        """
        places = torch.arange(len(lesson.pixels), device=lesson.ids.device)  # where the later date of each example lies
        places[lesson.pairs] = len(lesson.described) + torch.arange(len(lesson.pairs), device=places.device)
        of_pair = torch.isin(lesson.of, lesson.pairs)
        lengths = (lesson.ids != PAD).sum(dim=1)
        found: dict[str, list[Tensor]] = {"language": [], "masks": []}
        for is_pair, (above, most) in product((False, True) if self.model.masks else (False,), LENGTHS):
            rows = (of_pair == is_pair) & (lengths > above) & (lengths <= most)
            learns = bool(rows.any())
            rows[0] |= not learns
            before = lesson.of[rows]
            dates = [before, places[before]] if is_pair else [before]
            ids = lesson.ids[rows, :most]
            labels = lesson.labels[rows, :most] if learns else torch.full_like(ids, IGNORED)
            hidden = self.model.read(self.model.prefix(*map(features.coarse.rows, dates)), ids)
            found["language"].append(self._spoken(hidden[:, :-1], labels[:, 1:]))
            asked = ids == SEG
            if "masks" in wanted and learns and asked.any():
                truth = lesson.truth[rows[(lesson.ids == SEG).nonzero()[:, 0]]]
                found["masks"].append(self._outlined(features, dates, hidden, asked, truth))
        return {
            name: torch.stack(sums).sum() / lesson.counts[name]
            for name, sums in found.items()
            if name in wanted and lesson.counts[name]
        }

    def _spoken(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Sum of the losses of the tokens that are learnt."""
        learnt = labels != IGNORED
        logits = self.model.language.lm_head(hidden[learnt]).float()
        return nn.functional.cross_entropy(logits, labels[learnt], label_smoothing=SMOOTHING, reduction="sum")

    def _outlined(
        self, features: ImageFeatures, dates: Sequence[Tensor], hidden: Tensor, asked: Tensor, truth: Tensor
    ) -> Tensor:
        """Sum of the losses of all masks. dates: place of each row's pictures; asked: (rows, length), where a [SEG] stands."""
        row = asked.nonzero()[:, 0]
        drawn, place = torch.stack([date[row] for date in dates]).unique(dim=1, return_inverse=True)
        pixels = self.model.pixels(*map(features.rows, drawn))
        rough, final = self.model.heads.queries(hidden[asked], pixels[place])
        losses = [pixel_loss(logits, truth) + dice_loss(logits, truth) for logits in (rough, final)]
        return len(place) * (ROUGH * losses[0] + losses[1])

    def _rewarded(self, reward: Reward, described: ImageFeatures, lesson: CompactLesson) -> Tensor:
        """Mean over the described pictures, of which each has one row."""
        learnt = (lesson.labels != IGNORED).sum(dim=1)
        lengths = learnt.new_zeros(len(lesson.described)).index_add(0, lesson.of, learnt)[lesson.described]
        loss = reward_loss(self.model, self.tokenizer, reward, described, lesson.references, lengths, lesson.seed)
        return loss / lesson.counts["self_critical"]

    def _classes(self, seen: ImageFeatures, strange: ImageFeatures, classes: Tensor) -> Tensor:
        """Sum of the losses of pictures of a class, and of strange ones, which are as likely of any."""
        known = classes != UNKNOWN
        logits = self.model.scene_head(torch.cat([seen.pooled[known], strange.pooled])).float()
        labelled, odd = logits.split([int(known.sum()), len(strange.pooled)])
        right = nn.functional.cross_entropy(labelled, classes[known], label_smoothing=SMOOTHING, reduction="sum")
        return right - odd.log_softmax(dim=-1).mean(dim=-1).sum()

    def _contrastive(self, features: ImageFeatures, lesson: CompactLesson) -> Tensor:
        """Over the described pictures, and their texts, of all processes; 0 where there are none."""
        told = gathered(lesson.described)
        images, texts = gathered(self.model.embed_images(features)), gathered(self.model.embed_texts(lesson.texts))
        same = (gathered(lesson.right)[:, :, None] == gathered(lesson.said)).any(dim=1)
        if not told.any():
            return images.sum() * 0
        return contrastive_loss(images[told], texts[told], same[told][:, told], self.model.log_scale)


def learn(card: ModelCard) -> CompactLearner:
    """Raises RsvlmError (model_failed)."""
    return CompactLearner(*load_compact(card.folder, card.id, card.mend))


def again(folder: Path) -> CompactLearner:
    """A new model as it was saved. Raises RsvlmError (model_failed)."""
    return CompactLearner(*load_compact(folder, mend="Begin the run again in another folder."))


def new(
    settings: Mapping[str, Any], texts: Iterable[str], labels: Sequence[str], start: ModelCard | None = None
) -> CompactLearner:
    """A model with random weights, with words and classes of the data; or with the words of `start` and what fits of its weights.

    Classes are those of `start` where the data have none.
    settings: of CompactConfig. Raises ValueError for wrong ones, RsvlmError: model_failed, bad_request (too few words).
    """
    other, tokenizer = load_compact(start.folder, start.id, start.mend) if start else (None, None)
    scenes = tuple(labels) or (other.config.scenes if other else ())
    config = TypeAdapter(CompactConfig).validate_python({"scenes": scenes, **settings})
    if tokenizer is None:
        tokenizer = train_tokenizer(map(tidy, texts), config.vocabulary, SPECIAL_TOKENS)
    elif start and tokenizer.get_vocab_size() > config.vocabulary:
        raise RsvlmError(
            "bad_request",
            f"{start.id} knows {tokenizer.get_vocab_size()} words, and the new model has room for {config.vocabulary}.",
            "Leave vocabulary out of the settings, or raise it.",
        )
    if tokenizer.get_vocab_size() > config.vocabulary:
        raise ValueError(f"a vocabulary of {config.vocabulary} has no room for {tokenizer.get_vocab_size()} tokens")
    learner = CompactLearner(Compact(config), tokenizer)
    if other is not None:
        take_over(learner, other, tokenizer)
    return learner


def take_over(learner: CompactLearner, other: Compact, tokenizer: Tokenizer) -> None:
    """The weights of another model wherever their names and shapes are the same; words and classes by their names."""
    ours, theirs = learner.model.state_dict(), other.state_dict()
    scenes = learner.model.config.scenes, other.config.scenes
    words = [_words(each) for each in (learner.tokenizer, tokenizer)]
    for name in theirs.keys() & ours.keys():
        if name == "language.model.embed_tokens.weight":
            _rows_by_name(ours[name], theirs[name], *words)
        elif name.startswith("scene_head."):
            _rows_by_name(ours[name], theirs[name], *scenes)
        elif ours[name].shape == theirs[name].shape and name not in ("anchors", TIED):
            ours[name].copy_(theirs[name])


def _words(tokenizer: Tokenizer) -> list[str]:
    return sorted(found := tokenizer.get_vocab(), key=found.__getitem__)


def _rows_by_name(ours: Tensor, theirs: Tensor, names: Sequence[str], known: Sequence[str]) -> None:
    """In place: of each name that is known in both, the row of `theirs`."""
    if ours.shape[1:] != theirs.shape[1:]:
        return
    places = {name: place for place, name in enumerate(known)}
    for place, name in enumerate(names):
        if name in places:
            ours[place] = theirs[places[name]]
