"""The lines of a card that say what an answer rests on; each leads to its place on the map."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from math import isclose
from typing import Dict, List, Mapping, Optional

from ...protocol import Evidence
from ..layers.found import order, summary
from ..layers.record import Record
from ..layers.tally import Held
from ..translation import tr
from . import figures

MOST_EVIDENCE = 12
NO_PLACE = {"type": "GeometryCollection", "geometries": []}


def shown(record: Record, held: Optional[Mapping[str, Held]] = None) -> List[Evidence]:
    """What the lines are about: tiles one by one; of masks and boxes one for each label.

    held: what their layer holds by now, where that is known; then count, area and score are its own.
    """
    if not record.phrases:
        return record.answer.evidence
    said = _said(record)
    if held is None:
        return list(said.values())
    return [
        _now(said.get(label) or Evidence("mask", NO_PLACE, label, count=0), held.get(label, Held()))
        for label in order(record, {**said, **held})
    ]


def edited(record: Record, item: Evidence) -> bool:
    """Whether what is shown of a label is no longer what the answer said."""
    said = _said(record).get(item.label)
    if said is None or said.count != item.count:
        return True
    areas = (said.area_m2 or 0.0, item.area_m2 or 0.0)
    return not isclose(*areas, rel_tol=1e-6)


def lines(record: Record, colour: str, held: Optional[Mapping[str, Held]] = None) -> str:
    """Rich text; a link is the number of its evidence in `shown`. colour: of links, as CSS has it."""
    items = shown(record, held)
    if len(items) < 2 and not record.phrases:
        return ""
    told = [_line(record, index, item, colour) for index, item in enumerate(items[:MOST_EVIDENCE])]
    if len(items) > MOST_EVIDENCE:
        told.append(tr("%n more in the layer", len(items) - MOST_EVIDENCE))
    there = {item.label for item in items}
    absent = (phrase for phrase in record.answer.target_absent if phrase not in there)
    told += [f"0 ▢ {escape(phrase)} · {tr('not found here')}" for phrase in absent]
    return "<br>".join(told)


def _line(record: Record, index: int, item: Evidence, colour: str) -> str:
    words = escape(item.label or item.text or tr("without a label"))
    if not item.count:
        return f"0 ▢ {words} · {tr('none left')}"
    count = f"{figures.number(float(item.count), 9)} " if record.phrases else ""
    facts = [f"{count}<a href='{index}' style='color: {colour}; text-decoration: none'>▣ {words}</a>"]
    if item.area_m2 is not None and item.kind != "box":  # boxes hold more than the things, and overlap
        facts.append(figures.area(item.area_m2))
    if item.score is not None:
        facts.append(tr("score {score}").format(score=figures.number(item.score, 2)).replace(" ", "&nbsp;"))
    if record.phrases and edited(record, item):
        facts.append(tr("edited"))
    return " · ".join(facts)


def _said(record: Record) -> Dict[str, Evidence]:
    return {item.label: item for item in summary(record)}


def _now(said: Evidence, held: Held) -> Evidence:
    return replace(said, count=held.count, area_m2=held.area_m2, score=held.score)
