"""Brings in MModalCC's released checkpoint: pickled modules beside the release's word map.

`read_release` and `convert_mmodalcc` run in the process of converting.py. Knows the layout of the release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.comparing import compare
from rsvlm.models.families.mmodalcc.files import load_mmodalcc, save_mmodalcc, word_tokenizer
from rsvlm.models.families.mmodalcc.keys import MODULES, official_keys
from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig
from rsvlm.models.language_files import CONFIG, TOKENIZER, read_family_config
from rsvlm.models.pickled_modules import read_modules
from rsvlm.protocol import RsvlmError

HEADS = "num_heads"  # what a module of attention keeps and its tensors do not tell
WORD_MAP = "WORDMAP*.json"
MEND = "Give the one that the weights were trained with."


def read_release(path: Path) -> dict[str, Tensor]:
    """The tensors of the release's modules by their official keys, and each attention's `num_heads`; or of the trainer's.

    Raises RsvlmError (model_failed) for a file that is damaged or of another layout.
    """
    found = read_modules(path, (HEADS,))
    return {key: found[key] for key in found if key.partition(".")[0] in MODULES} if _is_release(found) else found


def convert_mmodalcc(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """What importing.py reads: a report of keys, and the fields of the card. Writes the model if the keys fit.

    found: tensors by official keys, or by ours as the trainer leaves them. folder: holds config.json, or none for a
    release (then sizes are told by the shapes), and tokenizer.json or the release's word map.
    Raises RsvlmError (model_failed) for texts that do not belong to this family.
    """
    released = _is_release(found)
    named = {key.replace(".module.", ".", 1): tensor for key, tensor in found.items()}  # as trained on several devices
    heads = {key: int(tensor) for key, tensor in named.items() if key.endswith(f".{HEADS}")}
    tensors = {key: tensor for key, tensor in named.items() if key not in heads}
    if released and not (folder / CONFIG).exists():
        try:
            config = release_config(tensors, heads)
        except ValueError as error:
            raise RsvlmError(
                "model_failed", "The shapes of the weights are those of no model of this family.", MEND
            ) from error
    else:
        config = read_family_config(MModalCCConfig, folder, "mmodalcc", "to import", MEND)
    tokenizer = _words(folder)
    if tokenizer.get_vocab_size() > config.vocabulary:
        raise RsvlmError("model_failed", "The word map has more words than the weights.", MEND)
    ours = official_keys(tensors) if released else tensors
    with torch.device("meta"):
        expected = MModalCC(config).state_dict()
    report = compare(ours, expected)
    if not report["missing"] and not report["other_shape"]:
        save_mmodalcc(folder, config, {key: ours[key] for key in expected}, tokenizer)
        load_mmodalcc(folder)  # what cannot be loaded is not brought in
    return {"report": report, "card": _fields(config, sum(tensor.numel() for tensor in expected.values()))}


def _is_release(found: Mapping[str, Tensor]) -> bool:
    """Our own names begin otherwise, but for the decoder's."""
    return any(key.partition(".")[0] in set(MODULES) - {"decoder"} for key in found)


def release_config(found: Mapping[str, Tensor], heads: Mapping[str, int]) -> MModalCCConfig:
    """Sizes by the shapes of a release's tensors; those of the paper where a tensor is missing, which the report tells."""
    usual = MModalCCConfig(vocabulary=1)

    def side(key: str, otherwise: int) -> int:
        return found[key].shape[0] if key in found and found[key].ndim else otherwise

    def count(prefix: str, otherwise: int) -> int:
        return len({key[len(prefix) :].partition(".")[0] for key in found if key.startswith(prefix)}) or otherwise

    first, second, third = (count(f"encoder_image.net.{place}.", usual.trunk_depths[place - 4]) for place in (4, 5, 6))
    return MModalCCConfig(
        vocabulary=side("decoder.vocab_embedding.weight", usual.vocabulary),
        released=True,
        trunk_depths=(first, second, third),
        trunk_width=side("encoder_image.net.0.weight", usual.trunk_width),
        grid=side("encoder_feat.w_embedding.weight", usual.grid),
        width=side("encoder_feat.projection.weight", usual.width),
        heads=heads.get(f"encoder_feat.transformer.0.attention2.{HEADS}", usual.heads),
        depth=count("encoder_feat.transformer.", usual.depth),
        decoder_heads=heads.get(f"decoder.transformer.layers.0.self_attn.{HEADS}", usual.decoder_heads),
        decoder_depth=count("decoder.transformer.layers.", usual.decoder_depth),
        longest=side("decoder.position_encoding.embedding_1D.weight", usual.longest),
    )


def _words(folder: Path) -> Tokenizer:
    """From tokenizer.json of this family, or the release's word map."""
    maps = [folder / TOKENIZER] if (folder / TOKENIZER).exists() else sorted(folder.glob(WORD_MAP))
    if len(maps) != 1:
        raise RsvlmError("model_failed", f"Beside the weights there is no {TOKENIZER} and no {WORD_MAP}.", MEND)
    try:
        content = json.loads(maps[0].read_text("utf-8"))
        return word_tokenizer(content["model"]["vocab"] if maps[0].name == TOKENIZER else content)
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise RsvlmError("model_failed", f"The file {maps[0].name} holds no words of this family.", MEND) from error


def _fields(config: MModalCCConfig, numbers: int) -> dict[str, Any]:
    return {
        "tasks": ["change"],
        "prompt_template": "none: the pictures alone",
        "box_convention": "none",
        "input": {
            "bands": "red, green, blue; beside them a map of land cover in the colours of SECOND, black where unchanged",
            "pixels": config.pixels,
            "gsd_range_m": [0.5, 3.0],
            "sensors": ["optical"],
        },
        "memory_bytes": 5 * numbers + 64 * 2**20,  # float32, and a quarter more to work with
    }
