"""Jobs that outlive the connection which made them: found by their id, followed from their start by whoever asks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from rsvlm.backend.jobs import Job
from rsvlm.protocol import RsvlmError

FINISHED_KEPT = 32
KEPT_S = 3600.0  # after the end


@dataclass(frozen=True, eq=False)
class KeptJob:
    task: str
    job: Job
    id: str = field(default_factory=lambda: f"job-{uuid.uuid4().hex}")


class KeptJobs:
    """Jobs by id. Those that wait or run are bounded by their lane; of the finished the newest FINISHED_KEPT stay."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptJob] = {}

    def keep(self, task: str, job: Job) -> KeptJob:
        self._forget_old()
        kept = KeptJob(task, job)
        self._kept[kept.id] = kept
        return kept

    def get(self, name: str) -> KeptJob:
        """Raises RsvlmError (not_found)."""
        self._forget_old()
        if name not in self._kept:
            raise RsvlmError(
                "not_found",
                f'There is no job with the id "{name}".',
                f"Finished jobs are kept for an hour, at most {FINISHED_KEPT} of them.",
            )
        return self._kept[name]

    def forget(self, kept: KeptJob) -> None:
        self._kept.pop(kept.id, None)

    def __iter__(self) -> Iterator[KeptJob]:
        """The newest first."""
        return reversed(list(self._kept.values()))

    def _forget_old(self) -> None:
        now = time.monotonic()
        ages = {kept: now - kept.job.ended_at for kept in self if kept.job.ended_at is not None}
        for place, kept in enumerate(sorted(ages, key=ages.__getitem__)):
            if place >= FINISHED_KEPT or ages[kept] > KEPT_S:
                self.forget(kept)
