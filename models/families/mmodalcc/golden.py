"""Plays MModalCC's golden cases again: what the released code gave, against what this family gives.

Knows the layout of the recorded folders; every size comes from there.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from rsvlm.models.families.mmodalcc.keys import official_keys
from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig, ModalEncoder, caption_loss
from rsvlm.models.golden_difference import apart
from rsvlm.models.golden_weights import det_tensor, det_weight
from rsvlm.models.parts.modal_cross_attention import Streams

STREAMS = ("rgb_A", "rgb_B", "sem_A", "sem_B")


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; ids: 0 if equal, else 1."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    with torch.inference_mode():
        if (case / "state.safetensors").is_file():
            return _replay_recorded(case, meta)
        return _replay_real_size(case, meta)


def _replay_recorded(case: Path, meta: dict[str, Any]) -> dict[str, float]:
    feat, words = meta["constructor"]["encoder_feat"], meta["constructor"]["decoder"]
    config = MModalCCConfig(
        words["vocab_size"], released=True, width=feat["d_model"], heads=feat["n_head"], depth=feat["n_layers"],
        grid=feat["h"], decoder_heads=words["n_head"], decoder_depth=words["n_layers"],
    )  # fmt: skip
    model = _build(config, feat["feature_dim"], official_keys(load_file(case / "state.safetensors")))
    inputs, outputs = load_file(case / "inputs.safetensors"), load_file(case / "outputs.safetensors")
    streams = Streams(*(inputs[name] for name in STREAMS))
    differences = {}
    for index, layer in enumerate(model.encoder.relate(streams)):
        for name, tokens in zip(("I1", "I2", "S1", "S2"), layer, strict=True):
            differences[f"cross{index}_{name}"] = apart(tokens.transpose(0, 1), outputs[f"cross{index}_{name}"])
    rgb, semantic = model.encoder(streams)
    differences["memory_rgb"] = apart(rgb.transpose(0, 1), outputs["memory_rgb"])
    differences["memory_sem"] = apart(semantic.transpose(0, 1), outputs["memory_sem"])
    lengths, order = inputs["caplens"].squeeze(1), outputs["sort_ind"]
    logits = model.decoder(inputs["captions"], model.decoder.read(rgb, semantic))[0]
    differences["logits_sorted"] = apart(logits[order], outputs["logits_sorted"])
    differences["sort_ind"] = float(not torch.equal(lengths[order], lengths.sort(descending=True).values))
    differences["captions_sorted"] = float(not torch.equal(inputs["captions"][order], outputs["captions_sorted"]))
    differences["decode_lengths"] = float(not torch.equal(lengths[order] - 1, outputs["decode_lengths"]))
    differences["loss"] = apart(caption_loss(logits, inputs["captions"], lengths)[None], outputs["loss"])
    return differences | _replay_searches(model, meta["word_map"], outputs)


def _replay_searches(model: MModalCC, words: dict[str, int], outputs: dict[str, Tensor]) -> dict[str, float]:
    """A picture of which no sentence ended was left out by the release: id -1, and no score."""
    memories = model.encoder(Streams(*(outputs[f"eval_features_{name}"] for name in STREAMS)))
    differences: dict[str, float] = {}
    for name in sorted(key for key in outputs if re.fullmatch(r"beam\d+_ids", key)):
        beam = name.removesuffix("_ids")
        scores, ids = outputs[f"{beam}_scores"], outputs[name]
        equal, counted, said, scored = True, True, [0.0], [0.0]
        for row, wanted in enumerate(ids.tolist()):
            rgb, semantic = (memory[row : row + 1] for memory in memories)
            found = model.search(rgb, semantic, words["<start>"], words["<end>"], int(beam.removeprefix("beam")))
            counted &= found.ended == int(outputs[f"{beam}_n_completed"][row])
            if found.ended:
                equal &= list(found.ids) + [0] * (len(wanted) - len(found.ids)) == wanted
                said.append(found.score)
                scored.append(scores[row].item())
            else:
                equal &= wanted[0] == -1 and bool(scores[row].isnan())
        differences |= {
            name: float(not equal),
            f"{beam}_scores": apart(torch.tensor(said), torch.tensor(scored)),
            f"{beam}_n_completed": float(not counted),
        }
    return differences


def _replay_real_size(case: Path, meta: dict[str, Any]) -> dict[str, float]:
    """Weights computed from their keys; one trunk stands for both."""
    shapes = {key: tuple(shape) for key, shape in meta["state_shapes"].items()}
    scale = float(_told(r"bn3\.weight'.* multiplied by ([\d.]+)", meta["state"])[0])
    state = {key: det_weight(key, shape) for key, shape in shapes.items() if not key.endswith(".pe")}
    for key in state:
        if key.startswith("encoder_image.") and key.endswith(".bn3.weight"):
            state[key] *= scale
    state |= {key.replace("encoder_image.", "encoder_image2.", 1): tensor for key, tensor in state.items()}
    feat = _told(r"MCCFormers_diff_as_Q\((\d+),([\d.]+),(\d+),(\d+),(\d+),(\d+),(\d+)\)", meta["run"])
    words = _told(r"DecoderTransformer\((\d+),(\d+),(\d+),(\d+),([\d.]+)\)", meta["run"])
    config = MModalCCConfig(
        int(words[1]), released=True, grid=int(feat[2]), width=int(feat[4]), heads=int(feat[5]), depth=int(feat[6]),
        decoder_heads=int(words[2]), decoder_depth=int(words[3]),
    )  # fmt: skip
    model = _build(config, int(feat[0]), official_keys(state))
    name, shape, low, high = _told(r"det_tensor\('([^']+)',\(([\d,]+)\),([\d.]+),([\d.]+)\)", meta["inputs"])
    pixels = det_tensor(name, tuple(int(side) for side in shape.split(",")), float(low), float(high))
    ids = _ids(_told(r"caption ids \[([^\]]+)\]", meta["inputs"])[0])
    features = model.features(pixels)
    rgb, semantic = model.encoder(features)
    logits = model.decoder(torch.tensor([ids]), model.decoder.read(rgb, semantic))[0]
    outputs = load_file(case / "outputs.safetensors")
    found = {
        "resnet_features_rgb_A": features.rgb_before,
        "memory_rgb_first64": rgb.transpose(0, 1)[..., :64],
        "memory_sem_first64": semantic.transpose(0, 1)[..., :64],
        "logits": logits,
    }
    return {name: apart(tensor, outputs[name]) for name, tensor in found.items()}


def _build(config: MModalCCConfig, features: int, state: dict[str, Tensor]) -> MModalCC:
    """A model in evaluation mode; the trunks of a case that holds none are small, random and never asked."""
    trunks = any("trunk." in key for key in state)
    model = MModalCC(config if trunks else replace(config, trunk_depths=(1, 1, 1), trunk_width=1))
    model.encoder = ModalEncoder(config, features)
    unasked = {} if trunks else {key: tensor for key, tensor in model.state_dict().items() if "trunk." in key}
    model.load_state_dict(unasked | state)
    return model.eval()


def _told(pattern: str, text: str) -> tuple[str, ...]:
    """The groups of a pattern in a sentence of meta.json. Raises ValueError where it is not there."""
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"meta.json does not say {pattern}: {text}")
    return found.groups()


def _ids(text: str) -> list[int]:
    """ "47,1..3,0*2" -> [47, 1, 2, 3, 0, 0]"""
    ids: list[int] = []
    for piece in text.split(","):
        first, dots, last = piece.partition("..")
        value, star, count = piece.partition("*")
        ids += range(int(first), int(last) + 1) if dots else [int(value)] * (int(count) if star else 1)
    return ids
