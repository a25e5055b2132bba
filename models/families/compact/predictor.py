"""The bundled family at work: pictures in; captions, scenes and embeddings out.

Knows pixels and strings; nothing of rasters, maps or files. Encode once, ask many times: what was seen of a picture, and
what the decoder makes of it before the first word, is kept for the next question. Every call of the network goes through
the engine; methods may be called from any thread.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import DynamicCache, StoppingCriteriaList

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine, Work
from rsvlm.models.families.compact.encoder import STRIDE, ImageFeatures
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.words import CAPTION, EOS, PAD, RET
from rsvlm.models.parts.pixels import DEVIATION, MEAN, normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.predictors.words import Listeners, Stop, Words, sentence
from rsvlm.models.predictors.zero_shot import zero_shot
from rsvlm.models.weights import load_compact
from rsvlm.protocol import Cancelled, RsvlmError

MULTIPLE = 2 * STRIDE  # sides of a picture are multiples of this many pixels
LONGEST = 40  # tokens of a caption


@dataclass(frozen=True)
class Caption:
    """text: one sentence. confidence: geometric mean of the probabilities of its tokens, 0 to 1.

    read: tokens that stood before it, those of the picture included; written: its own, the last one included.
    """

    text: str
    confidence: float
    read: int
    written: int


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. features: a batch of one; key: tells its pixels, and how they were seen."""

    key: tuple[object, ...]
    features: ImageFeatures


@dataclass
class Counts:
    """Pictures that went through the encoder, and pictures that the decoder read before its first word."""

    encodes: int = 0
    prefills: int = 0


