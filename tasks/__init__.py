"""What a user asks for, one file each: a task takes a request and returns an Answer. Carried by the command line, the
worker, Processing and the tests alike. A new task is a module and one more entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rsvlm.protocol import (
    Answer,
    AskRequest,
    ChangeRequest,
    ClassifyRequest,
    DescribeRequest,
    GroundRequest,
    LocalizeRequest,
    RefineRequest,
    SegmentRequest,
    Watch,
)

if TYPE_CHECKING:
    from rsvlm.models.pool import Models


@dataclass(frozen=True)
class TaskSpec:
    """request: the dataclass of its request; run: answers it."""

    request: type
    run: Callable[[Any, "Models", Watch], Answer]


def _late(name: str) -> Callable[[Any, "Models", Watch], Answer]:
    """The task of the module and function `name`, which imports torch: only the process that answers needs it."""

    def run(request: Any, models: Models, watch: Watch) -> Answer:
        answer: Answer = getattr(import_module(f"rsvlm.tasks.{name}"), name)(request, models, watch)
        return answer

    return run


REQUESTS = {
    "describe": DescribeRequest,
    "ask": AskRequest,
    "segment": SegmentRequest,
    "refine": RefineRequest,
    "ground": GroundRequest,
    "change": ChangeRequest,
    "classify": ClassifyRequest,
    "localize": LocalizeRequest,
}
TASKS = {name: TaskSpec(request, _late(name)) for name, request in REQUESTS.items()}
