"""Sentences on a picture in the manner of UCM-Captions and RSICD: what there is, how much of it, and how it lies to the rest."""

from __future__ import annotations

import random

import numpy as np

from rsvlm.trainer.builders.wording import article, listed, put
from rsvlm.trainer.scenes.truths.truth import Truth
from rsvlm.trainer.scenes.truths.words import amount, is_plural, said_of, seen_classes, wording

CAPTIONS = 5  # of a picture
_SURROUNDS, _BESIDE = 0.6, 0.3  # share of what lies near, to be said
_OWN = {"parking lot": "parking", "farmland": "field", "forest": "tree"}  # class that the name of a theme says already
_PLACES = {"top": "at the top", "center": "in the middle", "bottom": "at the bottom"}
_VERBS = {"drive": "drives", "float": "floats", "cross": "crosses", "stand": "stands", "lie": "lies", "cover": "covers"}


def captions(truth: Truth, theme: str, draw: random.Random) -> list[str]:
    """CAPTIONS sentences, all different where enough can be said."""
    words = wording()["caption"]
    relations = _relations(truth, draw)
    draw.shuffle(relations)
    found: list[str] = []
    for number in range(CAPTIONS * 3):
        a_theme = article(str(draw.choice(wording()["themes"][theme])))
        what, many, first_many = _inventory(truth, draw)
        kind = number % 3
        if kind == 0 and relations:
            first, *rest = draw.sample(relations, min(2, len(relations)))
            said = f"{first}."
            if rest and draw.random() < 0.6:
                said = draw.choice(words["joined"]).format(first=first, second=rest[0])
        elif kind == 1 and what:
            verbs = {"verb": "are" if many else "is", "there_verb": "are" if first_many else "is"}
            said = draw.choice(words["inventory"]).format(what=what, a_theme=a_theme, **verbs)
        elif kind == 2 and (placed := _placed(truth, draw)):
            said = draw.choice(words["placed"]).format(what=placed[0], verb=placed[1], where=placed[2], a_theme=a_theme)
        else:
            seen = seen_classes(truth)
            others = [label for label in seen if label != _OWN.get(theme)] or seen
            ground = listed([said_of(label, draw) for label in others[:2]])
            said = draw.choice(words["plain"]).format(a_theme=a_theme, ground=ground)
        sentence = put(said)
        if sentence not in found:
            found.append(sentence)
        if len(found) == CAPTIONS:
            break
    return found


def _inventory(truth: Truth, draw: random.Random) -> tuple[str, bool, bool]:
    """Up to three things or classes as a list; whether all of it, and its first part, are in plural."""
    nouns = sorted(truth.counts, key=lambda noun: -sum(one.pixels for one in truth.of(noun)))
    parts = [(amount(truth.counts[noun], noun, draw), truth.counts[noun] > 1) for noun in nouns[:3]]
    told = ["tree", "field", "road", "sand", "bare", "grass"] + ["water"] * ("lake" not in truth.counts)
    covered = [label for label in seen_classes(truth) if label in told]
    parts += [(name := said_of(label, draw), is_plural(name)) for label in covered[:2]]
    if not parts:
        return "", False, False
    parts = parts[: draw.choice((1, 2, 2, 3))]
    return listed([word for word, _ in parts]), len(parts) > 1 or parts[0][1], parts[0][1]


def _placed(truth: Truth, draw: random.Random) -> tuple[str, str, str] | None:
    """The one thing of its kind, or all of them, where they lie in one part of the picture."""
    choices = []
    for noun in truth.counts:
        row, _, column = truth.of(noun)[0].cell.partition("-")
        if len({one.cell for one in truth.of(noun)}) == 1:
            where = f"in the {column} part" if row == "center" and column != "center" else _PLACES[row]
            if row != "center" and column != "center":
                where = f"in the {row} {column} part"
            many = truth.counts[noun] > 1
            choices.append((amount(truth.counts[noun], noun, draw), "are" if many else "is", where))
    return draw.choice(choices) if choices else None


def _relations(truth: Truth, draw: random.Random) -> list[str]:
    """All that can be said of how things lie to what is near them."""
    words = wording()["relations"]
    found: list[str] = []

    def say(key: str, count: int = 0, noun: str = "", **more: str) -> None:
        one = count == 1
        verbs = {verb: single if one else verb for verb, single in _VERBS.items()}
        what = amount(count, noun, draw) if noun else ""
        found.append(draw.choice(words[key]).format(what=what, verb="is" if one else "are", **{**verbs, **more}))

    for noun, count in truth.counts.items():
        near = _near(truth, noun)
        top = next(iter(near), "")
        key = f"{noun}-{top}"
        if key in words and (noun != "boat" or near.get("pier", 0) < 0.12):
            say(key, count, noun)
        elif noun == "boat" and near.get("pier", 0) >= 0.12:
            say("boat-pier", count, noun)
        elif noun == "bridge" and "water" in truth.shares:
            say("bridge-water", count, noun)
        elif noun in ("car", "boat", "bridge") or not top:
            continue
        elif near[top] >= _SURROUNDS:
            say(f"amid-{noun}" if f"amid-{noun}" in words else "amid", count, noun, ground=said_of(top, draw))
        elif near[top] >= _BESIDE:
            say("beside", count, noun, ground=said_of(top, draw))
    found += _areas(truth, draw)
    return found


def _near(truth: Truth, noun: str) -> dict[str, float]:
    """What lies near all things of a noun together, other things of it left out."""
    mask = np.isin(truth.things, [one.thing for one in truth.of(noun)])
    return {label: share for label, share in truth.around(mask).items() if label != noun}


def _areas(truth: Truth, draw: random.Random) -> list[str]:
    """Of rivers, beaches and roads, and of what covers most."""
    words, found = wording()["relations"], []
    shares = truth.shares
    nouns = {truth.nouns[number] for number in set(truth.things[::8, ::8].ravel().tolist())}

    def land(mask_label: str) -> list[str]:
        skip = ("water", "bridge", "boat", "car", "pier", mask_label)
        return [
            label for label, share in truth.around(truth.mask(mask_label)).items() if share > 0.15 and label not in skip
        ]

    def put_in(key: str, ground: str, other: str = "") -> str:
        names = {"ground": said_of(ground, draw), "other": said_of(other, draw) if other else ""}
        many = is_plural(names["ground"])
        verbs = {"is_mass": "are" if many else "is", "cover": "cover" if many else "covers"}
        return str(draw.choice(words[key])).format(**names, **verbs)

    if "river" in nouns and shares.get("water", 0) > 0.02:
        sides = land("water")
        found += (
            [put_in("river", sides[0], sides[1])] if len(sides) > 1 else [put_in("river-one", s) for s in sides[:1]]
        )
    if "sea" in nouns and shares.get("water", 0) > 0.02:
        sandy = shares.get("sand", 0) > 0.02
        sides = [label for label in land("sand" if sandy else "water") if label != "sand"]
        found += [put_in("beach" if sandy else "shore", sides[0])] if sides else []
    if shares.get("road", 0) > 0.01 and (sides := [label for label in land("road") if label != "building"]):
        found.append(put_in("road", sides[0]))
    most = max(shares, key=lambda label: shares[label])
    if shares[most] > 0.5:
        found.append(put_in("covers", most))
    return found
