"""GeoPix: answers about a picture, and a mask for everything that an answer points at (arXiv 2501.06828).

LLaVA (arXiv 2304.08485) sees the picture through CLIP's tower and speaks. Where it means an object it says six tokens, three
for each of two levels; what it thought before each of them asks the mask predictor, which sees the tower at two depths. Each
level decodes twice: a first mask tells the class-wise memory which object is meant, and what that has read is decoded again.

`released` does as the published weights were trained: their memory has no effect, so that neither it (629 million numbers)
nor the first masks are there. Knows tensors only: pixels come normalised as CLIP's, words come as ids (see words.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, pad
from transformers import LlavaConfig, LlavaForConditionalGeneration

from rsvlm.models.families.geopix.classes import GEOPIX_INSTRUCT
from rsvlm.models.families.geopix.words import IGNORED, Batch
from rsvlm.models.parts.class_memory import ClassMemory, ReleasedMemory
from rsvlm.models.parts.image_neck import ImageNeck
from rsvlm.models.parts.known_sizes import clip_large, llama_7b
from rsvlm.models.parts.mask_decoder import LEVELS, MaskDecoder
from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.prompt_encoder import PromptEncoder

DEPTHS = (-2, -11)  # hidden states of the tower, for the lower level (which the release calls rough) and the upper one
SEGS = 6  # tokens for one target: three for the lower level, then three for the upper one
HEADS = 8  # of the mask decoder
IMAGE_ID, SEG_IDS = 32000, (32002, 32003, 32004, 32005, 32006, 32007)
WORDS_WEIGHT, PIXELS_WEIGHT, DICE_WEIGHT = 1.0, 2.0, 0.5  # of the losses, as in the release's configuration


def llava_7b() -> dict[str, Any]:
    """LLaVA 1.5 with Vicuna 7B, seeing 448 pixels; in transformers' words."""
    vision = {"model_type": "clip_vision_model", **clip_large(448)}
    return {"vision_config": vision, "text_config": llama_7b(32064), "image_token_index": IMAGE_ID}


@dataclass(frozen=True)
class GeoPixConfig:
    """Sizes, saved beside the weights; the defaults are the released model's.

    llava: as transformers describes it. segs: ids of the six tokens. width, neck, grid, depth, hidden: of the mask predictor.
    classes: places in the memory, the last one for a class that is not told. class_names: what the first of them are for.
    released: see above.
    """

    llava: dict[str, Any] = field(default_factory=llava_7b)
    segs: tuple[int, int, int, int, int, int] = SEG_IDS
    width: int = 256
    neck: int = 512
    grid: int = 32
    depth: int = 2
    hidden: int = 2048
    classes: int = 75
    class_names: tuple[str, ...] = GEOPIX_INSTRUCT
    memory_length: int = 64
    memory_width: int = 64
    released: bool = False

    def __post_init__(self) -> None:
        if not self.released and len(self.class_names) >= self.classes:
            raise ValueError("the memory has too few places for its classes, and one for what is of none")

    def place(self, name: int | None) -> int:
        """The place in the memory of one of class_names, by its number; None: of a class that is not told."""
        return self.classes - 1 if name is None else name

    @classmethod
    def tiny(cls, vocabulary: int) -> GeoPixConfig:
        """The same architecture in small, for tests. The last seven words are the special ones."""
        vision = {"model_type": "clip_vision_model", "hidden_size": 32, "intermediate_size": 32, "projection_dim": 16}
        vision |= {"num_hidden_layers": 11, "num_attention_heads": 2, "patch_size": 14, "image_size": 56}
        text = {"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 32, "intermediate_size": 48}
        text |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 1024}
        llava = {"vision_config": vision, "text_config": text, "image_token_index": vocabulary - 7}
        one, two, three, four, five, six = range(vocabulary - 6, vocabulary)
        sizes: dict[str, Any] = {"width": 32, "neck": 16, "grid": 4, "depth": 1, "hidden": 32}
        sizes |= {"classes": 3, "memory_length": 8, "memory_width": 16}
        return cls(llava, (one, two, three, four, five, six), **sizes, class_names=("lake", "road"))


