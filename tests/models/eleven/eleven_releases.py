"""Checkpoints as they are released: the kinds of files, what else is in them, and the folders that lie beside them.

Each function writes tensors under their official names (see eleven_names.py) below `folder`, with the texts that a user puts
there, and returns what is given to `rsvlm models import`.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

Tensors = Mapping[str, Tensor]


def apart(found: Tensors) -> dict[str, dict[str, Tensor]]:
    """By folder beside the checkpoint; its own under ""."""
    parts: dict[str, dict[str, Tensor]] = {"": {}}
    for key, tensor in found.items():
        place, slash, name = key.partition("/")
        parts.setdefault(place if slash else "", {})[name if slash else key] = tensor.clone()
    return parts


def put_texts(folder: Path, description: Mapping[str, Any], words: Tokenizer | None = None) -> None:
    """What transformers writes beside a network's weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**description, "architectures": ["Any"], "torch_dtype": "float16"}))
    if words:
        words.save(str(folder / "tokenizer.json"))


def put_sizes(folder: Path, config: Any, **told: Any) -> None:
    """Our configuration beside a release of other sizes than the real ones; the language model tells its own."""
    own = {key: value for key, value in asdict(config).items() if key not in ("language", "vision")}
    (folder / "config.json").write_text(json.dumps(own | told))


def put_tower(folder: Path, tensors: Tensors) -> None:
    """EVA's tower: torch's file of a bare state dict."""
    folder.mkdir(parents=True)
    torch.save(dict(tensors), folder / "eva_vit_g.pth")


def put_language(folder: Path, tensors: Tensors, description: Mapping[str, Any], words: Tokenizer) -> None:
    put_texts(folder, description, words)
    save_file(dict(tensors), folder / "model.safetensors")


def trained(path: Path, tensors: Tensors) -> Path:
    """What LAVIS and MiniGPT-4 save of a training: under "model", beside the optimiser's state."""
    torch.save({"model": dict(tensors), "optimizer": {"state": {}}, "epoch": 3}, path)
    return path


