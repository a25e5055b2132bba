"""The bundled family: a small image encoder and a small causal decoder, joined by a linear connector, with heads for masks.

A sequence reads `image tokens, turns` (words.py); the image stands first, so that its keys and values can be kept for the
next question. Two dates stand one after the other, each in the light of what differs (DeltaVLM, arXiv 2507.22346, section 3.2).
A [SEG] that is said asks for a mask (GeoPix, arXiv 2501.06828). A text alone, closed by [RET], is embedded for retrieval
(RS-CapRet, arXiv 2402.06475). Knows tensors only: pixels come normalised, words come as token ids.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.encoder import ImageEncoder, ImageFeatures
from rsvlm.models.families.compact.words import CAPTION, EOS, PAD, RET
from rsvlm.models.parts.alignment import aligned
from rsvlm.models.parts.connector import SquareConcat
from rsvlm.models.parts.csrm import CrossSemanticRelation
from rsvlm.models.parts.mask_queries import MaskQueries
from rsvlm.models.parts.pixel_decoder import PixelDecoder
from rsvlm.models.parts.pixel_difference import difference
from rsvlm.models.parts.pixels import DEVIATION, FLAT

DROPOUT = 0.1  # within the relation of two dates


class Masks(nn.Module):
    """What only masks and pairs need."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        embedding = config.pixel_embedding
        self.relation = CrossSemanticRelation(config.token_width, DROPOUT)
        self.pixels = PixelDecoder(
            (config.stem, *config.widths[:-1], config.token_width),
            config.pixel_width,
            embedding,
            config.pixel_depth,
            finest_depth=config.finest_depth,
        )
        self.difference = difference(embedding, config.difference_width, config.difference_depth)
        self.queries = MaskQueries(config.language_width, embedding, config.memories)


class Compact(nn.Module):
    """Encoder, connector, decoder and the heads for scenes, retrieval and masks."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ImageEncoder(config)
        self.connector = SquareConcat(config.token_width, config.language_width)
        self.language = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=config.vocabulary,
                hidden_size=config.language_width,
                intermediate_size=config.language_mlp,
                num_hidden_layers=config.language_depth,
                num_attention_heads=config.heads,
                num_key_value_heads=config.heads,
                max_position_embeddings=1024,
                tie_word_embeddings=True,
                pad_token_id=PAD,
                bos_token_id=CAPTION,
                eos_token_id=EOS,
                attn_implementation="eager",  # on sequences this short faster than the fused kernels, above all backwards
            )
        )
        self.scene_head = nn.Linear(config.token_width, len(config.scenes))
        self.image_head = nn.Linear(config.token_width, config.embedding)
        self.text_head = nn.Linear(config.language_width, config.embedding)
        self.masks = Masks(config) if config.pixel_width else None
        # Where the embeddings of training pictures gather; zero until a finished model is published.
        self.anchors: Tensor
        self.register_buffer("anchors", torch.zeros(config.anchors, config.embedding))
        self.log_scale = nn.Parameter(torch.tensor(2.66))  # exp = 14.3, CLIP's start

    @classmethod
    def unfilled(cls, config: CompactConfig) -> Compact:
        """A model to load weights into: no random numbers are drawn for it, and its memory is not touched yet."""
        with torch.device("meta"):
            model = cls(config)
        model.to_empty(device="cpu")
        # The one thing that it computes when it is made and that is not saved.
        model.language.model.rotary_emb = LlamaRotaryEmbedding(model.language.config)
        return model

    @property
    def heads(self) -> Masks:
        """Raises ValueError for a model that draws no masks."""
        if self.masks is None:
            raise ValueError("this model draws no masks and sees one date alone")
        return self.masks

    def prefix(self, features: ImageFeatures, after: ImageFeatures | None = None) -> Tensor:
        """(batch, image tokens / 4, language width): what the decoder reads before any word; of two dates twice as many."""
        if after is None:
            return self.connector(features.tokens, features.grid)
        dates = self.heads.relation(features.tokens, after.tokens).chunk(2, dim=1)
        return torch.cat([self.connector(tokens, features.grid) for tokens in dates], dim=1)

    def read(self, prefix: Tensor, ids: Tensor) -> Tensor:
        """ids: (batch, length) -> (batch, length, language width): what stands at each of them in the end."""
        embedded = torch.cat([prefix, self.language.get_input_embeddings()(ids)], dim=1)
        # Padding stands at the end and attention is causal: no mask is needed.
        hidden = self.language.model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return hidden[:, prefix.shape[1] :]

    def caption_logits(self, features: ImageFeatures, ids: Tensor) -> Tensor:
        """ids: (batch, length), task token first -> logits (batch, length, vocabulary) of each next token."""
        return self.language.lm_head(self.read(self.prefix(features), ids))

    def vectors(self, features: ImageFeatures) -> Tensor:
        """(batch, embedding, H / 2, W / 2): a vector for each pixel of pictures of H x W pixels."""
        return self.heads.pixels((*features.scales, features.map()))

    def differing(self, before: Tensor, after: Tensor) -> Tensor:
        """The vectors of two dates -> those of what differs between them, shaped alike; it lies where the later date shows it."""
        return self.compared(aligned(before, after), after)

    def compared(self, before: Tensor, after: Tensor) -> Tensor:
        """As `differing`, of dates that lie upon each other."""
        return self.heads.difference(torch.cat([before, after, after - before], dim=1))

    def pixels(self, features: ImageFeatures, after: ImageFeatures | None = None) -> Tensor:
        """(batch, embedding, H / 2, W / 2) of a picture of H x W pixels, or of what differs between two."""
        found = self.vectors(features)
        return found if after is None else self.differing(found, self.vectors(after))

    def embed_images(self, features: ImageFeatures) -> Tensor:
        """(batch, embedding), of unit length."""
        return nn.functional.normalize(self.image_head(features.pooled), dim=-1)

    def familiarity(self, features: ImageFeatures) -> Tensor:
        """(batch,), -1 to 1: cosine to the nearest anchor; low for pictures unlike all that the model has learnt from.

        -1 for a picture of one even colour, which says nothing of what it shows.
        """
        nearest = (self.embed_images(features) @ self.anchors.T).amax(dim=1)
        return nearest.masked_fill(features.spread < FLAT / DEVIATION, -1.0)

    def embed_texts(self, ids: Tensor) -> Tensor:
        """ids: (batch, length), each row ending in [RET] and then padding -> (batch, embedding), of unit length."""
        return nn.functional.normalize(self.text_head(self.read_texts(ids)), dim=-1)

    def read_texts(self, ids: Tensor) -> Tensor:
        """As embed_texts, but (batch, language width): what stands at [RET]."""
        hidden = self.language.model(input_ids=ids, use_cache=False).last_hidden_state
        last = (ids == RET).int().argmax(dim=1)
        return hidden[torch.arange(len(ids)), last]
