"""A learner as one module: what carries it across processes, in whole or shared out, sees every forward pass."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from rsvlm.models.learning import Learner, Lesson
from rsvlm.protocol import RsvlmError

NOTHING = ""  # no objective is called so
PARTNERS = "contrastive"  # the objective of all families whose terms find each other among those of all processes


class Losses(nn.Module):
    """wanted: objectives."""

    _keys_to_ignore_on_save = None  # Trainer asks for it when it resumes

    def __init__(self, learner: Learner, wanted: Collection[str]) -> None:
        super().__init__()
        self.learner, self.wanted = learner, wanted
        self.network = learner.network

    def forward(self, lesson: Lesson) -> dict[str, Tensor]:
        """By objective, those that the lesson counts; for one that counts none, a 0 that all processes can go back from together.

        Partners are looked for in all processes, which exchange them on the way there and gradients on the way back: each takes
        part in both, whether or not its own share counts.
        """
        counted = [name for name in self.wanted if lesson.counts.get(name)]
        meets = PARTNERS in self.wanted and distributed.is_available() and distributed.is_initialized()
        if not counted and not meets:
            return {NOTHING: self._nothing()}
        found = self.learner.losses(lesson, self.wanted)
        losses = {name: found[name] for name in counted} or {NOTHING: self._nothing()}
        if meets and PARTNERS not in counted:
            losses = {name: loss + 0 * found[PARTNERS] for name, loss in losses.items()}
        # Processes that share weights out give back gradients of the same weights, whatever each of them has used.
        return {name: loss + self._nothing() for name, loss in losses.items()} if self._is_shared() else losses

    def _nothing(self) -> Tensor:
        """0, of all that is trained and is here."""
        here = (
            weight for weight in self.network.parameters() if weight.requires_grad and not isinstance(weight, DTensor)
        )
        return torch.stack([0 * weight.float().sum() for weight in here] or [torch.zeros(())]).sum()

    def _is_shared(self) -> bool:
        return isinstance(self, FSDPModule)

    @property
    def _no_split_modules(self) -> list[str]:
        """Classes of layers whose weights are gathered one layer at a time, where they are shared out; accelerate asks for it."""
        models = [module for module in self.network.modules() if isinstance(module, PreTrainedModel)]
        found = {
            type(layer).__name__
            for model in models
            for layer in model.modules()
            if type(layer).__name__ in (model._no_split_modules or ())
        }
        return sorted(found)

    def activation_checkpointing_enable(self, **options: Any) -> None:
        """Trainer asks for it where the recipe does: parts of transformers can, whatever family they are in.

        Raises RsvlmError (bad_request) where there are none.
        """
        able = [
            module
            for module in self.network.modules()
            if isinstance(module, PreTrainedModel) and module.supports_gradient_checkpointing
        ]
        if not able:
            raise RsvlmError(
                "bad_request",
                "This model has no part that can be computed again on the way back.",
                "Leave gradient_checkpointing out of the recipe.",
            )
        for module in able:
            module.activation_checkpointing_enable(**options)