@dataclass(frozen=True)
class Looked:
    """What was seen of pictures. tokens: (batch, n * n, language width); depths: each (batch, n * n, tower's width)."""

    tokens: Tensor
    depths: tuple[Tensor, ...]

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in (self.tokens, *self.depths))

    def rows(self) -> list[Looked]:
        """Of each picture, on its own."""
        parts = zip(*(part.split(1) for part in (self.tokens, *self.depths)), strict=True)
        return [Looked(tokens.clone(), tuple(depth.clone() for depth in depths)) for tokens, *depths in parts]

    @classmethod
    def together(cls, rows: Sequence[Looked]) -> Looked:
        depths = zip(*(row.depths for row in rows), strict=True)
        return cls(torch.cat([row.tokens for row in rows]), tuple(torch.cat(same) for same in depths))


@dataclass(frozen=True)
class Targets:
    """What answers point at, in their order. owners: (targets,) rows of the batch; prompts: (targets, levels, width)."""

    owners: Tensor
    prompts: Tensor


@dataclass(frozen=True)
class Losses:
    """words: cross entropy of what is said; pixels, dice: of the masks. All are scalars."""

    words: Tensor
    pixels: Tensor
    dice: Tensor

    @property
    def total(self) -> Tensor:
        return WORDS_WEIGHT * self.words + PIXELS_WEIGHT * self.pixels + DICE_WEIGHT * self.dice


@dataclass(frozen=True)
class Masks:
    """logits: (targets, 4 * grid, 4 * grid), above 0 inside; sigmoid gives [0, 1]. quality: (targets, levels) IoU guessed."""

    logits: Tensor
    quality: Tensor

    def on(self, height: int, width: int, wanted: Tensor | None = None) -> Tensor:
        """Logits on the pixels of a picture: (targets, height, width). wanted: (targets,), False for those to be left out."""
        logits = self.logits if wanted is None else self.logits[wanted]
        return resized(logits[:, None], (height, width))[:, 0]


