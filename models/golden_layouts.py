"""Lists of the keys in released checkpoints, held against what our families take from them, without memory for the weights.

Such a list was made from a small model of the released code, by the rule that its saver drops what is not trained; the keys that
only the real model has stand beside it. Knows the layout of the recorded files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rsvlm.models.comparing import compare
from rsvlm.models.families.deltavlm.keys import ours as deltavlm_keys
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.skyeye.keys import official as skyeye_release
from rsvlm.models.families.skyeye.keys import ours as skyeye_keys
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig
from rsvlm.models.language_files import own_state

Shapes = dict[str, list[int]]
TOWER = "visual_encoder."


def replay(case: Path) -> dict[str, float]:
    """What was held against the list -> 0 where it is met, else 1: every key that it has, and what it says is left out.

    case: a file released_checkpoint_layout.json in the folder of a kind of case.
    """
    layout = json.loads(case.read_text("utf-8"))
    return _deltavlm(layout) if case.parent.name == "deltavlm_full" else _skyeye(layout)


def _deltavlm(layout: dict[str, Any]) -> dict[str, float]:
    kept: Shapes = layout["kept_in_checkpoint_tiny_model"]
    depth, width = _count(kept, "Qformer.bert.encoder.layer."), kept["ln_vision.weight"][0]
    config = DeltaVlmConfig(
        image_width=width,
        image_depth=_count(layout["dropped_prefixes"], f"{TOWER}blocks."),
        image_heads=2,
        queries=kept["query_tokens"][1],
        query_width=kept["query_tokens"][2],
        query_depth=depth,
        query_heads=2,
        query_hidden=kept["Qformer.bert.encoder.layer.0.intermediate_query.dense.weight"][0],
        query_vocabulary=kept["Qformer.bert.embeddings.word_embeddings.weight"][0],
        query_positions=kept["Qformer.bert.embeddings.position_embeddings.weight"][0],
        language=_llama(kept["llm_proj.weight"][0], _count(layout["dropped_prefixes"], "llm_model.model.layers.")),
    )
    small, real = _on_meta(lambda: DeltaVlm(config)), _on_meta(lambda: DeltaVlm(DeltaVlmConfig()))
    real.freeze()
    added: Shapes = layout["additionally_kept_in_real_model"]
    in_tower = {name for name in _learnt(real) if name.startswith(TOWER)}
    return (
        _taken(kept, deltavlm_keys, own_state(small))
        | _taken(added | layout["real_vit_shapes_block0_and_top"], deltavlm_keys, own_state(real))
        | _left_out(_lacking(kept, deltavlm_keys, small), layout["dropped_prefixes"])
        | {
            "blocks of the tower in the real checkpoint": float(in_tower != set(added)),
            "kinds of keys in the real checkpoint": _kinds_differ(
                [*_empty(kept, deltavlm_keys), *added], _learnt(real)
            ),
        }
    )


def _skyeye(layout: dict[str, Any]) -> dict[str, float]:
    kept: Shapes = layout["kept_in_checkpoint_tiny_model"]
    attention = "llama_model.base_model.model.model.layers."
    down = f"{attention}0.self_attn.q_proj.lora_A.weight"
    width, joined = kept["llama_proj.weight"]
    config = SkyEyeConfig(
        image_width=joined // 4,
        image_depth=_count(layout["dropped_prefixes"], f"{TOWER}blocks."),
        image_heads=2,
        language=_llama(width, _count(kept, attention)),
        rank=kept[down][0],
    )
    small, real = _on_meta(lambda: SkyEye(config)), _on_meta(lambda: SkyEye(SkyEyeConfig()))
    real.freeze()
    lacking = skyeye_release(dict.fromkeys(_lacking(kept, _skyeye_ours, small), torch.empty(0)))
    return (
        _taken(kept, _skyeye_ours, own_state(small))
        | _left_out(lacking, layout["dropped_prefixes"])
        | {"kinds of keys in the real checkpoint": _kinds_differ(_empty(kept, _skyeye_ours), _learnt(real))}
    )


def _skyeye_ours(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return skyeye_keys(found, SkyEyeConfig().targets)


def _llama(width: int, depth: int) -> dict[str, Any]:
    sizes = {"hidden_size": width, "intermediate_size": 8, "num_hidden_layers": depth, "num_attention_heads": 2}
    return {"model_type": "llama", "vocab_size": 8, **sizes}


def _on_meta(make: Callable[[], Any]) -> Any:
    with torch.device("meta"):
        return make()


def _learnt(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def _empty(shapes: Shapes, ours: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> dict[str, Tensor]:
    return ours({key: torch.empty(shape, device="meta") for key, shape in shapes.items()})


def _taken(
    shapes: Shapes, ours: Callable[[dict[str, Tensor]], dict[str, Tensor]], expected: dict[str, Tensor]
) -> dict[str, float]:
    """Each key of a release: 0 where it is ours at that shape, or known to be of no use; 1 where nobody wants it so."""
    found = {}
    for key, shape in shapes.items():
        report = compare(_empty({key: shape}, ours), expected)
        found[key] = float(bool(report["unexpected"] or report["other_shape"]))
    return found


def _lacking(shapes: Shapes, ours: Callable[[dict[str, Tensor]], dict[str, Tensor]], model: nn.Module) -> list[str]:
    return compare(_empty(shapes, ours), own_state(model))["missing"]


def _left_out(lacking: Collection[str], dropped: Collection[str]) -> dict[str, float]:
    """What a checkpoint lacks is what its saver is said to drop: nothing more, and something of each."""
    more = [key for key in lacking if not key.startswith(tuple(dropped))]
    none = [prefix for prefix in dropped if not any(key.startswith(prefix) for key in lacking)]
    return {"left out": float(bool(more or none))}


def _kinds_differ(found: Collection[str], wanted: Collection[str]) -> float:
    """Whether keys differ by more than by the number of a layer."""
    return float({re.sub(r"\d+", "N", key) for key in found} != {re.sub(r"\d+", "N", key) for key in wanted})


def _count(keys: Collection[str], prefix: str) -> int:
    """Of numbered things under `prefix`."""
    return len({key.removeprefix(prefix).split(".")[0] for key in keys if key.startswith(prefix)})
