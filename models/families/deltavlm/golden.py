"""Recorded runs of DeltaVLM's released code, run again by ours: how far apart the two are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import BertWordPieceTokenizer, Tokenizer
from torch import Tensor
from torch.nn import functional

from rsvlm.models.families.deltavlm.keys import ours
from rsvlm.models.families.deltavlm.network import UNSAID, DeltaVlm, DeltaVlmConfig, Pair
from rsvlm.models.families.deltavlm.words import PADDING, Batch, Words
from rsvlm.models.golden_difference import apart
from rsvlm.models.parts.change_mask_decoder import ChangeMaskDecoder, mask_loss, token_grid
from rsvlm.models.parts.language import IGNORED
from rsvlm.models.parts.sentencepiece import read_sentencepiece

PAIR_OF_GRIDS = 514  # tokens of two dates in one tensor
LANGUAGE = (
    "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "max_position_embeddings", "rms_norm_eps",
)  # fmt: skip
FILLED = 0  # stands after the end of an answer in the release


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; ids: 0 where equal, else 1. case: a folder of golden data."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    state, inputs, outputs = (load_file(case / f"{name}.safetensors") for name in ("state", "inputs", "outputs"))
    with torch.no_grad():
        if "hid" in meta["constructor"]:
            return _masks(meta, state, inputs, outputs)
        return _answers(case, meta, state, inputs, outputs)


def _masks(
    meta: dict[str, Any], state: dict[str, Tensor], inputs: dict[str, Tensor], outputs: dict[str, Tensor]
) -> dict[str, float]:
    sizes = meta["constructor"]
    decoder = ChangeMaskDecoder(sizes["hid"], sizes["out_sz"], sizes["n_stages"], sizes["use_attn"], released=True)
    decoder.load_state_dict(state)
    decoder.eval()
    features = inputs["features"]
    if features.dim() == 3 and features.shape[1] == PAIR_OF_GRIDS:
        features = features[:, PAIR_OF_GRIDS // 2 :] - features[:, : PAIR_OF_GRIDS // 2]
    grid = features if features.dim() == 4 else token_grid(features)
    unified = decoder.lfu(grid)
    masks = decoder(grid, meta["out_sz_argument"])
    found = {"lfu": unified, "proj": decoder.proj(unified), "head_logits": decoder.logits(grid), "mask_prob": masks}
    found |= {f"loss_pw{weight}": mask_loss(masks, inputs["gt"], weight).view(1) for weight in (1, 2)}
    return {name: apart(found[name], wanted) for name, wanted in outputs.items()}


def _answers(
    case: Path,
    meta: dict[str, Any],
    state: dict[str, Tensor],
    inputs: dict[str, Tensor],
    outputs: dict[str, Tensor],
) -> dict[str, float]:
    config = _config(meta)
    model = DeltaVlm(config).eval()
    model.load_state_dict(ours(state))
    words = Words(*_tokenizers(case.parents[1] / "tokenizers"), config.instruction, config.answer)
    batch = words.questions(meta["prompts"])
    tower = {f"vit_{date}": model.visual_encoder(inputs[f"image_{date}"]) for date in "AB"}
    pair = model.look(inputs["image_A"], inputs["image_B"])
    memory = model.relate(pair)
    half = memory.shape[1] // 2
    embeddings, seen = model.sequence(memory, batch)
    found = {
        **tower,
        "ln_vision_A": pair.before,
        "ln_vision_B": pair.after,
        "csrm_A": memory[:, :half],
        "csrm_B": memory[:, half:],
        "image_embeds": memory,
        "qformer_last_hidden_state": model.qformer.states(memory, batch.query_ids, batch.query_mask),
        "inputs_llm": model.prefix(memory, batch),
        "inputs_embeds": embeddings,
        "attention_mask": seen,
        "qformer_input_ids": batch.query_ids,
        "qformer_text_mask": batch.query_mask,
        "llm_input_ids": batch.ids,
        "llm_text_mask": batch.mask,
        **_spoken(model, memory, batch, meta["generate_kwargs"], embeddings, seen),
        **_learnt(model, pair, inputs, words, meta, outputs["train_labels"].shape[1]),
    }
    seen_by = {"inputs_embeds": seen, "prefill_logits": seen, "train_inputs_embeds": outputs["train_attention_mask"]}
    return {name: apart(found[name], wanted, seen_by.get(name)) for name, wanted in outputs.items()}


def _config(meta: dict[str, Any]) -> DeltaVlmConfig:
    dims, query, language = meta["dims"], meta["qformer_config"], meta["llm_config"]
    return DeltaVlmConfig(
        pixels=dims["img"],
        image_width=dims["width"],
        image_depth=dims["depth"],
        image_heads=dims["heads"],
        queries=dims["q"],
        query_width=query["hidden_size"],
        query_depth=query["num_hidden_layers"],
        query_heads=query["num_attention_heads"],
        query_hidden=query["intermediate_size"],
        query_vocabulary=query["vocab_size"],
        query_positions=query["max_position_embeddings"],
        instruction=meta["constructor"]["max_txt_len"],
        language={name: language[name] for name in LANGUAGE},
        released=True,
    )


def _tokenizers(folder: Path) -> tuple[Tokenizer, Tokenizer]:
    language = read_sentencepiece((folder / "tokenizer.model").read_bytes())
    language.add_special_tokens([PADDING])
    query = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
    return language, Tokenizer.from_str(query.to_str())


def _spoken(
    model: DeltaVlm, memory: Tensor, batch: Batch, options: dict[str, Any], embeddings: Tensor, seen: Tensor
) -> dict[str, Tensor]:
    """What is generated, and the logits before it and at every step of the greedy answer."""
    most = options["max_length"] - 1  # the first id counts, and is never said
    penalty = options["repetition_penalty"]
    greedy, plain, beams = (
        spoken.ids.where(spoken.ids != batch.padding, FILLED)
        for spoken in (
            model.generate(memory, batch, most, repetition_penalty=penalty),
            model.generate(memory, batch, most),
            model.generate(memory, batch, most, beams=5, repetition_penalty=penalty),
        )
    )
    prefill = embeddings.shape[1]
    whole = torch.cat([embeddings, model.language.embed(greedy)], dim=1)
    logits = model.language.logits(whole, functional.pad(seen, (0, greedy.shape[1]), value=1))
    return {
        "greedy_ids": _after(UNSAID, greedy),
        "greedy_ids_no_repetition_penalty": _after(UNSAID, plain),
        "beam5_ids": _after(UNSAID, beams),
        "prefill_logits": logits[:, :prefill],
        "step_logits": logits[:, prefill - 1 : -1],
    }


def _after(first: int, ids: Tensor) -> Tensor:
    return functional.pad(ids, (1, 0), value=first)


def _learnt(
    model: DeltaVlm, pair: Pair, inputs: dict[str, Tensor], words: Words, meta: dict[str, Any], length: int
) -> dict[str, Tensor]:
    """The release's batch is as long as its longest question and its longest answer together, length: with the queries."""
    batch = words.lessons(meta["prompts"], meta["answers"])
    memory = torch.cat([pair.before, pair.after], dim=1)
    embeddings, seen = model.sequence(memory, batch)
    more = length - embeddings.shape[1]
    return {
        "train_loss_concat_only": model(inputs["image_A"], inputs["image_B"], batch).view(1),
        "train_qformer_last_hidden_state": model.qformer.states(memory, batch.query_ids, batch.query_mask),
        "train_inputs_embeds": functional.pad(embeddings, (0, 0, 0, more)),
        "train_attention_mask": functional.pad(seen, (0, more)),
        "train_labels": functional.pad(batch.labels, (model.config.queries, more), value=IGNORED),
    }
