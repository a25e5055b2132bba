"""Which weights a stage trains, and low-rank adapters that are joined with the weights where a model is saved."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor, nn

from rsvlm.models.learning import Learner
from rsvlm.models.parts.adapters import add_lora
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import Stage

ALL = "all"


def set_up(learner: Learner, stage: Stage) -> frozenset[str]:
    """Freeze all but what the stage trains, and put its adapters in; names of the parameters that are trained.

    Raises RsvlmError (bad_request) where the model has no such part, objective or layer.
    """
    _known(stage.objectives, learner.objectives, "objective")
    _known(stage.train, (ALL, *learner.parts), "part")
    network = learner.network
    if stage.adapters and not _adapted(network):
        _put_in(network, stage)
    trains = tuple(start for part in stage.train for start in ([""] if part == ALL else learner.parts[part]))
    for name, parameter in network.named_parameters():
        adapter = ".lora_" in name
        plain = name.replace(".base_layer.", ".")
        parameter.requires_grad_(stage.adapters is not None if adapter else plain.startswith(trains))
    found = frozenset(name for name, parameter in network.named_parameters() if parameter.requires_grad)
    if not found:
        raise RsvlmError(
            "bad_request", "This stage trains nothing.", f"Name parts: {', '.join((ALL, *learner.parts))}."
        )
    return found


def to_training(network: nn.Module) -> None:
    """Training mode, but for modules of which nothing is trained: their running statistics and their dropout stay out of it."""
    network.train()
    for module in network.modules():
        weights = list(module.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            module.eval()


def _known(named: object, known: tuple[str, ...], kind: str) -> None:
    for name in named:  # type: ignore[attr-defined]
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(known)}."
            raise RsvlmError("bad_request", f"The model has no {kind} “{name}”.", hint)


def _put_in(network: nn.Module, stage: Stage) -> None:
    adapters = stage.adapters
    if adapters is None:
        return
    try:
        add_lora(network, adapters.rank, adapters.alpha, adapters.targets, adapters.dropout)
    except ValueError as error:
        raise RsvlmError(
            "bad_request",
            f"The model has no layers called {', '.join(adapters.targets)} for adapters.",
            "Name layers as the network does, for example q_proj and v_proj.",
        ) from error


def _adapted(network: nn.Module) -> list[tuple[str, LoraLinear]]:
    return [(name, module) for name, module in network.named_modules() if isinstance(module, LoraLinear)]


@contextmanager
def joined(network: nn.Module) -> Iterator[None]:
    """Inside, the network has no adapters: their part is in the weights. Outside, everything is as it was, to the bit."""
    layers = _adapted(network)
    kept: list[tuple[nn.Module, str, LoraLinear, Tensor]] = []
    for name, layer in layers:
        parent, _, last = name.rpartition(".")
        base: Any = layer.get_base_layer()
        before: Tensor = base.weight.data
        with torch.no_grad():
            base.weight.data = before + sum(
                (layer.get_delta_weight(adapter).to(before.dtype) for adapter in layer.active_adapters),
                torch.zeros_like(before),
            )
        place = network.get_submodule(parent)
        setattr(place, last, base)
        kept.append((place, last, layer, before))
    try:
        yield
    finally:
        for place, last, layer, before in kept:
            base = layer.get_base_layer()
            base.weight.data = before
            setattr(place, last, layer)