class CompactPredictor:
    """card, device: what answers and where. counts: of the network's work. size_bytes: of the weights in memory.

    usage: tokens that this caller's captions and embeddings have taken, as the protocol counts them.
    """

    def __init__(
        self,
        card: ModelCard,
        model: Compact,
        tokenizer: Tokenizer,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.card, self.device = card, device
        self._model, self._tokenizer = model.to(device), tokenizer
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.scenes = model.config.scenes
        self.counts = Counts()
        self.size_bytes = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))

    def until(self, stop: Callable[[], bool]) -> CompactPredictor:
        """The same for one caller, whose calls raise Cancelled once `stop` says so: at the next word, or before they begin."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def encode(self, pictures: np.ndarray) -> list[Seen]:
        """pictures: (n, H, W, 3) uint8, H and W multiples of MULTIPLE."""
        keys = [self._key(picture) for picture in pictures]
        seen = {key: self._cache.get(key) for key in keys}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if seen[key] is None}
        if new:
            found = self._run(self._encode, list(new.values()), pictures.shape[1:])
            for key, features in zip(new, found, strict=True):
                seen[key] = features
                self._cache.put(key, features, _size(*features.tensors))
        return [Seen(key, seen[key]) for key in keys]

    def captions(self, pictures: Sequence[Seen], on_text: Callable[[str], None] | None = None) -> list[Caption]:
        """A sentence per picture of one size. on_text streams the words of the only picture."""
        rows = [(picture, Words(self._tokenizer, on_text, self._stop)) for picture in pictures]
        found = self._run(self._caption, rows, pictures[0].features.grid)
        self.usage["prompt_tokens"] += sum(caption.read for caption in found)
        self.usage["completion_tokens"] += sum(caption.written for caption in found)
        if self._stop():
            raise Cancelled()
        return found

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
        return np.stack(self._run(self._embed_texts, ids))

    def zero_shot(self, pictures: Sequence[Seen], labels: Sequence[str]) -> np.ndarray:
        """(n, labels) float32: how likely each picture is of each class, each row adding up to one."""
        return zero_shot(self, pictures, labels, self._model.log_scale.exp().item())

    def text_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text as it is embedded, the last one included that closes it. Raises as embed_texts does."""
        ids = [[*encoding.ids, RET] for encoding in self._tokenizer.encode_batch([tidy(text) for text in texts])]
        most = self._model.language.config.max_position_embeddings
        if max(map(len, ids)) > most:
            raise RsvlmError("too_large", f"A text is longer than {most:,} tokens.", "Give it in parts.")
        return ids

    def _run(self, work: Work, rows: Sequence[Any], shape: tuple[int, ...] = ()) -> list[Any]:
        """On the inference thread, with the rows of others who ask the same of this model for pictures of this shape."""
        return self._engine.run((self._model, work.__name__, shape), work, rows, self._stop)

    def _key(self, picture: np.ndarray) -> tuple[object, ...]:
        digest = blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()
        return self.card.id, self.card.revision, MEAN, DEVIATION, picture.shape, digest

    @torch.inference_mode()
    def _encode(self, pictures: Sequence[np.ndarray]) -> list[ImageFeatures]:
        pixels = torch.from_numpy(np.stack(pictures)).to(self.device).permute(0, 3, 1, 2)
        features = self._model.encoder(normalise(pixels.to(self._model.log_scale.dtype) / 255))
        self.counts.encodes += len(pictures)
        return features.apart()

    @torch.inference_mode()
    def _caption(self, rows: Sequence[tuple[Seen, Words]]) -> list[Caption]:
        pictures, words = zip(*rows, strict=True)
        for row in words:
            row.begin()
        prefix = self._prefixes(pictures)
        task = torch.full((len(rows), 1), CAPTION, device=self.device)
        output = self._model.language.generate(
            task,
            past_key_values=DynamicCache([tuple(layer) for layer in prefix]),
            attention_mask=torch.ones(len(rows), prefix.shape[-2] + 1, dtype=torch.long, device=self.device),
            max_new_tokens=LONGEST,
            do_sample=False,
            pad_token_id=PAD,
            eos_token_id=EOS,
            streamer=Listeners(words, EOS),
            stopping_criteria=StoppingCriteriaList([Stop(words)]),
            output_scores=True,
            return_dict_in_generate=True,
        )
        found = self._model.language.compute_transition_scores(output.sequences, output.scores, normalize_logits=True)
        spoken = (output.sequences[:, 1:] != PAD) & found.isfinite()
        captions = []
        for ids, scores, mask in zip(output.sequences.tolist(), found, spoken, strict=True):
            mean = scores[mask].mean().item() if mask.any() else -math.inf
            text = sentence(self._tokenizer.decode(ids, skip_special_tokens=True))
            captions.append(Caption(text, math.exp(mean), prefix.shape[-2] + 1, int(mask.sum())))
        return captions

    def _prefixes(self, pictures: Sequence[Seen]) -> Tensor:
        """(layers, 2, n, heads, tokens, width): keys and values of the pictures, which stand before every question."""
        kept = {picture.key: self._cache.get(("prefix", *picture.key)) for picture in pictures}
        new = list({picture.key: picture for picture in pictures if kept[picture.key] is None}.values())
        if new:
            embedded = self._model.prefix(ImageFeatures.together([picture.features for picture in new]))
            read = self._model.language.model(inputs_embeds=embedded, use_cache=True).past_key_values
            self.counts.prefills += len(new)
            layers = torch.stack([torch.stack([layer.keys, layer.values]) for layer in read.layers])
            for row, picture in enumerate(new):
                kept[picture.key] = layers[:, :, row].clone()
                self._cache.put(("prefix", *picture.key), kept[picture.key], _size(kept[picture.key]))
        return torch.stack([kept[picture.key] for picture in pictures], dim=2)

    @torch.inference_mode()
    def _scenes(self, pictures: Sequence[Seen]) -> np.ndarray:
        logits = self._model.scene_head(_batch(pictures).pooled).float()
        return (logits / self.card.calibration.scene_temperature).softmax(dim=-1).cpu().numpy()

    @torch.inference_mode()
    def _familiarity(self, pictures: Sequence[Seen]) -> np.ndarray:
        return self._model.familiarity(_batch(pictures)).float().cpu().numpy()

    @torch.inference_mode()
    def _embed_images(self, pictures: Sequence[Seen]) -> np.ndarray:
        return self._model.embed_images(_batch(pictures)).float().cpu().numpy()

    @torch.inference_mode()
    def _embed_texts(self, rows: Sequence[list[int]]) -> np.ndarray:
        longest = max(map(len, rows))
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows], device=self.device)
        return self._model.embed_texts(ids).float().cpu().numpy()


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> CompactPredictor:
    """device: "cuda" or "cpu". Raises RsvlmError (model_failed)."""
    model, tokenizer = load_compact(card.folder, card.id, card.mend)
    return CompactPredictor(card, model, tokenizer, device, engine, cache)


def _batch(pictures: Sequence[Seen]) -> ImageFeatures:
    return ImageFeatures.together([picture.features for picture in pictures])


def _size(*tensors: Tensor) -> int:
    return sum(tensor.nbytes for tensor in tensors)
