"""Processes that learn together: how they were started, and weights that are shared out among them (FSDP2).

Shared out, no process has the whole network: what is saved of a run is gathered, and is the same as of any other run.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.state import AcceleratorState, DistributedType
from accelerate.utils import FullyShardedDataParallelPlugin
from torch import distributed, nn
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from rsvlm.models.learning import Learner
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import SELF_CRITICAL, Recipe


def check_launch(recipe: Recipe) -> None:
    """Raises RsvlmError (bad_request) for ways of starting processes by which a run would go wrong."""
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true" and recipe.gradient_accumulation_steps > 1:
        raise RsvlmError(
            "bad_request",
            "DeepSpeed steps after each part of a batch, which a recipe with several parts does not mean.",
            "Set gradient_accumulation_steps=1.",
        )
    shares_out = any(os.environ.get(f"ACCELERATE_USE_{way}") == "true" for way in ("DEEPSPEED", "FSDP"))
    if shares_out and recipe.optim == "muon":
        raise RsvlmError(
            "bad_request",
            "Muon needs whole matrices, which weights that are shared out among processes (FSDP, DeepSpeed) are not.",
            "Take trainer/launch/gpus.yaml, or set optim=adamw.",
        )
    if os.environ.get("ACCELERATE_USE_FSDP") != "true":
        return
    if os.environ.get("FSDP_VERSION", "1") != "2":
        raise RsvlmError("bad_request", "Of FSDP, only version 2 is known.", "Take trainer/launch/fsdp2.yaml.")
    if recipe.average:
        raise RsvlmError(
            "bad_request",
            "An average of weights is not kept of weights that are shared out among processes (FSDP).",
            "Take trainer/launch/gpus.yaml, or leave average out of the recipe.",
        )
    if recipe.is_rewarded:
        raise RsvlmError(
            "bad_request",
            "Sentences of different lengths are not drawn from weights that are shared out among processes (FSDP).",
            f"Take trainer/launch/gpus.yaml, or leave {SELF_CRITICAL} out of the recipe.",
        )


def leave_group() -> None:
    """At the end of a run, together. Gloo's threads may still hold tensors; where the interpreter ends before they have let go
    of them, the process aborts (pytorch/pytorch#179291).
    """
    if distributed.is_available() and distributed.is_initialized():
        PartialState().wait_for_everyone()
        distributed.destroy_process_group()


def shared_out() -> bool:
    """Whether this run's weights are shared out among its processes."""
    together = PartialState().distributed_type is not DistributedType.NO
    return together and os.environ.get("ACCELERATE_USE_FSDP") == "true"


def share_out(state: AcceleratorState) -> None:
    """See to it that accelerate does so: by itself it does among GPUs alone, though processes on a CPU can as well."""
    if state.distributed_type == DistributedType.MULTI_CPU:
        state.distributed_type, state.fsdp_plugin = DistributedType.FSDP, FullyShardedDataParallelPlugin()


def shareable(learner: Learner) -> Learner:
    """A copy whose single numbers are rows of one, since FSDP2 shares out nothing without a side."""
    found = copy.deepcopy(learner)
    for module in found.network.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight.dim() == 0:
                module.register_parameter(name, nn.Parameter(weight.data[None], weight.requires_grad))
    return found


def gathered(tensors: Mapping[Any, Any], shapes: Mapping[Any, torch.Size], keeps: bool) -> dict[Any, Any]:
    """Tensors that are shared out as wholes of these shapes, by all processes together; of use where one `keeps` them."""
    found = dict(tensors)
    for name, value in tensors.items():
        if isinstance(value, DTensor):
            whole = value.full_tensor()
            found[name] = whole.reshape(shapes[name]).cpu() if keeps else None
    return found


def gathered_moments(optimiser: Optimizer, shapes: Sequence[torch.Size], keeps: bool) -> dict[str, Any]:
    """The same of the optimiser's state, which is as one process would have it. shapes: of the weights, in its order."""
    state: dict[str, Any] = optimiser.state_dict()
    for number, moments in state["state"].items():
        state["state"][number] = gathered(moments, dict.fromkeys(moments, shapes[number]), keeps)
    return state


def load_moments(optimiser: Optimizer, state: dict[str, Any]) -> None:
    """Give every process its share of such a state."""
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    for number, moments in state["state"].items():
        weight = weights[number]
        for name, value in moments.items():
            if name != "step" and isinstance(weight, DTensor):
                mesh, whole = weight.device_mesh, value.reshape(weight.shape)
                moments[name] = distribute_tensor(
                    whole.to(mesh.device_type), mesh, weight.placements, src_data_rank=None
                )
    optimiser.load_state_dict(state)
