"""Recorded runs of MiniGPT-v2's released code, on which SkyEyeGPT runs, run again by ours: how far apart the two are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from rsvlm.models.families.skyeye.keys import ours
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig
from rsvlm.models.families.skyeye.words import BEGIN, PICTURE, Words
from rsvlm.models.golden_difference import apart
from rsvlm.models.parts.language import IGNORED, IMAGE, padded
from rsvlm.models.parts.sentencepiece import read_sentencepiece

LANGUAGE = (
    "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "max_position_embeddings", "rms_norm_eps",
)  # fmt: skip


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; ids: 0 where equal, else 1. case: a folder of golden data."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    state, inputs, outputs = (load_file(case / f"{name}.safetensors") for name in ("state", "inputs", "outputs"))
    config = _config(meta)
    model = SkyEye(config).eval()
    model.load_state_dict(ours(state, config.targets))
    tokenizer = read_sentencepiece((case.parents[1] / "tokenizers" / "tokenizer.model").read_bytes())
    words = Words(tokenizer, config.picture, config.answer, config.ending, released=True)
    with torch.no_grad():
        seen = model.visual_encoder(inputs["image"])
        tokens = model.look(inputs["image"])
        found = {
            "vit": seen,
            "ln_vision": model.ln_vision(seen),
            "inputs_llama": tokens,
            "atts_llama": torch.ones(tokens.shape[:2], dtype=torch.long),
            **_asked(model, words, tokens, meta["prompts"], outputs["generate_ids"].shape[1]),
            **_learnt(model, words, tokens, meta, outputs["train_labels"].shape[1]),
        }
    seen_by = {
        "generate_inputs_embeds": outputs["generate_attention_mask"],
        "train_cond_embeds": outputs["train_cond_atts"],
        "train_inputs_embeds": outputs["train_attention_mask"],
    }
    return {name: apart(found[name], wanted, seen_by.get(name)) for name, wanted in outputs.items()}


def _config(meta: dict[str, Any]) -> SkyEyeConfig:
    dims = meta["dims"]
    return SkyEyeConfig(
        pixels=dims["img"],
        image_width=dims["width"],
        image_depth=dims["depth"],
        image_heads=dims["heads"],
        language={name: meta["llama_config"][name] for name in LANGUAGE},
        rank=dims["r"],
        alpha=dims["alpha"],
        ending=meta["end_sym"],
        released=True,
    )


def _asked(model: SkyEye, words: Words, tokens: Tensor, prompts: list[str], said: int) -> dict[str, Tensor]:
    """Every prompt alone, and all of them together. said: ids of an answer, with the one that is never said."""
    questions = [prompt.removeprefix(f"{BEGIN}[INST] <Img>{PICTURE}</Img> ") for prompt in prompts]
    questions = [question.removesuffix(" [/INST]") for question in questions]
    found: dict[str, Tensor] = {}
    for index, question in enumerate(questions):
        batch = words.questions([question])
        embeddings = model.language.embed(batch.ids, tokens[index])
        room = (batch.ids[0] == IMAGE).nonzero().flatten()
        found |= {
            f"context_emb_{index}": embeddings,
            f"context_ids_{index}_seg0": batch.ids[0, : room[0]],
            f"context_ids_{index}_seg1": batch.ids[0, room[-1] + 1 :],
            f"context_logits_{index}": model.language.logits(embeddings, batch.mask),
        }
    batch = words.questions(questions)
    ids = model.generate(tokens, batch, said - 1).ids
    return found | {
        "generate_inputs_embeds": model.language.embed(batch.ids, tokens),
        "generate_attention_mask": batch.mask,
        "generate_ids": functional.pad(ids, (1, 0), value=batch.begin),
    }


def _learnt(model: SkyEye, words: Words, tokens: Tensor, meta: dict[str, Any], length: int) -> dict[str, Tensor]:
    """The release's batch is as long as its longest question and its longest answer together, length: with the first token."""
    opening = f"<Img>{PICTURE}</Img> "
    questions = [asked.removeprefix(opening).removesuffix(" ") for asked in meta["instruction_input"]]
    batch = words.lessons([[turn] for turn in zip(questions, meta["answers"], strict=True)])
    embeddings = model.language.embed(batch.ids, tokens)
    logits = model.language.logits(embeddings, batch.mask)
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), batch.labels[:, 1:], reduction="none")
    learnt = batch.labels != IGNORED
    asked = [
        row[: mask.sum() - said][1:] for row, mask, said in zip(embeddings, batch.mask, learnt.sum(1), strict=True)
    ]
    masks = [torch.ones(len(row), dtype=torch.long) for row in asked]
    more = length - batch.ids.shape[1]
    targets = [row[kept].tolist() for row, kept in zip(batch.labels, learnt, strict=True)]
    return {
        "train_cond_embeds": torch.nn.utils.rnn.pad_sequence(asked, batch_first=True),
        "train_cond_atts": torch.nn.utils.rnn.pad_sequence(masks, batch_first=True),
        "train_part_targets": padded(targets, IGNORED)[0],
        "train_inputs_embeds": functional.pad(embeddings, (0, 0, 0, more)),
        "train_attention_mask": functional.pad(batch.mask, (0, more)),
        "train_labels": functional.pad(batch.labels, (0, more), value=IGNORED),
        "train_loss": (losses.sum() / learnt.sum()).view(1),
        "train_loss_reduction_none": losses.sum(dim=1) / (length - 1),
    }
