"""Questions on one picture that its masks decide: presence, number, place, share, comparison, theme, colour."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from rsvlm.trainer.builders.components import cells, pixels_in
from rsvlm.trainer.builders.wording import article, one_of, plural, whereabouts
from rsvlm.trainer.metrics.change_answers import CELLS
from rsvlm.trainer.scenes.truths.truth import Object, Truth
from rsvlm.trainer.scenes.truths.words import (
    LEAST,
    absent_classes,
    absent_nouns,
    rather,
    said_of,
    seen_classes,
    wording,
)

MOST = 30  # things that are asked to be counted
TIMES = 1.4  # as many, or as much, to be more
CLEAR = 1.0  # percent of the picture between a share and where the next step begins
ASIDE = 0.12  # of the picture, by which one thing lies aside of another


class Asked(NamedTuple):
    """kind: presence, count, location, relation, area, comparison, theme, setting or colour."""

    kind: str
    question: str
    answer: str
    about: str = ""  # what it asks for: two questions of a kind about the same are one


def questions(truth: Truth, theme: str, urban: bool, number: int, draw: random.Random) -> list[Asked]:
    """So many, of as many kinds as there can be; presence can always be asked."""
    kinds = list(_KINDS)
    draw.shuffle(kinds)
    asked = [one for kind in kinds if (one := _KINDS[kind](truth, draw)) is not None]
    found = list({(one.kind, one.about or one.question): one for one in asked}.values())
    found.insert(draw.randrange(len(found) + 1), _theme(theme, urban, draw))
    while len(found) < number:
        found.append(_presence(truth, draw))
    return found[:number]


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _name(noun: str, draw: random.Random) -> str:
    return str(draw.choice(wording()["things"].get(noun, [noun])))


def _presence(truth: Truth, draw: random.Random) -> Asked:
    """As often of what is there as of what is not."""
    words, there = wording()["vqa"]["presence"], draw.random() < 0.5
    nouns = sorted(truth.counts) if there else absent_nouns(truth)
    classes = seen_classes(truth) if there else absent_classes(truth)
    if nouns and (draw.random() < 0.6 or not classes):
        name = _name(rather(nouns, not there, draw), draw)
        return Asked("presence", one_of(draw, words["ask"], a_noun=article(name)), _yes(there), name)
    label = rather(classes, not there, draw)
    return Asked("presence", one_of(draw, words["ask_class"], name=said_of(label, draw)), _yes(there), label)


def _count(truth: Truth, draw: random.Random) -> Asked | None:
    nouns = [noun for noun, count in truth.counts.items() if count <= MOST and noun not in truth.unclear]
    if draw.random() < (0.08 if nouns else 0.5):
        nouns = absent_nouns(truth)
    if not nouns:
        return None
    noun = draw.choice(nouns)
    asked = one_of(draw, wording()["vqa"]["count"]["ask"], nouns=plural(_name(noun, draw)))
    return Asked("count", asked, str(truth.counts.get(noun, 0)), noun)


def _count_more(truth: Truth, draw: random.Random) -> Asked | None:
    return _count(truth, draw) if truth.counts else None


def _only(truth: Truth) -> list[Object]:
    """Things of which there is one, and not a sliver of another."""
    return [truth.of(noun)[0] for noun, count in truth.counts.items() if count == 1 and noun not in truth.unclear]


def _where(truth: Truth, draw: random.Random) -> Asked | None:
    found = [one for one in _only(truth) if _within(one)]
    if not found:
        return None
    one = draw.choice(found)
    asked = one_of(draw, wording()["vqa"]["where"]["ask"], noun=_name(one.noun, draw))
    return Asked("location", asked, whereabouts(one.cell))


def _within(one: Object) -> bool:
    """Whether its middle lies clearly in one cell of the grid."""
    return all(abs(3 * place - edge) > 0.12 for place in (one.x, one.y) for edge in (1, 2))


def _here(truth: Truth, draw: random.Random) -> Asked | None:
    """What lies in a cell, where one class has most of it."""
    cell = draw.choice(CELLS)
    whole = truth.classes.size / 9
    shares = {label: pixels_in(truth.mask(label), cell) / whole for label in seen_classes(truth)[:4]}
    label = max(shares, key=lambda one: shares[one])
    if shares[label] < 0.6:
        return None
    asked = one_of(draw, wording()["vqa"]["here"]["ask"], part=_part(cell), place=whereabouts(cell))
    return Asked("location", asked, wording()["classes"][label][0])


def _part(cell: str) -> str:
    """“top left”, “middle”."""
    return whereabouts(cell).removeprefix("at the ").removeprefix("in the ")


def _inside(truth: Truth, draw: random.Random) -> Asked | None:
    nouns = [noun for noun, count in truth.counts.items() if count <= MOST and noun not in truth.unclear]
    if not nouns:
        return None
    noun = draw.choice(nouns)
    middles = {one.cell for one in truth.of(noun)}
    touched = {cell for one in truth.of(noun) for cell in cells(truth.mask_of(one))}
    there = draw.random() < 0.5
    choices = sorted(middles) if there else [cell for cell in CELLS if cell not in touched]
    if not choices:
        return None
    cell, name = draw.choice(choices), _name(noun, draw)
    asked = one_of(draw, wording()["vqa"]["inside"]["ask"], a_noun=article(name), place=whereabouts(cell))
    return Asked("location", asked, _yes(there))


def _side(truth: Truth, draw: random.Random) -> Asked | None:
    """Whether a thing, or all things of a name, lie on one side of the only one of another name."""
    others = _only(truth)
    if not others:
        return None
    other = draw.choice(others)
    names = [noun for noun, count in truth.counts.items() if count <= MOST and noun != other.noun]
    draw.shuffle(names)
    for noun in names:
        there = truth.of(noun)
        opposite = {"left": "right", "right": "left", "above": "below", "below": "above"}
        distances = {
            "left": min(other.x - one.x for one in there),
            "right": min(one.x - other.x for one in there),
            "above": min(other.y - one.y for one in there),
            "below": min(one.y - other.y for one in there),
        }
        side = max(distances, key=lambda name: distances[name])
        if distances[side] < ASIDE or noun in truth.unclear:
            continue
        true, words = draw.random() < 0.5, wording()["vqa"]["side"]
        name = _name(noun, draw)
        said = {"one": plural(name) if len(there) > 1 else name, "other": _name(other.noun, draw)}
        told = words["sides"][side if true else opposite[side]]
        return Asked(
            "relation", one_of(draw, words["ask_all" if len(there) > 1 else "ask"], side=told, **said), _yes(true)
        )
    return None


def _share(truth: Truth, draw: random.Random) -> Asked | None:
    """In steps of ten percent, where the share lies clearly in one of them; small ones in steps of five."""
    words = wording()["vqa"]["share"]
    labels = [label for label in seen_classes(truth) if truth.shares[label] > 0.035]
    if draw.random() < 0.1 or not labels:
        label, percent = draw.choice(absent_classes(truth)), 0
    else:
        label = draw.choice(labels)
        share = 100 * truth.shares[label]
        step = 10 if share > 12.5 else 5
        percent = round(share / step) * step
        if abs(share - percent) > step / 2 - CLEAR:
            return None
    return Asked("area", one_of(draw, words["ask"], name=said_of(label, draw)), words["answer"].format(percent=percent))


def _most(truth: Truth, draw: random.Random) -> Asked | None:
    first, *rest = seen_classes(truth)
    if rest and truth.shares[first] < TIMES * truth.shares[rest[0]]:
        return None
    return Asked("area", one_of(draw, wording()["vqa"]["most"]["ask"]), wording()["classes"][first][0])


def _more(truth: Truth, draw: random.Random) -> Asked | None:
    words = wording()["vqa"]["more"]
    nouns = sorted(truth.counts.keys() - truth.unclear)
    classes = [label for label in seen_classes(truth) if truth.shares[label] > 3 * LEAST]
    if len(nouns) > 1 and draw.random() < 0.5:
        first, second = draw.sample(nouns, 2)
        one, other = truth.counts[first], truth.counts[second]
        asked = one_of(draw, words["ask"], first=plural(first), second=plural(second))
    elif len(classes) > 1:
        first, second = draw.sample(classes, 2)
        one, other = (round(1e5 * truth.shares[label]) for label in (first, second))
        asked = one_of(draw, words["ask_area"], first=said_of(first, draw), second=said_of(second, draw))
    else:
        return None
    if max(one, other) < TIMES * min(one, other):
        return None
    return Asked("comparison", asked, _yes(one > other))


def _theme(theme: str, urban: bool, draw: random.Random) -> Asked:
    words = wording()["vqa"]
    if draw.random() < 0.25:
        return Asked("setting", one_of(draw, words["setting"]["ask"]), words["setting"]["urban" if urban else "rural"])
    return Asked("theme", one_of(draw, words["theme"]["ask"]), theme)


def _colour(truth: Truth, draw: random.Random) -> Asked | None:
    found = [one for one in _only(truth) if one.colour and one.noun in ("building", "car", "storage tank")]
    if not found:
        return None
    one = draw.choice(found)
    return Asked("colour", one_of(draw, wording()["vqa"]["colour"]["ask"], noun=_name(one.noun, draw)), one.colour)


_KINDS: dict[str, Callable[[Truth, random.Random], Asked | None]] = {
    "presence": _presence,
    "again": _presence,
    "count": _count,
    "more counts": _count_more,
    "where": _where,
    "here": _here,
    "inside": _inside,
    "side": _side,
    "share": _share,
    "most": _most,
    "more": _more,
    "colour": _colour,
}
