"""Which weights a stage trains, and low-rank adapters that are joined with the weights where a model is saved."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor, nn

from rsvlm.models.learning import Learner
from rsvlm.models.parts.adapters import add_lora, is_adapter
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import Adapters, Stage

ALL, ADAPTERS = "all", "adapters"


class Parts:
    """What is trained of a learner's network, stage by stage.

    Some models have adapters of their own, which stay in their files: to be trained as the part "adapters".
    """

    def __init__(self, learner: Learner) -> None:
        self._learner, self._network = learner, learner.network
        self._has_own = bool(_adapted(self._network))

    def set_up(self, stage: Stage) -> frozenset[str]:
        """Freeze all but what the stage trains, and put its adapters in; names of the parameters that are trained.

        Raises RsvlmError (bad_request) where the model has no such part, objective or layer.
        """
        learner, network = self._learner, self._network
        parts = (ALL, *learner.parts, *([ADAPTERS] if self._has_own else []))
        _known(stage.objectives, learner.objectives, "objective")
        _known(stage.train, parts, "part")
        if stage.adapters and self._has_own:
            raise RsvlmError(
                "bad_request", "This model has adapters of its own.", "Leave adapters out, and write train: [adapters]."
            )
        if stage.adapters and not _adapted(network):
            _known(stage.adapters.within, tuple(learner.parts), "part")
            _put_in(learner, stage.adapters)
        adapts = stage.adapters is not None or ADAPTERS in stage.train
        trains = [pattern for part in stage.train for pattern in ("*",) * (part == ALL) + learner.parts.get(part, ())]
        for name, parameter in network.named_parameters():
            plain = name.replace(".base_layer.", ".")
            parameter.requires_grad_(
                adapts if is_adapter(name) else any(fnmatchcase(plain, pattern) for pattern in trains)
            )
        found = frozenset(name for name, parameter in network.named_parameters() if parameter.requires_grad)
        if not found:
            raise RsvlmError("bad_request", "This stage trains nothing.", f"Name parts: {', '.join(parts)}.")
        return found

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Inside, the network has no adapters but its own: their part is in the weights. Outside all is as it was, to the bit."""
        kept: list[tuple[nn.Module, str, LoraLinear, Tensor]] = []
        for name, layer in [] if self._has_own else _adapted(self._network):
            parent, _, last = name.rpartition(".")
            base: Any = layer.get_base_layer()
            before: Tensor = base.weight.data
            with torch.no_grad():
                found = sum(
                    (layer.get_delta_weight(adapter) for adapter in layer.active_adapters), torch.zeros_like(before)
                )
                base.weight.data = before + found.to(before.dtype)
            place = self._network.get_submodule(parent)
            setattr(place, last, base)
            kept.append((place, last, layer, before))
        try:
            yield
        finally:
            for place, last, layer, before in kept:
                base = layer.get_base_layer()
                base.weight.data = before
                setattr(place, last, layer)


def to_training(network: nn.Module) -> None:
    """Training mode, but for modules of which nothing is trained: their running statistics and their dropout stay out of it."""
    network.train()
    for module in network.modules():
        weights = list(module.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            module.eval()


def _adapted(network: nn.Module) -> list[tuple[str, LoraLinear]]:
    return [(name, module) for name, module in network.named_modules() if isinstance(module, LoraLinear)]


def _known(named: Iterable[str], known: tuple[str, ...], kind: str) -> None:
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(known)}."
            raise RsvlmError("bad_request", f"The model has no {kind} “{name}”.", hint)


def _put_in(learner: Learner, adapters: Adapters) -> None:
    patterns = [pattern for part in adapters.within for pattern in learner.parts[part]] or ["*"]
    targets = [
        name
        for name, layer in learner.network.named_modules()
        if isinstance(layer, nn.Linear)
        and name.rpartition(".")[2] in adapters.targets
        and any(fnmatchcase(f"{name}.weight", pattern) for pattern in patterns)
    ]
    try:
        add_lora(learner.network, adapters.rank, adapters.alpha, targets, adapters.dropout)
    except ValueError as error:
        raise RsvlmError(
            "bad_request",
            f"The model has no layers called {', '.join(adapters.targets)} for adapters.",
            "Name layers as the network does, for example q_proj and v_proj.",
        ) from error
