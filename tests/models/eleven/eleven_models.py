"""The small systems as models of a user: released, imported and asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from eleven_systems import System, released
from torch import nn

from rsvlm.models.pool import Models
from rsvlm.protocol import AskRequest, ChangeRequest, Raster, SegmentRequest, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.embed import embed

Command = Callable[..., tuple[int, str]]
Dates = tuple[Raster, Raster]


def given(folder: Path, system: System, network: nn.Module, damaged: bool = False) -> Path:
    """A release in `folder`."""
    found = released(system, network)
    if damaged:
        names = dict(zip(network.state_dict(), found, strict=False))
        del found[names[system.lost]]
        found[names[system.bent]] = torch.zeros(3, 5)
    folder.mkdir()
    return system.write(folder, found, network.config)


def imported(command: Command, path: Path, system: System) -> tuple[int, dict[str, Any]]:
    code, printed = command("models", "import", str(path), "--family", system.family, "--id", "mine", "--json")
    return code, json.loads(printed)


def asked(system: System, model: str, models: Models, dates: Dates, library: Path | None) -> dict[str, Any]:
    """What the task of the system finds, without what differs from one time to another."""
    watch = Watch()
    if system.task == "embed":
        return {"vectors": embed(["a lake", dates[0]], model, models, watch).vectors}
    requests = {
        "ask": AskRequest(dates[0], "how many planes ?", model=model, knowledge=library and str(library)),
        "change": ChangeRequest(*dates, model=model),
        "segment": SegmentRequest(dates[0], ["road"], model=model),
    }
    answer = TASKS[system.task].run(requests[system.task], models, watch)
    assert answer.provenance["model"] == model
    found = {name: asdict(answer)[name] for name in ("text", "confidence", "evidence", "warnings")}
    return found | {"prompt": answer.provenance.get("prompt"), "knowledge": answer.provenance.get("knowledge")}


def beginning(answer: dict[str, Any]) -> str:
    """Of what was answered, which is something."""
    found = str(answer["vectors"][0, :4].round(3)) if "vectors" in answer else answer["text"]
    assert found.strip(" .")
    return found[:60]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if "vectors" in one:
        return bool(np.allclose(one["vectors"], other["vectors"], atol=1e-6))
    return one == other
