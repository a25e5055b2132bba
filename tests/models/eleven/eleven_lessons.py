"""Records that the small systems learn from, with their pictures, and the recipe of each system with what is other here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rsvlm.trainer.recipe import Recipe, load_recipe
from rsvlm.trainer.regions import encode

COUNT, SIDE = 8, 48
CAPTIONS = ("two white planes stand on the apron", "the lake beside a runway", "no planes", "this runway", "a lake")
CHANGES = ("two new houses beside road", "two new road beside houses", "two houses beside new road")
PARTS = {"theme": "a runway", "object": "two white planes", "relation": "planes beside a runway"}


@dataclass(frozen=True)
class Course:
    """A recipe by its name, the records that it is tried with (see RECORDS), and where the names of trained weights begin."""

    system: str
    recipe: str
    records: str
    trains: tuple[str, ...]


BRIDGE = ("picture.ln_vision.", "picture.qformer.", "picture.project.")
ALL = ("",)
COURSES = {
    course.recipe: course
    for course in (
        Course("GeoRSCLIP", "georsclip", "captions", ALL),
        Course("SkyScript", "skyscript", "captions", ALL),
        Course("GAIA, CLIP", "gaia_clip", "captions", ALL),
        Course("RS-CapRet", "rs_capret", "captions",
               ("visual_embeddings.", "visual_fc.", "text_fc.", "logit_scale", "retrieval_token.")),
        Course("RS-MoE", "rs_moe", "parts",
               (*BRIDGE, "router.", "silence", "language_model.*.down", "language_model.*.up")),
        Course("SkyEyeGPT", "skyeyegpt", "questions", ("llama_proj.", "llama_model.*.lora_")),
        Course("SkyEyeGPT", "skyeyegpt_chat", "dialogues", ("llama_proj.", "llama_model.*.lora_")),
        Course("GAIA, BLIP-2", "gaia_blip2", "captions", BRIDGE),
        Course("RS-GPT4V, LoRA", "rs_gpt4v_lora", "dialogues", ("multi_modal_projector.", "language_model.*.lora_")),
        Course("RS-GPT4V, MoE-LoRA", "rs_gpt4v_moe_lora", "dialogues",
               ("multi_modal_projector.", "language_model.*.down", "language_model.*.up", "language_model.*.gate.")),
        Course("DeltaVLM", "deltavlm", "changes", ("visual_encoder.blocks.1.", "visual_encoder.blocks.2.", "ln_vision.",
               "csrm.", "qformer.", "llm_proj.")),
        Course("MModalCC", "mmodalcc", "maps", ALL),
        Course("GeoPix", "geopix", "masks", (
            "llava.model.multi_modal_projector.", "llava.model.language_model.*.q_proj.", "necks.", "text_hidden_fcs.",
            "llava.model.language_model.*.v_proj.", "prompt_encoder.", "mask_decoder.", "memory.", "multiseg_scalar",
            "multiscale_scalar")),
    )
}  # fmt: skip


def write_records(folder: Path) -> None:
    """One file of records for each kind, all on the same pictures."""
    generator = np.random.default_rng(3)
    for number in range(COUNT):
        for date in range(2):
            pixels = generator.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
            pixels[: 6 * number, :, date] = 250
            Image.fromarray(pixels).save(folder / f"{number}_{date}.png")
        Image.fromarray(np.full((SIDE, SIDE, 3), 20 * number, np.uint8)).save(folder / f"{number}_map.png")
    for kind, make in RECORDS.items():
        lines = [json.dumps(_record(folder, number, **make(number, folder))) for number in range(COUNT)]
        (folder / f"{kind}.jsonl").write_text("\n".join(lines) + "\n")


def said(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"role": role, "content": content}
        for question, answer in turns
        for role, content in (("user", question), ("assistant", answer))
    ]


def told(captions: Sequence[str], number: int, question: str = "Describe the image.") -> list[dict[str, str]]:
    """One question with two right answers."""
    other = {"role": "assistant", "content": captions[(number + 1) % len(captions)]}
    return [*said((question, captions[number % len(captions)])), other]


def _record(folder: Path, number: int, task: str, messages: list[Any], dates: int = 1, **more: Any) -> dict[str, Any]:
    images = [{"href": str(folder / f"{number}_{date}.png")} for date in range(dates)]
    return {"id": f"r{number}", "task": task, "split": "train", "images": images, "messages": messages, **more}


def _outlined(number: int, folder: Path) -> dict[str, Any]:
    """Two roads or one lake, whose masks alone are the answer; every third is only described."""
    if number % 3 == 2:
        return {"task": "caption", "messages": said(("Describe the image.", "it is"))}
    rows, columns = np.mgrid[:SIDE, :SIDE]
    masks = [rows < 12 + number, columns > 30 + number][: 2 - number % 3]
    regions = [{"label": name, "rle": encode(mask)} for name, mask in zip(("road", "lake"), masks, strict=False)]
    return {"task": "segment", "messages": [{"role": "user", "content": "road"}], "regions": regions}


RECORDS = {
    "captions": lambda number, folder: {"task": "caption", "messages": told(CAPTIONS, number)},
    "questions": lambda number, folder: (
        {"task": "vqa", "messages": said(("how many planes ?", "two" if number % 2 else "no"))}
        if number % 4
        else {"task": "ground", "messages": said(("the lake", "")) [:1],
              "regions": [{"label": "the lake", "bbox": [4, 8, 24, 36]}]}
    ),
    "dialogues": lambda number, folder: {
        "task": "chat",
        "messages": said(("describe this image", CAPTIONS[number % 5]), ("how many planes ?", "two")[: 2]),
    },
    "parts": lambda number, folder: {
        "task": "caption", "messages": told(CAPTIONS, number), **({"meta": PARTS} if number % 4 else {}),
    },
    "changes": lambda number, folder: {
        "task": "change", "dates": 2, "messages": told(CHANGES, number, "q what changed"),
    },
    "maps": lambda number, folder: {
        "task": "change", "dates": 2, "messages": told(CHANGES, number),
        "meta": {"maps": [{"href": str(folder / f"{number}_map.png")}] * 2} if number % 2 else {},
    },
    "masks": _outlined,
}  # fmt: skip


def overrides_of(course: Course, **changes: Any) -> list[str]:
    """KEY=VALUE words, by which a shipped recipe is for the model "mine", at rates at which ten steps of four examples show."""
    overrides = {
        "model.id": "mine", "data": [{"format": "records", "path": f"{course.records}.jsonl"}], "batch_size": 4,
        "gradient_accumulation_steps": 2, "max_steps": 10, "seed": 1, "save_steps": 5, "logging_steps": 1, "workers": 0,
        **changes,
    }  # fmt: skip
    for number in range(len(load_recipe(Path(course.recipe), []).stages)):
        overrides |= {f"stages.{number}.learning_rate": 1e-3, f"stages.{number}.warmup_steps": 0}
    return [f"{key}={json.dumps(value)}" for key, value in overrides.items()]


def recipe_of(course: Course, **changes: Any) -> Recipe:
    """The recipe with these overrides."""
    return load_recipe(Path(course.recipe), overrides_of(course, **changes))
