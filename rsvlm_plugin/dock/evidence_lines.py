"""The lines of a card that say what an answer rests on; each leads to its place on the map."""

from __future__ import annotations

from html import escape
from typing import List

from ...protocol import Evidence
from ..layers.found import summary
from ..layers.record import Record
from ..translation import tr
from . import figures

MOST_EVIDENCE = 12


def shown(record: Record) -> List[Evidence]:
    """What the lines are about: tiles one by one; of masks and boxes one for each label."""
    return summary(record) if record.phrases else record.answer.evidence


def lines(record: Record, colour: str) -> str:
    """Rich text; a link is the number of its evidence in `shown`. colour: of links, as CSS has it."""
    items = shown(record)
    if len(items) < 2 and not record.phrases:
        return ""
    told = []
    for index, item in enumerate(items[:MOST_EVIDENCE]):
        words = escape(item.label or item.text)
        count = f"{figures.number(float(item.count), 9)} " if record.phrases else ""
        facts = [f"{count}<a href='{index}' style='color: {colour}; text-decoration: none'>▣ {words}</a>"]
        if item.area_m2 is not None:
            facts.append(figures.area(item.area_m2))
        if item.score is not None:
            facts.append(tr("score {score}").format(score=figures.number(item.score, 2)).replace(" ", "&nbsp;"))
        told.append(" · ".join(facts))
    if len(items) > MOST_EVIDENCE:
        told.append(tr("%n more in the layer", len(items) - MOST_EVIDENCE))
    told += [f"0 ▢ {escape(phrase)} · {tr('not found here')}" for phrase in record.answer.target_absent]
    return "<br>".join(told)
