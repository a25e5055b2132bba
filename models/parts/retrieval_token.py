"""A word by which a frozen language model asks for a picture, and the loss that brings texts and pictures together.

FROMAGe (arXiv 2301.13823, section 3.2), taken over by RS-CapRet (arXiv 2402.06475): of all words' embeddings only that of
[RET] is learnt; the state at [RET] stands for the text before it. Knows ids and tensors: nothing of texts or pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LogitsProcessor, PreTrainedModel


class RetrievalToken(nn.Module):
    """row: (width,), the token's embedding, and its weights in the head of a model whose head is the same table.

    head: (states' width,), its weights in a head of the model's own, else None. The tables themselves stay frozen.
    """

    def __init__(self, token: int, model: PreTrainedModel) -> None:
        super().__init__()
        self.token = token
        self.row = nn.Parameter(0.02 * torch.randn(model.get_input_embeddings().embedding_dim))
        own = None if model.config.tie_word_embeddings else model.get_output_embeddings().in_features
        self.head = nn.Parameter(0.02 * torch.randn(own)) if own else None

    def embed(self, ids: Tensor, words: Tensor) -> Tensor:
        """words: embeddings (batch, length, width) of ids (batch, length) -> the same, with the token's own."""
        return torch.where((ids == self.token)[..., None], self.row.to(words.dtype), words)

    def logits(self, states: Tensor, logits: Tensor) -> Tensor:
        """logits: (..., vocabulary) from states (..., width) -> the same, with the token's own."""
        own = states @ (self.row if self.head is None else self.head).to(states.dtype)
        place = torch.arange(logits.shape[-1], device=logits.device) == self.token
        return torch.where(place, own[..., None], logits)

    @torch.no_grad()
    def write(self, model: PreTrainedModel) -> None:
        """Put what was learnt into the model's tables, from which it reads and speaks by itself."""
        model.get_input_embeddings().weight[self.token] = self.row
        if self.head is not None:
            model.get_output_embeddings().weight[self.token] = self.head

    @torch.no_grad()
    def settle(self, table: Tensor) -> None:
        """After a step of training: give the row the mean length of the others. table: (vocabulary, width)."""
        lengths = table.float().norm(dim=1)
        others = (lengths.sum() - lengths[self.token]) / (len(table) - 1)
        self.row.mul_(others / self.row.norm())


class Eagerness(LogitsProcessor):
    """How readily the token is said: not among the first `after` words, then by its logit times `factor`."""

    def __init__(self, token: int, after: int = 0, factor: float = 1.0) -> None:
        self._token, self._after, self._factor = token, after, factor

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """input_ids: (batch, said), without what was read before."""
        scores = scores.clone()
        scores[:, self._token] *= self._factor
        if input_ids.shape[1] < self._after:
            scores[:, self._token] = -torch.inf
        return scores


def contrastive_losses(images: Tensor, texts: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Each image finds its text, and each text its image, among those of the batch (InfoNCE).

    images, texts: (batch, width) of unit length; scale: of their products.
    """
    logits = scale * images @ texts.T
    own = torch.arange(len(logits), device=logits.device)
    return functional.cross_entropy(logits, own), functional.cross_entropy(logits.T, own)
