"""What a user asks for, one file each: a task takes a request and returns an Answer. Carried by the command line, the
worker, Processing and the tests alike. A new task is a module and one more entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rsvlm.protocol import Answer, DescribeRequest, Watch

if TYPE_CHECKING:
    from rsvlm.models.pool import Models


@dataclass(frozen=True)
class TaskSpec:
    """request: the dataclass of its request; run: answers it."""

    request: type
    run: Callable[[Any, "Models", Watch], Answer]


def _describe(request: DescribeRequest, models: Models, watch: Watch) -> Answer:
    from rsvlm.tasks.describe import describe  # imports torch: only the process that answers needs it

    return describe(request, models, watch)


TASKS = {"describe": TaskSpec(DescribeRequest, _describe)}
