"""Phrases for what can be pointed at: classes, all things of a name, the one thing that words single out; and for nothing."""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.builders.colours import NAMES as COLOURS
from rsvlm.trainer.builders.components import cells
from rsvlm.trainer.builders.refer import Phrase, meant, phrases
from rsvlm.trainer.builders.things import Thing
from rsvlm.trainer.builders.wording import plural
from rsvlm.trainer.metrics.change_answers import CELLS
from rsvlm.trainer.scenes.truths.truth import Object, Truth
from rsvlm.trainer.scenes.truths.words import absent_classes, absent_nouns, rather, seen_classes, wording

CROWD = 36  # things of one name beyond which none is singled out: it takes too long, and nobody would
FEW = 12  # boxes of one phrase
LARGE = 20  # pixels of a thing that is singled out


class Pointed(NamedTuple):
    """words: the phrase. masks, boxes: one or more, for each thing that is meant; none where the phrase means nothing."""

    words: str
    masks: list[NDArray[np.bool_]]
    boxes: list[tuple[int, int, int, int]]


def class_phrase(truth: Truth, draw: random.Random, besides: set[str]) -> tuple[str, Pointed]:
    """A class that is there, of those not in `besides` if there are others; its label and all of its pixels."""
    words = wording()["phrases"]
    seen = [label for label in seen_classes(truth) if label in words]
    labels = [label for label in seen if label not in besides] or seen
    if truth.shares.get("field", 0) == 0 and {"grass", "tree"} <= set(seen) and "vegetation" not in besides:
        labels.append("vegetation")
    label = rather(labels, False, draw)
    mask = truth.mask("grass", "tree") if label == "vegetation" else truth.mask(label)
    return label, Pointed(str(draw.choice(words[label])), [mask], [])


def referring(truth: Truth, draw: random.Random) -> Pointed | None:
    """Words that hold for one thing alone: by size, side, colour, place; None where no thing can be singled out."""
    names = [noun for noun, count in truth.counts.items() if count <= CROWD and noun not in truth.unclear]
    found = [one for noun in names for one in truth.of(noun) if one.pixels >= LARGE]
    if not found:
        return None
    by_name = {noun: [_thing(one) for one in truth.of(noun)] for noun in {one.noun for one in found}}
    for one in draw.sample(found, min(3, len(found))):
        among = by_name[one.noun]
        thing = among[truth.of(one.noun).index(one)]
        choices = phrases(thing)
        draw.shuffle(choices)
        rich = sorted(choices, key=lambda phrase: phrase == Phrase(one.noun))
        touched = {cell for other in truth.of(one.noun) if other is not one for cell in cells(truth.mask_of(other))}
        said = next((phrase for phrase in rich if phrase.cell not in touched and meant(phrase, among) is thing), None)
        if said is not None:
            return Pointed(f"the {_worded(said, draw)}", [truth.mask_of(one)], [one.box])
    return None


def _worded(phrase: Phrase, draw: random.Random) -> str:
    other = str(draw.choice(wording()["things"].get(phrase.label, [phrase.label])))
    return phrase.words.replace(phrase.label, other)


def _thing(one: Object) -> Thing:
    return Thing(one.noun, {"bbox": list(one.box)}, one.pixels, one.x, one.y, one.colours)


def all_of(truth: Truth, draw: random.Random) -> Pointed | None:
    """All things of a name with their boxes, where there are not too many."""
    nouns = [noun for noun, count in truth.counts.items() if count <= FEW and noun not in truth.unclear]
    if not nouns:
        return None
    noun = draw.choice(nouns)
    name = str(draw.choice(wording()["things"].get(noun, [noun])))
    several = truth.counts[noun] > 1
    said = draw.choice(
        (plural(name), f"all {plural(name)}", f"the {plural(name)}") if several else (name, f"the {name}")
    )
    there = truth.of(noun)
    return Pointed(said, [truth.mask_of(one) for one in there], [one.box for one in there])


def nothing(truth: Truth, draw: random.Random) -> Pointed:
    """A phrase that holds for nothing: another class, or a thing of a colour or at a place that none has."""
    near = [noun for noun, count in truth.counts.items() if count <= CROWD and noun not in truth.unclear]
    if near and draw.random() < 0.4:
        noun = draw.choice(near)
        there = [_thing(one) for one in truth.of(noun)]
        wrong = [Phrase(noun, colour=colour) for colour in draw.sample(COLOURS, 4)]
        wrong += [Phrase(noun, cell=cell) for cell in draw.sample(CELLS, 4)]
        draw.shuffle(wrong)
        touched = {cell for one in truth.of(noun) for cell in cells(truth.mask_of(one))}
        for phrase in wrong:
            if phrase.cell not in touched and not any(phrase.holds(thing, there, surely=False) for thing in there):
                return Pointed(f"the {_worded(phrase, draw)}", [], [])
    nouns, classes = absent_nouns(truth), [label for label in absent_classes(truth) if label in wording()["phrases"]]
    if nouns and (draw.random() < 0.5 or not classes):
        noun = rather(nouns, True, draw)
        name = str(draw.choice(wording()["things"].get(noun, [noun])))
        return Pointed(draw.choice((name, f"the {name}", plural(name))), [], [])
    return Pointed(str(draw.choice(wording()["phrases"][rather(classes, True, draw)])), [], [])