def resized(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """(batch, channels, H, W) -> (batch, channels, *size)."""
    if not len(planes):
        return planes.new_zeros(0, planes.shape[1], *size)
    return interpolate(planes.float(), size, mode="bilinear", align_corners=False).to(planes.dtype)


class GeoPix(nn.Module):
    def __init__(self, config: GeoPixConfig) -> None:
        super().__init__()
        self.config = config
        self.llava = LlavaForConditionalGeneration(LlavaConfig(**config.llava))
        vision, spoken = (self.llava.config.vision_config.hidden_size, self.llava.config.text_config.hidden_size)
        width = config.width
        self.necks = nn.ModuleList(ImageNeck(vision, config.neck, width, config.grid) for _ in DEPTHS)
        self.text_hidden_fcs = nn.Sequential(nn.Linear(spoken, spoken), nn.ReLU(), nn.Linear(spoken, width))
        self.prompt_encoder = PromptEncoder(width)
        self.mask_decoder = MaskDecoder(width, config.depth, HEADS, config.hidden)
        self.memory: ReleasedMemory | ClassMemory = ReleasedMemory(width)
        if not config.released:
            self.memory = ClassMemory(
                config.classes, LEVELS, config.memory_length, config.memory_width, width, config.grid
            )
        self.multiseg_scalar = nn.Parameter(torch.full((SEGS // LEVELS,), LEVELS / SEGS))
        self.multiscale_scalar = nn.Parameter(torch.full((LEVELS,), 1 / LEVELS))

    @property
    def picture_tokens(self) -> int:
        """How many words of a prompt stand for a picture."""
        vision = self.llava.config.vision_config
        return (vision.image_size // vision.patch_size) ** 2

    def look(self, pixels: Tensor) -> Looked:
        """pixels: (batch, 3, H, W), H and W as in the tower's configuration."""
        seen = self.llava.model.vision_tower(pixels, output_hidden_states=True).hidden_states
        depths = tuple(seen[depth][:, 1:] for depth in DEPTHS)  # without the class token
        return Looked(self.llava.model.multi_modal_projector(depths[0]), depths)

    def embed(self, ids: Tensor, looked: Looked) -> Tensor:
        """ids: (batch, words), as many of the image's token in each row as `looked` has tokens -> (batch, words, width)."""
        words = self.llava.get_input_embeddings()(ids)
        places = (ids == self.llava.config.image_token_id)[..., None].expand_as(words)
        return words.masked_scatter(places, looked.tokens.to(words.dtype))

    def think(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer (batch, words, width), from which the next word is said. mask: (batch, words)."""
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)
        return self.llava.model.language_model(
            inputs_embeds=embeddings, attention_mask=mask, position_ids=places, use_cache=False
        ).last_hidden_state

    def forward(self, pixels: Tensor, batch: Batch, truth: Tensor, class_ids: Tensor | None = None) -> Losses:
        """batch: of `Words.lessons`, its answers with as many targets as truth: (targets, H, W) in [0, 1] has, row by row.

        class_ids: as for `masks`. Raises ValueError for another number of masks.
        """
        looked = self.look(pixels)
        states = self.think(self.embed(batch.ids, looked), batch.mask)[:, :-1]
        logits, said = self.llava.lm_head(states), batch.labels[:, 1:]
        words = cross_entropy(logits.flatten(0, 1).float(), said.flatten(), ignore_index=IGNORED)
        targets = self.targets(said, states)
        if len(targets.owners) != len(truth):
            raise ValueError(f"{len(truth)} masks for {len(targets.owners)} targets in the answers")
        outlines = self.masks(looked, targets, class_ids).on(*truth.shape[-2:])
        return Losses(words, pixel_loss(outlines, truth), dice_loss(outlines, truth))

    @torch.no_grad()
    def generate(self, looked: Looked, batch: Batch, most: int, **options: Any) -> tuple[Tensor, Tensor]:
        """What is said to a batch of `Words.questions`: ids (batch, said), and the state before each of them.

        states: (batch, said, width). most: new tokens. options: of transformers' generate, without beams.
        """
        embeddings, mask = self.embed(batch.ids, looked), batch.mask
        output = self.llava.generate(
            inputs_embeds=embeddings,
            attention_mask=mask,
            max_new_tokens=most,
            do_sample=False,
            eos_token_id=batch.end,
            pad_token_id=batch.padding,
            return_dict_in_generate=True,
            **options,
        )
        ids, cache = output.sequences, output.past_key_values
        before = embeddings.shape[1] - 1  # all but the last word of the prompt is read again from the cache
        cache.crop(before - cache.get_seq_length())  # less than 0: how many are taken away
        words = torch.cat([embeddings[:, -1:], self.llava.get_input_embeddings()(ids[:, :-1])], dim=1)
        whole = torch.cat([mask, mask.new_ones(len(ids), ids.shape[1] - 1)], dim=1)
        places = (whole.cumsum(dim=1) - 1).clamp(min=0)[:, before:]
        states = self.llava.model.language_model(
            inputs_embeds=words, attention_mask=whole, position_ids=places, past_key_values=cache
        ).last_hidden_state
        return ids, states

    def targets(self, ids: Tensor, states: Tensor) -> Targets:
        """ids: (batch, said); states: (batch, said, width), each the one from which the id was said."""
        segs = torch.tensor(self.config.segs, device=ids.device)
        windows = pad(ids, (0, SEGS), value=-1).unfold(1, SEGS, 1)  # (batch, said + 1, 6)
        found = (windows == segs).all(dim=-1).nonzero()  # (targets, 2): row, first place
        places = found[:, 1:] + torch.arange(SEGS, device=ids.device)
        asked = self.text_hidden_fcs(states[found[:, :1], places])  # (targets, 6, width)
        levels = asked.unflatten(1, (LEVELS, SEGS // LEVELS))
        return Targets(found[:, 0], (levels * self.multiseg_scalar[:, None]).sum(dim=2))

    def masks(self, looked: Looked, targets: Targets, class_ids: Tensor | None = None) -> Masks:
        """class_ids: (targets,), for the memory; by default the class that is not told."""
        if class_ids is None:
            class_ids = torch.full_like(targets.owners, self.config.place(None))
        size = (4 * self.config.grid, 4 * self.config.grid)
        if not len(targets.owners):  # nothing is pointed at; some layers cannot take an empty batch
            return Masks(self.multiscale_scalar.new_zeros(0, *size), self.multiscale_scalar.new_zeros(0, LEVELS))
        places, dense = self.prompt_encoder(self.config.grid)
        whole = looked.depths[0].new_zeros(len(targets.owners), 1, *size)
        mask: Tensor | None = None
        quality = []
        for level, (neck, tokens) in enumerate(zip(self.necks, looked.depths, strict=True)):
            prompt = targets.prompts[:, level]
            features = neck(tokens)[targets.owners]  # (targets, width, grid, grid)
            if isinstance(self.memory, ClassMemory):
                first, _ = self.mask_decoder(level, features, prompt, places, dense, mask)
                features = self.memory(features, resized(first, size), class_ids, level)
            else:
                features = self.memory(features)
            mask, guess = self.mask_decoder(level, features, prompt, places, dense, mask)
            whole = whole + self.multiscale_scalar[level] * resized(mask, size)
            quality.append(guess)
        return Masks(whole[:, 0], torch.cat(quality, dim=1))
