"""Questions that ask for what can be measured on outlines: whether something is there, how many, how much, which is more, which
lies where. Knows English wording; no model, no raster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CELLS = {
    f"{row} {column}".strip() or "middle": (x, y)
    for y, row in enumerate(("top", "", "bottom"))
    for x, column in enumerate(("left", "", "right"))
}  # of a 3 x 3 grid: column from the left, row from the top
_OTHER_WORDS = {"upper": "top", "lower": "bottom", "center": "middle", "centre": "middle", "-": " "}
_IN = (
    r"(?:(?: that)? (?:are|is|can be) (?:there|present|visible|seen|shown|to be seen))?(?: (?:there|present|visible|to be seen))?"
    r"(?: (?:in|on|within) (?:this|the) (?:whole |entire )?(?:\w+ )?(?:image|picture|photo|place|scene|area|map|view|extent))?"
)
_A = r"(?:an? |any |some |the )?"
_THING = r"(?P<{}>[a-z][a-z' -]*?)"
_P, _Q = _THING.format("first"), _THING.format("second")
_CELL = r"(?P<cell>(?:top|upper|bottom|lower)[ -](?:left|right)|top|bottom|left|right|middle|cent(?:er|re))"
_AT = rf"(?:at|in|on) the {_CELL}(?: (?:part|corner|side|half))?(?: of (?:this|the) \w+)?"
_MORE = r"(?P<more>more|larger|greater|bigger|higher|fewer|less|smaller)"
_SHOWS = r"do(?:es)? (?:this|the) (?:\w+ )?(?:image|picture|photo|place|scene|area|map|view|extent)s?"
_SIDE = r"(?P<side>above|below|(?:to the )?left of|(?:to the )?right of)"

_FORMS = {
    "there": (
        rf"(?:is|are) there {_A}{_P}(?: {_AT})?{_IN}",
        rf"(?:is|are) (?:an?|any|some) {_P} (?:present|visible|to be seen){_IN}",
        rf"do(?:es)? (?:an?|any|some) {_P} lie {_AT}",
        rf"{_SHOWS} (?:contain|show|have|include) {_A}{_P}",
        rf"(?:can|do) you see {_A}{_P}(?: {_AT})?{_IN}",
        rf"can {_A}{_P} be seen(?: {_AT})?{_IN}",
    ),
    "size": (
        rf"how (?:large|big) (?:is|are) (?:all )?(?:the )?{_P}{_IN}",
        rf"(?:what is )?(?:the )?(?:total )?(?:area|size) of (?:all )?(?:the )?{_P}{_IN}",
        rf"how many (?:ha|hectares?|acres|square (?:kilo)?met(?:er|re)s|m2|km2) of {_P}{_IN}",
        rf"how much {_P} is there{_IN}",
    ),
    "count": (
        rf"how many {_P}(?: (?:are|is|lie|can be seen)(?: there)? {_AT})?{_IN}",
        rf"(?:what is the|the)? ?number of {_P}{_IN}",
        rf"count (?:all )?(?:the )?{_P}{_IN}",
    ),
    "share": (
        rf"how much(?: of (?:this|the) \w+)? (?:is|are) (?:covered (?:by|with)|taken up by) {_P}",
        rf"how large is the (?:share|part|portion) of {_P}{_IN}",
        rf"(?:what|which) (?:percentage|share|part|portion) of (?:this|the) \w+ (?:is|are) (?:covered (?:by|with) )?{_P}",
    ),
    "number": (
        rf"are there {_MORE} {_P} than {_Q}{_IN}",
        rf"is the number of {_P} {_MORE} than (?:the number|that) of {_Q}{_IN}",
    ),
    "area": (
        rf"is the area of {_P} {_MORE} than (?:the area|that) of {_Q}{_IN}",
        rf"is {_MORE} of (?:this|the) \w+ covered (?:by|with) {_P} than (?:by|with) {_Q}",
        rf"is there {_MORE} {_P} than {_Q}{_IN}",
    ),
    "beside": (rf"(?:is|are) (?P<all>the|all(?: the)?) {_P} {_SIDE} the {_Q}{_IN}",),
}
_READ = [
    (kind, re.compile(form))
    for kind in ("area", "number", "beside", "share", "size", "count", "there")
    for form in _FORMS[kind]
]
_FRAME = re.compile(r"\W*(?:please )?(?:tell me\W+|answer(?: this question)?\W+)?(.*?)\W*", re.DOTALL)
_NOT_THINGS = {
    *("it", "its", "they", "them", "this", "that", "these", "those", "one", "ones", "is", "are", "be", "not"),
    *(
        "something",
        "anything",
        "everything",
        "nothing",
        "much",
        "many",
        "more",
        "people",
        "time",
        "kinds",
        "types",
        "percent",
    ),
    *("change", "changes", "difference", "sign", "signs", "evidence", "hectares", "acres", "metres", "meters", "share"),
}  # what no outline shows
_NOT_FIRST = {"in", "on", "at", "of", "to", "by", "with", "from"}


@dataclass(frozen=True)
class Measurable:
    """kind: "there", "count", "size", "share", "number" or "area" (of the first phrase more than of the second), "beside".

    cell: only what lies there, by CELLS; "" = anywhere. side: where the first lies, "above", "below", "left of" or "right of".
    less: less is asked for instead of more. every: all of the first phrase.
    """

    kind: str
    phrases: tuple[str, ...]
    cell: str = ""
    side: str = ""
    less: bool = False
    every: bool = False


def measurable(question: str) -> Measurable | None:
    """What a question asks to be measured; None if it is about something else, or about what was said before."""
    framed = _FRAME.fullmatch(" ".join(question.lower().split()))
    text = framed[1] if framed else ""
    for kind, form in _READ:
        found = form.fullmatch(text)
        if found:
            said = found.groupdict()
            phrases = tuple(dict.fromkeys(said[name] for name in ("first", "second") if said.get(name)))
            if not all(map(_is_thing, phrases)) or (said.get("second") and len(phrases) < 2):
                return None
            return Measurable(
                kind,
                phrases,
                _plain(said.get("cell") or ""),
                (said.get("side") or "").removeprefix("to the "),
                said.get("more") in ("fewer", "less", "smaller"),
                (said.get("all") or "").startswith("all"),
            )
    return None


def _is_thing(phrase: str) -> bool:
    words = phrase.split()
    return words[0] not in _NOT_FIRST and _NOT_THINGS.isdisjoint(words)


def _plain(cell: str) -> str:
    for word, meant in _OTHER_WORDS.items():
        cell = cell.replace(word, meant)
    return cell
