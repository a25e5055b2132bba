"""The bundled family at work: pictures in; sentences, boxes, masks, scenes and embeddings out.

Knows pixels and strings; nothing of rasters, maps or files. Encode once, ask many times. Every call of the network goes through
the engine; methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch.nn.functional import interpolate

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine, Work
from rsvlm.models.families.compact.encoder import STRIDE, ImageFeatures
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.presence import CHANGED, as_outlined, asks_likeness, chances, told
from rsvlm.models.families.compact.runtimes import Runtime, TorchRuntime, runtime_of
from rsvlm.models.families.compact.speaking import LONGEST, Seen, Speaker, dates_of
from rsvlm.models.families.compact.words import CAPTION, PAD, RET
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.predictors.abilities import Likely, OnText, Question, Reply
from rsvlm.models.predictors.encode_once import EncodesOnce
from rsvlm.models.predictors.replies import refuse_too_long
from rsvlm.models.predictors.words import Words
from rsvlm.models.predictors.zero_shot import against_cover, zero_shot
from rsvlm.models.weights import load_compact
from rsvlm.protocol import RsvlmError

MULTIPLE = 2 * STRIDE  # sides of a picture are multiples of this many pixels

Pictures = Sequence[np.ndarray] | np.ndarray  # one after the other, or as one array
Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass
class Counts:
    """Pictures that went through the encoder, and pictures that the decoder read before its first word."""

    encodes: int = 0
    prefills: int = 0


class CompactPredictor(EncodesOnce):
    """counts: of the network's work, by all callers. runtime: what runs its convolutions."""

    mask_stride = 2  # see network.Compact.vectors

    def __init__(
        self,
        card: ModelCard,
        model: Compact,
        tokenizer: Tokenizer,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        super().__init__(card, device, engine, cache, model)
        self._model, self._tokenizer = model, tokenizer
        self.runtime = runtime or TorchRuntime(model)
        self._speaker = Speaker(model, tokenizer, self._cache, device, self.runtime)
        self._encodes = [0]
        self.scenes = model.config.scenes

    @property
    def counts(self) -> Counts:
        return Counts(self._encodes[0], self._speaker.prefills)

    def encode(self, pictures: Pictures, after: Pictures | None = None) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; sides that are no multiples of MULTIPLE are resized to the nearest one.

        after: a later date of each, alike.
        """
        count = len(pictures)
        every = [_fitting(picture) for picture in (*pictures, *(() if after is None else after))]
        found = _in_groups(
            every,
            lambda picture: picture.shape,
            lambda rows: self._encoded([(row,) for row in rows], self._encode, rows[0].shape),
        )
        return [
            Seen(tuple(part for key, _ in dates for part in key), tuple(made for _, made in dates), picture.shape[:2])
            for picture, dates in zip(pictures, (found[row::count] for row in range(count)), strict=True)
        ]

    def captions(
        self, pictures: Sequence[Seen], on_text: Callable[[str], None] | None = None, beams: int = 1
    ) -> list[Reply]:
        """A sentence per picture of one size, the best of `beams` that are tried. on_text streams the only picture's words."""
        return self._said(pictures, [(CAPTION,)] * len(pictures), on_text, beams)

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture or pair. on_text streams the words of the only one.

        Raises RsvlmError (too_large) for a question that leaves no room for an answer.
        """
        prompts = [self._speaker.prompt(question) for question in questions]
        tokens = max(each.features.tokens.shape[1] * len(each.dates) // 4 for each in seen)
        refuse_too_long(self.card, [tokens + len(ids) for ids in prompts], LONGEST, self._longest)
        return _in_groups(
            list(zip(seen, prompts, strict=True)),
            lambda row: (len(row[1]), row[0].features.grid, len(row[0].dates)),
            lambda rows: self._said([each for each, _ in rows], [ids for _, ids in rows], on_text),
        )

    def likely(self, seen: Sequence[Seen], phrases: Sequence[str]) -> list[Likely]:
        """All phrases in each picture or pair. Raises RsvlmError (model_failed; too_large for a phrase), Cancelled."""
        if self._model.masks is None:
            raise RsvlmError("model_failed", f"{self.card.id} draws no masks.", "Choose a model for this task.")
        named = [as_outlined(phrase) for phrase in phrases] if self.card.calibration.outlined else phrases
        return _in_groups(
            seen,
            lambda each: (each.size, len(each.dates)),
            lambda rows: self._present(rows, phrases, self.drawn(rows, named if len(rows[0].dates) == 1 else phrases)),
        )

    def drawn(self, seen: Sequence[Seen], phrases: Sequence[str]) -> list[Likely]:
        """As `likely`, of pictures or pairs of one size, and nothing is calibrated."""
        return self._run(self._likely, [(each, tuple(phrases)) for each in seen], (*seen[0].size, *phrases))

    def witnesses(self, seen: Sequence[Seen], phrases: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """How alike (n, phrases) pictures of one size and phrases are, and (n,) bool, which of the pictures are familiar."""
        familiar = self.familiarity(seen) >= self.card.calibration.familiar_from
        return against_cover(self, seen, phrases), familiar

    def _present(self, seen: Sequence[Seen], phrases: Sequence[str], drawn: list[Likely]) -> list[Likely]:
        """The same with calibrated chances; nothing is fitted for what two dates differ in, where they are the model's own."""
        if len(seen[0].dates) > 1:
            return drawn
        calibration, own = self.card.calibration, np.stack([one.there for one in drawn])
        surest = np.stack([one.maps.max(axis=(1, 2)) for one in drawn])
        if not asks_likeness(calibration):
            there = told(calibration, own, surest)
        else:
            there = chances(calibration, phrases, own, surest, *self.witnesses(seen, phrases))
        return [Likely(one.maps, row) for one, row in zip(drawn, there, strict=True)]

    def change_masks(self, pairs: Sequence[Seen], pixels: int) -> np.ndarray:
        """(n, pixels, pixels) float32: probability of change."""
        maps = np.stack([found.maps[0] for found in self.likely(pairs, [CHANGED])])
        sized = interpolate(torch.from_numpy(maps)[:, None], size=(pixels, pixels), mode="bilinear", antialias=True)
        return sized[:, 0].numpy()

    def scene_probabilities(self, pictures: Sequence[Seen]) -> np.ndarray:
        """(n, classes) in the order of `scenes`, each row adding up to one; calibrated by the card's temperature."""
        return np.stack(self._run(self._scenes, pictures, pictures[0].features.grid))

    def familiarity(self, pictures: Sequence[Seen]) -> np.ndarray:
        """(n,), -1 to 1: how near each picture is to what the model has learnt from; see the card's `familiar_from`."""
        return np.stack(self._run(self._familiarity, pictures, pictures[0].features.grid))

    def embed_images(self, pictures: Sequence[Seen]) -> np.ndarray:
        """(n, width) float32 of unit length."""
        self.usage["prompt_tokens"] += sum(picture.features.tokens.shape[1] for picture in pictures)
        return np.stack(self._run(self._embed_images, pictures, pictures[0].features.grid))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, width) float32 of unit length, comparable with embed_images by their product.

        Raises RsvlmError (too_large) for a text longer than the model can read.
        """
        ids = self.text_ids(texts)
        self.usage["prompt_tokens"] += sum(map(len, ids))
        keys = [("text", self.card.id, self.card.revision, *row) for row in ids]
        kept = {key: self._cache.get(key) for key in keys}
        new = {key: row for key, row in zip(keys, ids, strict=True) if kept[key] is None}
        for key, vector in zip(new, self._run(self._embed_texts, list(new.values())) if new else [], strict=True):
            kept[key] = vector.copy()
            self._cache.put(key, kept[key], vector.nbytes)
        return np.stack([kept[key] for key in keys])

    def zero_shot(self, pictures: Sequence[Seen], labels: Sequence[str]) -> np.ndarray:
        """(n, labels) float32: how likely each picture is of each class, each row adding up to one."""
        return zero_shot(self, pictures, labels, self._model.log_scale.exp().item())

    def text_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text as it is embedded, the last one included that closes it. Raises as embed_texts does."""
        ids = [[*encoding.ids, RET] for encoding in self._tokenizer.encode_batch([tidy(text) for text in texts])]
        if max(map(len, ids)) > self._longest:
            raise RsvlmError("too_large", f"A text is longer than {self._longest:,} tokens.", "Give it in parts.")
        return ids

    @property
    def _longest(self) -> int:
        return int(self._model.language.config.max_position_embeddings)

    def _said(
        self, seen: Sequence[Seen], prompts: Sequence[Sequence[int]], on_text: OnText | None, beams: int = 1
    ) -> list[Reply]:
        """prompts: of one length. What is asked twice of the same picture is answered once."""
        asked = [(each.key, tuple(ids)) for each, ids in zip(seen, prompts, strict=True)]
        once = {question: (each, ids) for question, each, ids in zip(asked, seen, prompts, strict=True)}
        rows = [(each, ids, Words(self._tokenizer, on_text, self._stop), beams) for each, ids in once.values()]
        found = self._answered(rows, self._say, len(prompts[0]), len(seen[0].dates), seen[0].features.grid, beams)
        answers = dict(zip(once, found, strict=True))
        return [answers[question] for question in asked]

    def _run(self, work: Work, rows: Sequence[Any], shape: tuple[object, ...] = ()) -> list[Any]:
        """On the inference thread, with the rows of others who ask the same of this model for pictures of this shape."""
        return self._engine.run((self._model, work.__name__, shape), work, rows, self._stop)

    @torch.inference_mode()
    def _encode(self, rows: Sequence[tuple[np.ndarray]]) -> list[ImageFeatures]:
        pixels = torch.from_numpy(np.stack([picture for (picture,) in rows])).to(self.device).permute(0, 3, 1, 2)
        features = self.runtime.encode(normalise(pixels.to(self._model.log_scale.dtype) / 255))
        self._encodes[0] += len(rows)
        return features.apart()

    @torch.inference_mode()
    def _say(self, rows: Sequence[tuple[Seen, Sequence[int], Words, int]]) -> list[Reply]:
        seen, prompts, words, beams = zip(*rows, strict=True)
        return self._speaker.say(seen, prompts, words, beams[0])

    @torch.inference_mode()
    def _likely(self, rows: Sequence[tuple[Seen, tuple[str, ...]]]) -> list[Likely]:
        seen = [each for each, _ in rows]
        logits, there = self._speaker.likely(seen, rows[0][1])
        maps = interpolate(logits.float(), size=seen[0].size, mode="bilinear", align_corners=False).sigmoid()
        return [Likely(*pair) for pair in zip(maps.cpu().numpy(), there.cpu().numpy(), strict=True)]

    @torch.inference_mode()
    def _scenes(self, pictures: Sequence[Seen]) -> np.ndarray:
        logits = self._model.scene_head(dates_of(pictures)[0].pooled).float()
        return (logits / self.card.calibration.scene_temperature).softmax(dim=-1).cpu().numpy()

    @torch.inference_mode()
    def _familiarity(self, pictures: Sequence[Seen]) -> np.ndarray:
        return self._model.familiarity(dates_of(pictures)[0]).float().cpu().numpy()

    @torch.inference_mode()
    def _embed_images(self, pictures: Sequence[Seen]) -> np.ndarray:
        return self._model.embed_images(dates_of(pictures)[0]).float().cpu().numpy()

    @torch.inference_mode()
    def _embed_texts(self, rows: Sequence[list[int]]) -> np.ndarray:
        longest = max(map(len, rows))
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows], device=self.device)
        return self._model.embed_texts(ids).float().cpu().numpy()


def _fitting(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> the same, or as near to it as the network's grid allows."""
    height, width = (max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE) for side in picture.shape[:2])
    if (height, width) == picture.shape[:2]:
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))


def _in_groups(
    items: Sequence[Item], kind: Callable[[Item], object], work: Callable[[list[Item]], Sequence[Found]]
) -> list[Found]:
    """What `work` makes of items of one kind at a time, in the order of the items."""
    groups: dict[object, list[int]] = {}
    for place, item in enumerate(items):
        groups.setdefault(kind(item), []).append(place)
    found: dict[int, Found] = {}
    for places in groups.values():
        found |= dict(zip(places, work([items[place] for place in places]), strict=True))
    return [found[place] for place in range(len(items))]


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> CompactPredictor:
    """device: "cuda" or "cpu". Raises RsvlmError (model_failed)."""
    model, tokenizer = load_compact(card.folder, card.id, card.mend)
    return CompactPredictor(card, model, tokenizer, device, engine, cache, runtime_of(card, model, device))
