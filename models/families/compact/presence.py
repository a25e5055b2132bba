"""Whether what a phrase names is in a picture at all, by three witnesses: the model's words, its mask, and how alike both are.

The decoder says of any phrase whether it is there, but has learnt so on few real pictures, and of few names; a mask of what is
not there is faint. Pictures and phrases have vectors of one space besides, learnt from captions of real pictures (CLIP, arXiv
2103.00020). How far each is to be believed is fitted on pictures (logistic regression, trainer/presence.py); the card has the
result. Knows numbers and phrases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from rsvlm.models.cards import Calibration

SETTING = (
    "in|inside|outside|within|into|on|upon|onto|off|of|at|near|by|with|under|over|beneath|below|above|beside|behind|between|beyond|"
    "along|alongside|around|across|among|against|next|close|from|to|for|without|that|which"
)  # words that begin where or how a thing is
_SETTING = re.compile(rf"\b(?:{SETTING})\b")
_AMOUNT = re.compile(r"\s*(?:bod(?:y|ies)|areas?|patch(?:es)?|pieces?|stretch(?:es)?|expanses?) of\b")
# What was learnt in words alone, or not at all, by the name that the same cover was outlined by.
_SAME = {
    "forests?|woodlands?|woods": "trees", "open ground": "bare land", "concrete|asphalt|tarmac": "pavement",
    "meadows?|pastures?": "grassland", "homes": "houses",
}  # fmt: skip
# What was learnt only among others: drawn with these, it cannot be measured.
_WIDER = {"trucks|lorries|vans": "vehicles"}
COVER = "areas?|lots?|spaces?|land|soil|ground|surfaces?|cover|canopy|crowns?|network|bod(?:y|ies)|patch(?:es)?"
_ALONE = rf"(?=\W*(?:$|(?:and|or|{SETTING}|{COVER})\b))"  # “concrete”, but not of “concrete buildings”
CHANGED = "what changed"  # the phrase for all that differs between two dates
_BACK = {"new": "lost", "lost": "new"}
ALMOST = 1e-6  # no chance is nearer to 0 or 1


def backwards(phrase: str) -> str | None:
    """What a phrase about two dates means where time runs the other way; None where that is not known."""
    state, _, thing = phrase.partition(" ")
    return CHANGED if phrase == CHANGED else f"{_BACK[state]} {thing}" if state in _BACK and thing else None


def evidence(own: np.ndarray, surest: np.ndarray, alike: np.ndarray, familiar: np.ndarray) -> np.ndarray:
    """What `Calibration.present` weighs: (n, phrases, 5) float.

    own: (n, phrases), chances that the model's words give. surest: (n, phrases), of the mask's surest pixel. alike: (n, phrases),
    see zero_shot.against_cover. familiar: (n,) bool, pictures that resemble those whose captions were learnt; elsewhere likeness
    tells nothing.
    """
    known = np.broadcast_to(familiar[:, None], own.shape).astype(np.float64)
    return np.stack([_log_odds(own), _log_odds(surest), alike * known, known, np.ones_like(known)], axis=-1)


def chances(
    calibration: Calibration,
    phrases: Sequence[str],
    own: np.ndarray,
    surest: np.ndarray,
    alike: np.ndarray,
    familiar: np.ndarray,
) -> np.ndarray:
    """(n, phrases) float32 in [0, 1]: how likely any of it is there. own to familiar: as `evidence` has them."""
    slope, lift = calibration.named
    learnt = np.array([outlined(head(phrase), calibration.outlined) for phrase in phrases])
    odds = evidence(own, surest, alike, familiar) @ np.array(calibration.present)
    return _chance(np.where(learnt, odds, slope * alike + lift))


def told(calibration: Calibration, own: np.ndarray, surest: np.ndarray) -> np.ndarray:
    """The same by the model's words and mask alone."""
    nothing = evidence(own, surest, np.zeros_like(own), np.zeros(len(own), bool))
    return _chance(nothing @ np.array(calibration.present))


def _log_odds(chances: np.ndarray) -> np.ndarray:
    sure = chances.astype(np.float64).clip(ALMOST, 1 - ALMOST)
    return np.asarray(np.log(sure / (1 - sure)))


def _chance(odds: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


def asks_likeness(calibration: Calibration) -> bool:
    """Whether it takes vectors at all to tell what is there."""
    return any(calibration.present[2:4]) or bool(calibration.outlined)


def outlined(phrase: str, names: Sequence[str]) -> bool:
    """Whether a phrase has one of the names, which are singular, in it, in singular or plural; any has if there are none."""
    words = f" {' '.join(re.findall(r'[a-z]+', phrase.lower()))} "
    return not names or any(f" {name}{end} " in words for name in names for end in ("", "s", "es"))


def as_outlined(phrase: str) -> str:
    """The phrase by the name that is outlined best: “forest at the left” is asked for as “trees at the left”, and “trucks” as
    “vehicles”, which are more.
    """
    return _renamed(phrase, _SAME | _WIDER)


def synonym(phrase: str) -> str:
    """The same as long as that name means the same: “trucks” are left as they are."""
    return _renamed(phrase, _SAME)


def wider(phrase: str) -> tuple[str, str] | None:
    """What of a phrase is outlined with others of a wider name, and that name: “trucks” and “vehicles”; None if nothing is."""
    for names, learnt in _WIDER.items():
        found = re.search(rf"\b(?:{names})\b{_ALONE}", phrase, re.IGNORECASE)
        if found:
            return found[0], learnt
    return None


def _renamed(phrase: str, names: Mapping[str, str]) -> str:
    for known, learnt in names.items():
        phrase = re.sub(rf"\b(?:{known})\b{_ALONE}", learnt, phrase, flags=re.IGNORECASE)
    return phrase


def head(phrase: str) -> str:
    """The thing itself, without where or how it is: “umbrellas” of “umbrellas on the sand”, “water” of “bodies of water”."""
    return _SETTING.split(_AMOUNT.sub("", phrase.lower()))[0].strip() or phrase
