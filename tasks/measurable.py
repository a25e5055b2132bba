"""Questions that ask for what can be measured on outlines: whether something is there, how many, how much, which is more, which
lies where. Knows English wording; no model, no raster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_THIRDS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
PLACES = {
    f"{row} {column}".strip() or "middle": (x0, y0, x1, y1)
    for (y0, y1), row in zip(_THIRDS, ("top", "", "bottom"), strict=True)
    for (x0, x1), column in zip(_THIRDS, ("left", "", "right"), strict=True)
} | {
    "left half": (0.0, 0.0, 0.5, 1.0),
    "right half": (0.5, 0.0, 1.0, 1.0),
    "top half": (0.0, 0.0, 1.0, 0.5),
    "bottom half": (0.0, 0.5, 1.0, 1.0),
}  # cells of a 3 x 3 grid, and halves: left, top, right and bottom as shares of the sides
PLACES |= {
    "top middle": PLACES["top"],
    "bottom middle": PLACES["bottom"],
    "middle left": PLACES["left"],
    "middle right": PLACES["right"],
}
SIDES = {
    "left": (0.0, 0.0, 1 / 3, 1.0),
    "right": (2 / 3, 0.0, 1.0, 1.0),
    "top": (0.0, 0.0, 1.0, 1 / 3),
    "bottom": (0.0, 2 / 3, 1.0, 1.0),
}  # as people mean them; in questions of data sets these names mean cells
_OTHER_WORDS = {
    "upper": "top",
    "lower": "bottom",
    "center": "middle",
    "centre": "middle",
    "side": "half",
    "part": "half",
}
_IMAGE = r"(?:whole |entire |satellite |aerial )*(?:image|picture|photo|place|scene|area|map|view|extent)"
_OF = rf"of (?:this|the) {_IMAGE}"
_IN = (
    r"(?:(?: that)? (?:are|is|can be) (?:there|present|visible|seen|shown|to be seen))?(?: (?:there|present|visible|to be seen))?"
    rf"(?: (?:can|do) you see)?(?: (?:in|on|within) (?:this|the) {_IMAGE})?"
)
_A = r"(?:an? |any |some |the )?"
_THING = r"(?P<{}>[a-z][a-z' -]*?)"
_P, _Q = _THING.format("first"), _THING.format("second")
_CENTRE = "(?:middle|cent(?:er|re))"
_CORNER = (
    rf"(?:(?:top|upper|bottom|lower)[ -](?:left|right|{_CENTRE})|{_CENTRE}[ -](?:left|right))(?: (?:part|corner))?"
)
_HALF = r"(?:top|upper|bottom|lower|left|right) (?:half|side|part)"
_AT = rf"(?:at|in|on) the (?P<place>{_CORNER}|{_HALF}|top|bottom|left|right|{_CENTRE})(?: {_OF})?"
_MORE = r"(?P<more>more|larger|greater|bigger|higher|fewer|less|smaller)"
_SHOWS = rf"do(?:es)? (?:this|the) {_IMAGE}s?"
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
        rf"how much(?: {_OF})? (?:is|are) (?:covered (?:by|with)|taken up by) {_P}",
        rf"how large is the (?:share|part|portion) of {_P}{_IN}",
        rf"what (?:percentage|share|portion) {_OF} is {_P}",
        rf"what (?:percentage|share|part|portion) {_OF} is covered (?:by|with) {_P}",
    ),
    "number": (
        rf"are there {_MORE} {_P} than {_Q}{_IN}",
        rf"is the number of {_P} {_MORE} than (?:the number|that) of {_Q}{_IN}",
    ),
    "area": (
        rf"is the area of {_P} {_MORE} than (?:the area|that) of {_Q}{_IN}",
        rf"is {_MORE} {_OF} covered (?:by|with) {_P} than (?:by|with) {_Q}",
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
_LONGEST_QUESTION = 400  # letters; what is longer asks for more than a measure, and takes long to be read


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 60  # letters of what is named; longer ones are sentences
_NOT_THINGS = _words(
    "it its they them this that these those one ones is are was were be been not no none neither nor without hardly never "
    "something anything everything nothing any others other another some all both each every either most average "
    "two three four five six seven eight nine ten eleven twelve several few fewer less more enough only just lack "
    "much many than or but both i you we do does did can could have has had will would if whether where why who which what "
    "how when before last now people population time times days years kinds types percent percentage half side size scale "
    "resolution quality distance largest biggest smallest covered image picture photo scene map extent change changes "
    "difference sign signs evidence ha hectare hectares acre acres metre metres meter meters km kilometre kilometres kilometer "
    "kilometers mile miles feet foot square sq share"
)  # in no name of a thing that is outlined by itself: whoever says one of these asks for something else, or for more
_JOINED = _words("and plus with")  # of several things, or of one among others, whose sizes do not add up by themselves
_WHERE = _words(
    "north south east west northern southern eastern western northeast northwest southeast southwest left right top bottom upper "
    "lower middle center centre corner"
)  # of one thing among others, whose size alone can be asked for
_NOT_FIRST = {
    "in",
    "on",
    "at",
    "of",
    "to",
    "by",
    "with",
    "from",
    "a",
    "an",
    "the",
    "your",
    "brighter",
    "darker",
    "damaged",
}


@dataclass(frozen=True)
class Measurable:
    """kind: "there", "count", "size", "share", "number" or "area" (of the first phrase more than of the second), "beside".

    place: only what lies there, by PLACES; "" = anywhere. side: where the first lies, "above", "below", "left of" or "right of".
    less: less is asked for instead of more. every: all of the first phrase.
    """

    kind: str
    phrases: tuple[str, ...]
    place: str = ""
    side: str = ""
    less: bool = False
    every: bool = False

    @property
    def joined(self) -> bool:
        """Whether one of the phrases names several things."""
        return any(not _JOINED.isdisjoint(phrase.split()) for phrase in self.phrases)


def measurable(question: str) -> Measurable | None:
    """What a question asks to be measured; None if it is about something else, or about what was said before."""
    question = " ".join(question.lower().split())
    framed = _FRAME.fullmatch(question) if len(question) <= _LONGEST_QUESTION else None
    text = framed[1] if framed else ""
    for kind, form in _READ:
        found = form.fullmatch(text)
        if found:
            said = found.groupdict()
            phrases = tuple(dict.fromkeys(said[name] for name in ("first", "second") if said.get(name)))
            strange = _NOT_THINGS if kind == "size" else _NOT_THINGS | _WHERE
            if not all(_is_thing(phrase, strange) for phrase in phrases) or (said.get("second") and len(phrases) < 2):
                continue
            return Measurable(
                kind,
                phrases,
                _plain(said.get("place") or ""),
                (said.get("side") or "").removeprefix("to the "),
                said.get("more") in ("fewer", "less", "smaller"),
                (said.get("all") or "").startswith("all"),
            )
    return None


def _is_thing(phrase: str, strange: frozenset[str]) -> bool:
    words = phrase.replace("-", " ").split()
    return len(phrase) <= _LONGEST and words[0] not in _NOT_FIRST and strange.isdisjoint(words)


def _plain(place: str) -> str:
    """A name of PLACES."""
    words = [_OTHER_WORDS.get(word, word) for word in place.replace("-", " ").split()]
    row_and_column = words[:2] if len(words) == 3 or words[-1:] == ["corner"] else words
    return " ".join(row_and_column)