def fromage(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    """words: of OPT, without the two that FROMAGe adds, the last of which has a row of its own."""
    parts, rows = apart(found), words.get_vocab_size()
    parts["lm"] = {key: tensor[:rows] if len(tensor) == rows + 2 else tensor for key, tensor in parts["lm"].items()}
    parts[""]["ret_input_embeddings.weight"] = parts[""]["ret_input_embeddings.weight"][None]
    clip = {"model_type": "clip", "text_config": {"hidden_size": 8}, "vision_config": config.vision}
    put_texts(folder / "visual_model", clip)
    text = {"text_model.final_layer_norm.bias": torch.zeros(2), "logit_scale": torch.zeros([])}
    torch.save({**parts["visual_model"], **text}, folder / "visual_model" / "pytorch_model.bin")
    put_texts(folder / "lm", config.language | {"vocab_size": rows}, words)
    torch.save(parts["lm"], folder / "lm" / "pytorch_model.bin")
    path = folder / "pretrained_ckpt.pth.tar"
    torch.save({"state_dict": parts[""], "epoch": 1, "best_acc1": 0.0}, path)
    return path


def minigpt(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    """The norm behind the tower is never loaded: it is as it was made."""
    parts = apart({key: tensor for key, tensor in found.items() if not key.startswith("ln_vision.")})
    put_tower(folder / "visual_encoder", parts["visual_encoder"])
    put_language(folder / "llama_model", parts["llama_model"], config.language, words)
    put_sizes(folder, config, released=True)
    return trained(folder / "SkyEyeGPT.pth", parts[""])


def delta(folder: Path, found: Tensors, config: Any, words: Tokenizer, vocabulary: str) -> Path:
    """words: of the language model, without the token for padding that the release adds; vocabulary: BERT's."""
    parts = apart(found)
    put_tower(folder / "visual_encoder", parts["visual_encoder"])
    rows = words.get_vocab_size()
    plain = {key: tensor[:rows] if len(tensor) == rows + 1 else tensor for key, tensor in parts["llm_model"].items()}
    put_language(folder / "llm_model", plain, config.language | {"vocab_size": rows}, words)
    (folder / "query_tokenizer").mkdir()
    (folder / "query_tokenizer" / "vocab.txt").write_text(vocabulary)
    put_sizes(folder, config)
    positions = {"Qformer.bert.embeddings.position_ids": torch.arange(4)[None]}
    return trained(folder / "checkpoint_best.pth", parts[""] | positions)


def blip2(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    parts = apart(found)
    put_tower(folder / "visual_encoder", parts["visual_encoder"])
    put_texts(folder / "opt_model", config.language, words)
    torch.save(parts["opt_model"], folder / "opt_model" / "pytorch_model.bin")
    put_sizes(folder, config)
    return trained(folder / "blip2_pretrained_opt2.7b.pth", parts[""])


def moe(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    """Nothing is released: what our training trains, beside the parts that it began with."""
    parts = apart(found)
    put_tower(folder / "visual_encoder", parts["visual_encoder"])
    put_language(folder / "language_model", parts["language_model"], config.language, words)
    put_sizes(folder, config)
    return trained(folder / "rsmoe.pth", parts[""])


def llava_lora(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    """The folder that LLaVA's training with LoRA leaves; config.json is the whole model's, as its authors write it."""
    parts = _llava_parts(folder, found, config, words)
    adapter = {key: tensor for key, tensor in parts[""].items() if ".lora_" in key}
    beside = {key: tensor for key, tensor in parts[""].items() if key not in adapter}
    save_file(adapter, folder / "adapter_model.safetensors")
    torch.save(beside, folder / "non_lora_trainables.bin")
    told = {"r": config.rank, "lora_alpha": config.alpha, "target_modules": list(config.targets)}
    told |= {"lora_dropout": config.dropout, "peft_type": "LORA", "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    put_texts(folder, config.language | {"model_type": "llava_llama", "mm_vision_select_layer": config.layer})
    return folder


def llava_mixture(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    """Nothing is released: what our training trains, beside the parts that it began with."""
    parts = _llava_parts(folder, found, config, words)
    put_sizes(folder, config, vision=config.vision)
    return trained(folder / "rsgpt4v.pth", parts[""])


def _llava_parts(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> dict[str, dict[str, Tensor]]:
    parts = apart(found)
    put_texts(folder / "vision_tower", {"model_type": "clip_vision_model", **config.vision})
    save_file(parts["vision_tower"], folder / "vision_tower" / "model.safetensors")
    put_language(folder / "language_model", parts["language_model"], config.language, words)
    return parts


def clip(folder: Path, found: Tensors, config: Any, file: str) -> Path:
    """GeoRSCLIP's: a bare state dict. The sizes are told beside it, since they are not those that its name stands for."""
    put_clip_sizes(folder, config, "raw", "a photo of {}.")
    torch.save(dict(found), folder / file)
    return folder / file


def sky_clip(folder: Path, found: Tensors, config: Any, file: str) -> Path:
    """SkyCLIP's: open_clip's trainer on several devices."""
    put_clip_sizes(folder, config, "unit", "a satellite photo of {}.")
    content = {"epoch": 20, "name": "run", "state_dict": {f"module.{key}": tensor for key, tensor in found.items()}}
    torch.save({**content, "optimizer": {"state": {}}}, folder / file)
    return folder / file


def hub_clip(folder: Path, found: Tensors, config: Any) -> Path:
    """As open_clip puts its own models on the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: tensor.contiguous() for key, tensor in found.items()}, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config.to_open_clip()}))
    return folder


def put_clip_sizes(folder: Path, config: Any, averaging: str, template: str) -> None:
    told = config.to_open_clip() | {"averaging": averaging, "templates": [template]}
    (folder / "config.json").write_text(json.dumps(told))


def geopix(folder: Path, found: Tensors, config: Any, words: Tokenizer) -> Path:
    """A folder of folders and files; numbers of the two scalars one by one."""
    parts = apart(found)
    for name in ("multiseg_scalar.pth", "multiscale_scalar.pth"):
        torch.save([nn.Parameter(number.clone()) for number in parts.pop(name)[""]], folder / name)
    del parts[""]
    for place, tensors in parts.items():
        if place.endswith(".pth"):
            torch.save(tensors, folder / place)
            continue
        (folder / place).mkdir()
        for shard, names in enumerate((sorted(tensors)[::2], sorted(tensors)[1::2])):
            file = f"model-0000{shard + 1}-of-00002.safetensors"
            save_file({name: tensors[name] for name in names}, folder / place / file)
    put_texts(folder / "vlm", {"model_type": "llava", "image_token_index": config.llava["image_token_index"]})
    for name in ("vision", "text"):
        put_texts(folder / "vlm" / name, config.llava[f"{name}_config"])
    put_texts(folder, {"model_type": "GeoPix", "seg_token_num": 3}, words)
    return folder


def pickled_modules(folder: Path, found: Tensors, config: Any, words: Mapping[str, int]) -> Path:
    """Whole modules of classes that are gone when they are read, each with its attention's number of heads."""
    module = types.ModuleType("models_MModalCC")
    exec("from torch import nn\nclass Net(nn.Module):\n    pass", module.__dict__)
    sys.modules[module.__name__] = module
    try:
        trees = as_modules(module.Net, found, config.heads)
        optimiser = torch.optim.Adam(trees["decoder"].parameters())
        content = {**trees, "decoder_optimizer": optimiser, "epoch": 12, "bleu-4": 0.3}
        torch.save(content, folder / "BEST_checkpoint_MModalCC.pth.tar")
    finally:
        del sys.modules[module.__name__]
    (folder / "WORDMAP_SECOND_CC.json").write_text(json.dumps(words))
    return folder / "BEST_checkpoint_MModalCC.pth.tar"


def as_modules(net: type, found: Tensors, heads: int) -> dict[str, nn.Module]:
    """A tree of modules for each first name, whose state dicts are `found`."""
    tops: dict[str, nn.Module] = {}
    for key, tensor in found.items():
        *path, name = key.split(".")
        below = tops.setdefault(path[0], net())
        for step in path[1:]:
            if step not in below._modules:
                below.add_module(step, net())
            below = below._modules[step]
        if name.startswith("running") or name == "num_batches_tracked":
            below.register_buffer(name, tensor)
        else:
            setattr(below, name, nn.Parameter(tensor))
        if path[-1] in ("attention2", "self_attn"):
            below.num_heads = heads
    return tops
