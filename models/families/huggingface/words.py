"""How questions are put to an image-text model of transformers, and which of its tokens a reader gets to see.

Models with a chat template are asked by it; the others as their papers do: LLaVA (arXiv 2310.03744), BLIP-2 (arXiv
2301.12597, section 4.1), Florence-2 (arXiv 2311.06242, table 1: a task's mark, then words), PaliGemma (arXiv 2407.07726,
section 3.2.5). Knows words; nothing of pixels or networks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError

from rsvlm.models.prompts import BRIEFLY
from rsvlm.protocol import RsvlmError

# Without a chat template: a question, and what stands between it and the next one.
TURNS = {"llava": ("USER: {images}{text} ASSISTANT:", " {answer}</s>"), "blip-2": ("{text}", " {answer}. ")}
# Places and outlines are words to the reader, although the tokenizer calls them special.
PLACE = re.compile(r"</?(loc_?|seg)\d+>|</?(poly|sep|od|ocr|grounding)>|<\|(box|quad|object_ref)_(start|end)\|>")
BBOX = re.compile(r"(\"bbox_2d\"\s*:\s*\[)([-\d.,\s]+)(?=\])")
FLORENCE_TASK = re.compile(r"\s*(<[A-Z_]+>)\s*")

LOCATE = "Locate every {text} in the image. Report the bounding boxes as JSON, with bbox_2d and label."
# What a card says of models of an architecture; see ModelCard and prompts.py.
CARDS: dict[str, dict[str, Any]] = {
    "qwen3_vl": {
        "prompts": {
            "grounding": LOCATE,
            "detection": LOCATE,
            "segment": LOCATE,
        },
        "box_convention": "JSON with bbox_2d: x0, y0, x1, y1 in thousandths of the picture",
        "boxes": "thousand",
    },
    "florence2": {
        "prompts": {
            "caption": "<MORE_DETAILED_CAPTION>",
            "grounding": "<CAPTION_TO_PHRASE_GROUNDING>{text}",
            "detection": "<OPEN_VOCABULARY_DETECTION>{text}",
            "segment": "<REFERRING_EXPRESSION_SEGMENTATION>{text}",
        },
        "box_convention": "<loc_x0><loc_y0><loc_x1><loc_y1> in thousandths of the picture",
        "boxes": "florence",
    },
    "paligemma": {
        "prompts": {
            "caption": "caption en",
            "vqa": "answer en {text}",
            "grounding": "detect {text}",
            "detection": "detect {text}",
            "segment": "segment {text}",
        },
        "box_convention": "<locY0><locX0><locY1><locX1> in 1024ths of the picture",
        "boxes": "paligemma",
    },
    "blip-2": {"prompts": {"caption": "a photo of", "vqa": "Question: {text} Answer:"}},
}
CARDS["qwen2_5_vl"] = CARDS["qwen3_vl"]  # once its pixels are in_thousandths
TASKS = {"florence2": ["describe", "ground", "segment"], "paligemma": ["describe", "ask", "ground"]}
SINGLE = frozenset({"florence2", "paligemma", "instructblip"})  # read one question, and nothing before it
ONE_PICTURE = SINGLE | {"blip-2"}


def card_fields(architecture: str, pixels: int, outlines: bool = False) -> dict[str, Any]:
    """What the card of such a model says beside its id, files and terms.

    pixels: along the side of what it looks at; outlines: a SAM beside it draws masks for its boxes.
    """
    own = CARDS.get(architecture, {})
    locates = "boxes" in own
    tasks = [
        "describe",
        "ask",
        *(["ground"] if locates else []),
        *([] if architecture in ONE_PICTURE else ["change_ask"]),
    ]
    tasks = TASKS.get(architecture, tasks)
    return {
        "tasks": [*tasks, "segment"] if outlines and locates and "segment" not in tasks else tasks,
        "prompt_template": "the model's own, around {text}",
        "box_convention": "none",
        "dialogue": architecture not in SINGLE,
        "input": {
            "bands": "red, green, blue",
            "pixels": pixels,
            "gsd_range_m": [0.1, 30.0],
            "sensors": ["optical", "panchromatic"],
        },
        **own,
        "prompts": {"caption": BRIEFLY, **own.get("prompts", {})},
    }


def put(processor: Any, architecture: str, text: str, earlier: Sequence[tuple[str, str]], pictures: int) -> str:
    """The whole prompt for a question about so many pictures, which stand before the first word.

    Raises RsvlmError (bad_request) for what such a model does not read.
    """
    if earlier and (architecture in SINGLE or not (processor.chat_template or architecture in TURNS)):
        raise RsvlmError("bad_request", "This model reads no earlier questions.", "Ask anew, with all that matters.")
    if architecture in ONE_PICTURE and pictures > 1:
        raise RsvlmError("bad_request", "This model looks at one picture at a time.", "Choose a model for pairs.")
    if architecture == "florence2":
        return _florence(processor, text)
    turns = [(plain(processor, asked), plain(processor, answer)) for asked, answer in earlier]
    last = plain(processor, text)
    if processor.chat_template:
        return _chat(processor, turns, last, pictures)
    mark = str(getattr(processor, "image_token", "")) * pictures
    if architecture not in TURNS:
        return last if architecture == "instructblip" else mark + last
    turn, between = TURNS[architecture]
    asked = [turn.format(images="{images}", text=question) + between.format(answer=said) for question, said in turns]
    whole = "".join([*asked, turn.format(images="{images}", text=last)])
    return whole.replace("{images}", mark + "\n", 1).replace("{images}", "")


def _chat(processor: Any, turns: Sequence[tuple[str, str]], last: str, pictures: int) -> str:
    content: list[dict[str, str]] = [{"type": "image"} for _ in range(pictures)]
    messages: list[dict[str, Any]] = []
    for question, answer in turns:
        messages.append({"role": "user", "content": [*content, {"type": "text", "text": question}]})
        messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
        content = []
    messages.append({"role": "user", "content": [*content, {"type": "text", "text": last}]})
    broken = RsvlmError("model_failed", "The chat template of this model is broken or refused.", "Get the model again.")
    try:
        prompt = str(processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    except TemplateError as error:
        raise broken from error
    if prompt.count(str(getattr(processor, "image_token", ""))) != pictures:
        raise broken
    return prompt


def in_thousandths(text: str, width: int, height: int) -> str:
    """The same with each bbox_2d in thousandths; Qwen2.5-VL (arXiv 2502.13923, section 2.1) counts pixels of width x height."""

    def scaled(found: re.Match[str]) -> str:
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", found[2])]
        sides = (width, height) * len(numbers)
        return found[1] + ", ".join(
            str(round(1000 * number / side)) for number, side in zip(numbers, sides, strict=False)
        )

    return BBOX.sub(scaled, text)


def florence_task(processor: Any, text: str) -> tuple[str | None, str]:
    """The mark of a task that `text` begins with, None without one, and the rest."""
    found = FLORENCE_TASK.match(text)
    if found and found[1] in processor.tasks_answer_post_processing_type:
        return found[1], text[found.end() :].strip()
    return None, text


def _florence(processor: Any, text: str) -> str:
    task, rest = florence_task(processor, text)
    if task in processor.task_prompts_without_inputs and rest:
        raise RsvlmError("bad_request", f"Florence's task {task} takes no words.", "Leave them out.")
    rest = plain(processor, rest)
    for mark in processor.tasks_answer_post_processing_type:
        rest = rest.replace(mark, f"< {mark[1:]}")
    return f"{task or ''}{rest}"


def plain(processor: Any, text: str) -> str:
    """A user's words, in which no token of the model's own has its effect: “<image>” stands as “< image>”."""
    marks = {*processor.tokenizer.all_special_tokens, str(getattr(processor, "image_token", "<image>"))}
    marks = {mark for mark in marks if len(mark) > 1 and not PLACE.fullmatch(mark) and mark in text}
    for mark in sorted(marks, key=len, reverse=True):
        text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def silent(processor: Any) -> frozenset[int]:
    """Tokens that are not told: the special ones, but places and outlines."""
    tokenizer = processor.tokenizer
    pairs = zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True)
    return frozenset(number for number, token in pairs if not PLACE.fullmatch(token))
