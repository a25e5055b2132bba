"""How a question is put to a model: its card's template for a task, and the tags that a user may write himself.

Tags as SkyEyeGPT (arXiv 2401.09712, section 3.2) and GeoPix (arXiv 2501.06828) read them. Knows cards and text only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rsvlm.models.cards import ModelCard

TAGS = ("caption", "vqa", "refer", "identify", "grounding", "detection", "segment")
TEXT = "{text}"  # in a template: where the question or the phrase stands
BRIEFLY = "Describe this image briefly."  # to models of transformers, whose cards may have no words for it
_TAG = re.compile(rf"\s*\[({'|'.join(TAGS)})\]\s*", re.IGNORECASE)


def put(card: ModelCard, kind: str, text: str = "") -> str:
    """The prompt for `text`. kind: one of TAGS, "change" or "change_ask"; a tag at the start of `text` is meant instead.

    Without a template of that kind, the text as it is.
    """
    tag = _TAG.match(text)
    if tag:
        kind, text = tag[1].lower(), text[tag.end() :]
    template = _template(card, kind)
    if tag and template is None:
        return f"[{kind}] {text.strip()}"
    return (TEXT if template is None else template).replace(TEXT, text.strip()).strip()


def _template(card: ModelCard, kind: str) -> str | None:
    """The card's, or the one that stands in for it: that for grounding refers to a thing as well."""
    if kind in card.prompts:
        return card.prompts[kind]
    if kind == "refer":
        return card.prompts.get("grounding")
    return BRIEFLY if kind == "caption" and card.family == "huggingface" else None


def class_sentences(name: str, templates: Sequence[str]) -> list[str]:
    """A class in all templates, {} for its name: in small letters, with spaces for _ and / as datasets write them."""
    words = name.lower().replace("_", " ").replace("/", " ").strip()
    return [template.replace("{}", words) for template in templates]
