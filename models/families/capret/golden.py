"""Recorded runs of FROMAGe's released code, on which RS-CapRet is built, run again by ours: how far apart the two are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from rsvlm.models.families.capret.keys import ours
from rsvlm.models.families.capret.network import CapRet, CapRetConfig
from rsvlm.models.families.capret.words import Batch
from rsvlm.models.golden_difference import apart
from rsvlm.models.parts.language import IGNORED, IMAGE, next_word_loss
from rsvlm.models.parts.retrieval_token import Eagerness, contrastive_losses

UNSAID = {"_name_or_path", "architectures", "model_type", "torch_dtype", "transformers_version"}  # of a configuration


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; ids: 0 where equal, else 1. case: a folder of golden data."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    state, inputs, outputs = (load_file(case / f"{name}.safetensors") for name in ("state", "inputs", "outputs"))
    model = CapRet(_config(meta)).eval()
    own = ours(state, model.config.retrieval, model.lm.config.tie_word_embeddings)
    model.load_state_dict(
        {key: own.get(key, own["lm.model.decoder.embed_tokens.weight"]) for key in model.state_dict()}
    )
    ids, lengths = inputs["tokens"], inputs["caption_len"]
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    tokens = meta["tokenizer"]
    batch = Batch(ids, mask, torch.zeros(0, dtype=torch.long), tokens["eos"], tokens["pad"])
    with torch.no_grad():
        looked = model.look(inputs["pixel_values"])
        captions = _captioned(model, looked, batch, torch.tensor(meta["prefix_ids"]))
        found = captions | _met(model, looked, batch)
        found["total_train_loss"] = model(inputs["pixel_values"], batch).view(1)
        prompt = torch.tensor([[IMAGE] * model.config.prefix + meta["generate_prompt_ids"]])
        found |= _spoken(model, looked[:1], Batch(prompt, torch.ones_like(prompt), *_rest(batch)), outputs)
    return {name: apart(found[name], wanted) for name, wanted in outputs.items()}


def _config(meta: dict[str, Any]) -> CapRetConfig:
    dims, vision, language = meta["dims"], meta["clip_config"], meta["opt_config"]
    return CapRetConfig(
        vision={name: value for name, value in vision.items() if name not in UNSAID},
        language={"model_type": "opt"} | {name: value for name, value in language.items() if name not in UNSAID},
        prefix=dims["nvis"],
        embedding=dims["shared"],
        retrieval=meta["tokenizer"]["ret"],
        caption=dims["maxlen"],
        begin="</s>",
        padding="<pad>",
        released=True,
    )


def _rest(batch: Batch) -> tuple[Tensor, int, int]:
    return batch.prompt, batch.end, batch.padding


def _captioned(model: CapRet, looked: Tensor, batch: Batch, prompt: Tensor) -> dict[str, Tensor]:
    found = {"clip_pooler_output": looked, "visual_embs_captioning": model.visual_embeddings(looked)}
    prompted = Batch(batch.ids, batch.mask, prompt, batch.end, batch.padding)
    for name, words, joined in (("cap", batch, False), ("cap_concat", batch, True), ("cap_prefix", prompted, False)):
        embeddings, labels = model.captioned(looked, words, joined)
        logits, _ = model.spoken(embeddings)
        found |= {
            f"{name}_logits": logits,
            f"{name}_full_labels": labels,
            f"{name}_loss": next_word_loss(logits, labels).view(1),
        }
    return found


def _met(model: CapRet, looked: Tensor, batch: Batch) -> dict[str, Tensor]:
    labels = batch.ids.masked_fill(batch.mask == 0, IGNORED)
    logits, states = model.spoken(model.sequence(batch.ids))
    texts, images, scale = model.embed_texts(batch), model.embed_images(looked), model.logit_scale.exp()
    before = batch.mask.sum(dim=1) - 2
    found = contrastive_losses(images, texts, scale)
    return {
        "visual_embs_retrieval": model.visual_fc(looked)[:, None],
        "ret_full_labels": labels,
        "ret_loss": next_word_loss(logits, labels).view(1),
        "ret_last_hidden": states,
        "ret_last_embedding": texts,
        "ret_last_output_logit": logits[torch.arange(len(before)), before],
        "ret_visual_embs_scaled": scale * images,
        "ret_logits_per_image": scale * images @ texts.T,
        "ret_contrastive_image": found[0].view(1),
        "ret_contrastive_text": found[1].view(1),
    }


def _spoken(model: CapRet, looked: Tensor, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """How eagerly [RET] was said is not recorded; it shows in the recorded logits, and holds for every word alike."""
    recorded, token = outputs["generate_logits"], model.config.retrieval
    ids = outputs["generate_ids"]
    after = int(recorded[:, token].isneginf().sum())
    embeddings = model.sequence(batch.ids, looked)
    whole = torch.cat([embeddings, model.sequence(ids[:, :-1])], dim=1)
    logits, states = model.spoken(whole)
    own = logits[0, embeddings.shape[1] - 1 :].clone()
    clearest = after + int(own[after:, token].abs().argmax()) if after < len(own) else None
    factor = 1.0 if clearest is None else float(recorded[clearest, token] / own[clearest, token])
    eagerness = Eagerness(token, after, factor)
    said = model.generate(looked, batch, ids.shape[1], ends=(), eagerness=eagerness)
    steps = [eagerness(ids[:, :step], own[step : step + 1]) for step in range(len(own))]
    return {
        "generate_ids": said.ids,
        "generate_embeddings_last": functional.normalize(model.text_fc(states), dim=-1),
        "generate_logits": torch.cat(steps),
    }
