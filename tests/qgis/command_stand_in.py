#!/usr/bin/env python3
"""Stands in for the backend's Python where a command is to take long, or to fail. RSVLM_STAND_IN says how; it notes its words."""

import json
import os
import sys
import threading
import time
from pathlib import Path

HOW = os.environ["RSVLM_STAND_IN"]
WORDS = sys.argv[sys.argv.index("rsvlm.cli.owned") + 1 :]
STEPS = 20
stopped = threading.Event()


def listen() -> None:
    sys.stdin.read()
    stopped.set()


def train() -> dict:
    folder = Path(next(json.loads(word[11:]) for word in WORDS if word.startswith("output_dir=")))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text("name: stand-in\n")
    told = {"model": str(folder / "best"), "steps": STEPS, "whole": True, "installed": "mine"}
    told["validation"] = {"metric": "CIDEr", "best": {"step": 10, "figures": {"loss": 0.5, "CIDEr": 1.25}}}
    with (folder / "events.jsonl").open("a", encoding="utf-8") as log:

        def add(event: str, step: int, **figures: object) -> None:
            log.write(json.dumps({"event": event, "step": step, **figures}) + "\n")
            log.flush()

        add("stage", 0, folder="stage-1", steps=STEPS, of=STEPS)
        for step in range(1, STEPS + 1):
            time.sleep(0.05)
            add("step", step, language=1 / step, minutes_left=0.1, left_out=0, shortened=0)
            if HOW == "killed" and step == 4:
                (folder / "best").mkdir()
                (folder / "stage-1" / "checkpoint-4").mkdir(parents=True)
                (folder / "stage-1" / "checkpoint-4" / "whole").touch()
                add("checkpoint", step, folder="checkpoint-4")
            if stopped.is_set() and HOW.startswith("killed"):
                os.abort()
            if stopped.is_set():
                return {**told, "steps": step, "whole": False, "installed": None, "validation": None}
        add("eval", STEPS, metric="CIDEr", loss=0.5, CIDEr=1.25)
        add("best", STEPS, metric="CIDEr", value=1.25)
    (folder / "samples.html").write_text("<html></html>")
    return told


threading.Thread(target=listen, daemon=True).start()
with (Path(os.environ["RSVLM_HOME"]) / "words.jsonl").open("a", encoding="utf-8") as heard:
    heard.write(json.dumps({"words": WORDS, "cuda": os.environ.get("CUDA_VISIBLE_DEVICES")}) + "\n")
if HOW == "refuse":
    print("rsvlm: There is no model x. Import it first.", file=sys.stderr)
    sys.exit(2)
if HOW == "crash":
    print("free(): invalid pointer", file=sys.stderr, flush=True)
    os.abort()
if HOW == "left":
    stopped.wait()
    sys.exit(0)
print("a warning of some package", file=sys.stderr)
print(json.dumps(train()))
