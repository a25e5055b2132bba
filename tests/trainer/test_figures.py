"""What the bundled model is measured by: commands that there are, for what its card says that it can do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rsvlm.protocol import RsvlmError
from rsvlm.trainer import figures
from rsvlm.trainer.formats import FORMATS
from rsvlm.trainer.scoring import TASKS


@pytest.mark.parametrize("measure", figures.ALL, ids=lambda measure: measure.command[:60])
def test_every_figure_has_a_task_a_protocol_and_a_format_that_there_are(measure: figures.Measured):
    words = measure.command.split()
    assert words[words.index("--protocol") + 1] in TASKS[words[0]]
    assert "--format" not in words or words[words.index("--format") + 1] in FORMATS
    assert measure.ability in (
        "describe",
        "classify",
        "localize",
        "ask",
        "segment",
        "ground",
        "change_ask",
        "change_masks",
    )


def test_what_a_model_cannot_do_is_not_asked_and_what_fails_is_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[list[str]] = []

    def run(words: list[str], **_: Any) -> SimpleNamespace:
        asked.append(words[1:])
        fails = "retrieval" in words
        return SimpleNamespace(
            returncode=int(fails), stdout=json.dumps({"n": 1}), stderr="x.png cannot be read" * fails
        )

    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(figures, "get_card", lambda name: SimpleNamespace(tasks=("describe", "localize")))
    (tmp_path / "xbd.jsonl").write_text("")
    found = figures.measured("small", tmp_path)
    assert [next(found)[0].told for _ in range(2)] == ["UCM val", "RSICD held"]
    made, captions = [["data", "scenes"], ["data", "scenes"], ["data", "composites"]], [["eval", "caption"]] * 2
    assert [words[:2] for words in asked] == made + captions
    assert asked[-1][-3:] == ["--model", "small", "--json"]
    with pytest.raises(RsvlmError, match=r"x\.png cannot be read"):
        next(found)
