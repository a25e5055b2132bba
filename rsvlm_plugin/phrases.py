"""What a user types to be looked for, as phrases."""

from __future__ import annotations

from typing import List


def split_phrases(text: str) -> List[str]:
    """Each phrase once: between semicolons where there are any, which lets a phrase hold commas; else between commas."""
    parts = text.split(";" if ";" in text else ",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))
