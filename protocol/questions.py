"""What a question in words is about, where that decides who answers it."""

from __future__ import annotations

import re

_IMAGE = r"(?:(?:this|the|that) )?(?:(?:satellite|aerial|remote sensing) )?(?:image|picture|photo|place|scene|area|map|view)s?"
_DESCRIBES = re.compile(
    rf"\W*(?:please )?(?:(?:can|could) you )?(?:describe|caption) (?:{_IMAGE}|this|it|what you see)(?: in detail| briefly)?\W*"
    rf"|\W*what (?:does|do) (?:{_IMAGE}|this|it) show\W*|\W*what (?:is|can be seen|(?:can|do) you see) (?:in|on) {_IMAGE}\W*",
    re.IGNORECASE,
)


def asks_for_all(text: str) -> bool:
    """Whether a question, as a whole and in English, asks for no more than a description of what is shown."""
    return _DESCRIBES.fullmatch(text) is not None
