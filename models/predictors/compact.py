"""The bundled model at work: pictures in; captions, scenes and embeddings out.

Knows pixels and strings; nothing of rasters, maps or files. Encode once, ask many times.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.generation import BaseStreamer

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact import CAPTION, EOS, PAD, RET, STRIDE, Compact, ImageFeatures
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy

MULTIPLE = 2 * STRIDE  # sides of a picture are multiples of this many pixels
LONGEST = 40  # tokens of a caption


@dataclass(frozen=True)
class Caption:
    """text: one sentence. confidence: geometric mean of the probabilities of its tokens, 0 to 1."""

    text: str
    confidence: float


def sentence(words: str) -> str:
    """As a reader expects it: a capital first and a full stop last."""
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}." if words else ""


class Words(BaseStreamer):
    """Turns the ids of one caption into words as they come, the first with a capital."""

    def __init__(self, tokenizer: Tokenizer, on_text: Callable[[str], None]) -> None:
        self._stream = DecodeStream(skip_special_tokens=True)
        self._tokenizer, self._on_text, self._begun = tokenizer, on_text, False

    def put(self, value: Tensor) -> None:
        for token in value.flatten().tolist():
            piece = self._stream.step(self._tokenizer, token)
            if piece and not self._begun:
                piece = piece.lstrip()
                piece = f"{piece[:1].upper()}{piece[1:]}"
            if piece:
                self._begun = True
                self._on_text(piece)

    def end(self) -> None:
        if self._begun:
            self._on_text(".")


class Stop(StoppingCriteria):
    """Ends decoding at the next step once `wanted` says so."""

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        return torch.full((len(input_ids),), self._wanted(), dtype=torch.bool, device=input_ids.device)


class CompactPredictor:
    """card, device: what answers and where."""

    def __init__(self, card: ModelCard, model: Compact, tokenizer: Tokenizer, device: str) -> None:
        self.card, self.device = card, device
        self._model, self._tokenizer = model.to(device), tokenizer
        self.scenes = model.config.scenes

    @torch.inference_mode()
    def encode(self, pictures: np.ndarray) -> ImageFeatures:
        """pictures: (n, H, W, 3) uint8, H and W multiples of MULTIPLE."""
        pixels = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float() / 255
        return self._model.encoder(normalise(pixels))

    @torch.inference_mode()
    def captions(
        self,
        features: ImageFeatures,
        beams: int = 1,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[Caption]:
        """A sentence per picture. on_text streams the words of the only picture and needs beams = 1."""
        prefix = self._model.prefix(features)
        task = torch.full((len(prefix), 1), CAPTION, device=self.device)
        embedded = torch.cat([prefix, self._model.language.get_input_embeddings()(task)], dim=1)
        output = self._model.language.generate(
            inputs_embeds=embedded,
            attention_mask=torch.ones(embedded.shape[:2], dtype=torch.long, device=self.device),
            max_new_tokens=LONGEST,
            do_sample=False,
            num_beams=beams,
            pad_token_id=PAD,
            eos_token_id=EOS,
            streamer=Words(self._tokenizer, on_text) if on_text else None,
            stopping_criteria=StoppingCriteriaList([Stop(stop)]),
            output_scores=True,
            return_dict_in_generate=True,
        )
        found = self._model.language.compute_transition_scores(
            output.sequences, output.scores, getattr(output, "beam_indices", None), normalize_logits=beams == 1
        )
        spoken = (output.sequences[:, -found.shape[1] :] != PAD) & found.isfinite()
        captions = []
        for ids, scores, mask in zip(output.sequences, found, spoken, strict=True):
            text = sentence(self._tokenizer.decode(ids.tolist(), skip_special_tokens=True))
            mean = scores[mask].mean().item() if mask.any() else -math.inf
            captions.append(Caption(text, math.exp(mean)))
        return captions

    @torch.inference_mode()
    def scene_probabilities(self, features: ImageFeatures) -> np.ndarray:
        """(n, classes) in the order of `scenes`, each row adding up to one; calibrated by the card's temperature."""
        logits = self._model.scene_head(features.pooled)
        return (logits / self.card.calibration.scene_temperature).softmax(dim=-1).cpu().numpy()

    @torch.inference_mode()
    def familiarity(self, features: ImageFeatures) -> np.ndarray:
        """(n,), -1 to 1: how near each picture is to what the model has learnt from; see the card's `familiar_from`."""
        return self._model.familiarity(features).cpu().numpy()

    @torch.inference_mode()
    def embed_images(self, features: ImageFeatures) -> np.ndarray:
        """(n, width) float32 of unit length."""
        return self._model.embed_images(features).cpu().numpy()

    @torch.inference_mode()
    def embed_texts(self, texts: list[str]) -> np.ndarray:
        """(n, width) float32 of unit length, comparable with embed_images by their product."""
        rows = [[*encoding.ids, RET] for encoding in self._tokenizer.encode_batch([tidy(text) for text in texts])]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows], device=self.device)
        return self._model.embed_texts(ids).cpu().numpy()
