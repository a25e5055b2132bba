"""A recorded run of the one block of RS-MoE's repository that can be run, run again by ours: how far apart the two are."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from rsvlm.models.golden_difference import apart
from rsvlm.models.parts.shared_experts import SharedExperts

BLOCK = "text_moe."


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; which experts: 0 where equal, else 1. case: a folder."""
    made = json.loads((case / "meta.json").read_text("utf-8"))["constructor"]
    state, inputs, outputs = (load_file(case / f"{name}.safetensors") for name in ("state", "inputs", "outputs"))
    block = SharedExperts(made["hidden_dim"], made["expert_number"], made["top_k"], made["shared_experts_number"])
    block.load_state_dict({key.removeprefix(BLOCK): tensor for key, tensor in state.items()})
    block.eval()
    with torch.no_grad():
        picked = block.moe_model.pick(inputs["x"])
        found = {
            "output": block(inputs["x"]),
            "router_logits": picked.logits,
            "router_weights": picked.weights,
            "selected_experts": picked.experts,
            "sparse_output": block.moe_model(inputs["x"]),
        }
    return {name: apart(found[name], wanted) for name, wanted in outputs.items()}
