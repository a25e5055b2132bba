"""Questions that ask for what can be measured on outlines: whether something is there, how many, how much, which is more, which
lies where. Knows English wording; no model, no raster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rsvlm.models.families.compact.presence import SETTING

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
_IMAGE = (
    r"(?:whole |entire |selected |satellite |aerial )*"
    r"(?:image|picture|photo|place|scene|area|region|map|view|extent|layer|raster|tile)"
)
IN_IMAGE = rf"(?: here| (?:in|on|of|within) (?:this|the) {_IMAGE})?"
_OF = rf"of (?:this|the) {_IMAGE}"
_IN = (
    r"(?:(?: that)? (?:are|is|can be) (?:there|present|visible|seen|counted|shown|to be seen)| there (?:are|is))?"
    r"(?: (?:there|present|visible|to be seen))?(?: (?:can|do) you (?:see|count))?"
    rf"{IN_IMAGE}"
)
_A = r"(?:an? |any |some |the )?"
THING = r"(?P<{}>[a-z][a-z' -]*?)"
_P, _Q = THING.format("first"), THING.format("second")
_CENTRE = "(?:middle|cent(?:er|re))"
_CORNER = (
    rf"(?:(?:top|upper|bottom|lower)[ -](?:left|right|{_CENTRE})|{_CENTRE}[ -](?:left|right))(?: (?:part|corner))?"
)
_HALF = r"(?:top|upper|bottom|lower|left|right) (?:half|side|part)"
_NORTHEAST = "(?:north|south)[ -]?(?:east|west)(?:ern)?(?:[ -](?:part|corner))?"
_NORTH = "(?:north|south|east|west)(?:(?:ern)? (?:half|side|part))?"
AT = rf"(?:at|in|on) the (?P<place>{_CORNER}|{_HALF}|top|bottom|left|right|{_CENTRE}|{_NORTHEAST}|{_NORTH})(?: {_OF})?"
_MORE = r"(?P<more>more|larger|greater|bigger|higher|fewer|less|smaller)"
_SHOWS = rf"do(?:es)? (?:this|the) {_IMAGE}s?"
_SHOW = "(?:contain|show|have|include)"
_UNIT = "(?:ha|hectares?|acres|sqm|square (?:kilo)?met(?:er|re)s|k?m[2²])"
_MEASURED_IN = rf"(?: in {_UNIT})?"
SHARE = "(?:percentage|percent|share|portion|proportion|fraction)"
_SIDE = r"(?P<side>above|below|(?:to the )?(?:left|right|north|south|east|west) of)"
POINTS = {"north": "top", "south": "bottom", "east": "right", "west": "left"}
_AHEAD = {"north of": "above", "south of": "below", "east of": "right of", "west of": "left of"}

_FORMS = {
    "there": (
        rf"(?:is|are) there {_A}{_P}(?: {AT})?{_IN}",
        rf"(?:is|are) {_A}{_P} (?:present|visible|to be seen){_IN}",
        rf"do(?:es)? (?:an?|any|some) {_P} lie {AT}",
        rf"{_SHOWS} {_SHOW} {_A}{_P}(?: {AT})?",
        rf"(?:can|do) you see {_A}{_P}(?: {AT})?{_IN}",
        rf"can {_A}{_P} be seen(?: {AT})?{_IN}",
    ),
    "size": (
        rf"how (?:large|big) (?:is|are) (?:all )?(?:the )?{_P}{_IN}{_MEASURED_IN}",
        rf"(?:what(?: is|'s) )?(?:the )?(?:total )?(?:area|size) of (?:all )?(?:the )?{_P}{_IN}{_MEASURED_IN}",
        rf"how many {_UNIT} (?:of|are|is)(?: covered (?:by|with))? (?:the )?{_P}{_IN}",
        rf"how much {_P} is(?: there)?{_IN}",
    ),
    "count": (
        rf"how many {_P}(?: (?:are|is|lie|can be seen)(?: there)?(?: {AT})?)?{_IN}",
        rf"how many {_P} {_SHOWS} {_SHOW}",
        rf"(?:what(?: is|'s) the |the )?(?:total )?number of {_P}{_IN}",
        rf"count (?:all )?(?:the )?{_P}{_IN}",
    ),
    "share": (
        rf"how much(?: {_OF})? (?:is|are) (?:covered (?:by|with)|taken up by) {_P}",
        rf"how much {_OF} is {_P}",
        rf"(?:how large|what) is the (?:{SHARE}|part) of {_P}{_IN}",
        rf"what {SHARE}(?: {_OF})? is {_P}",
        rf"what (?:{SHARE}|part)(?: {_OF})? is covered (?:by|with) {_P}",
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
    "beside": (rf"(?:is|are) (?P<all>the|all(?: the)?) {_P} {_SIDE} the {_Q}{IN_IMAGE}",),
}
_READ = [
    (kind, re.compile(form))
    for kind in ("area", "number", "beside", "share", "size", "count", "there")
    for form in _FORMS[kind]
]
_FRAME = re.compile(
    r"\W*(?:(?:can|could|would) you (?=please|tell|count))?(?:please )?(?:tell me\W+|answer(?: this question)?\W+)?(.*?)"
    r"(?:,? (?:please|in total|altogether|overall|exactly|approximately|roughly))?\W*",
    re.DOTALL,
)
_LONGEST_QUESTION = 400  # letters; what is longer asks for more than a measure, and takes long to be read


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 60  # letters of what is named; longer ones are sentences
_NOT_THINGS = words_of(
    "it its they them this that these those one ones is are was were be been not no none neither nor without hardly never "
    "something anything everything nothing any others other another some all both each every either most average two three four "
    "five six seven eight nine ten eleven twelve several few fewer less more enough only just lack there here still idea ideas "
    "thing things much many than or but i you we do does did can could have has had will would if whether where why who which "
    "what how when before last now people population time times days years kinds types percent percentage half side size scale "
    "resolution quality distance largest biggest smallest covered image picture photo scene map extent change changes "
    "difference sign signs evidence ha hectare hectares acre acres metre metres meter meters km kilometre kilometres kilometer "
    "kilometers mile miles feet foot square sq share zero single couple pair dozen dozens hundred hundreds thousand thousands "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety plenty "
    "multiple numerous absence shortage increase decrease growth loss first second third next main smaller larger bigger "
    "tallest oldest newest nearest farthest longest widest shortest narrowest partly fully completely clearly barely really "
    "same such similar different also maybe possibly usual expected today yesterday tomorrow except excluding including besides "
    "versus vs per free non damaged destroyed collapsed ruined flooded burned burnt abandoned empty vacant occupied blocked "
    "dead sick visible present seen new old unfinished illegal missing gone lost remaining moving parked moored docked anchored"
)  # in no name of a thing that is outlined by itself: whoever says one of these asks for something else, or for more
_JOINED = words_of(
    "and plus with"
)  # of several things, or of one among others, whose sizes do not add up by themselves
_WHERE = words_of(
    "north south east west northern southern eastern western northeast northwest southeast southwest left right top bottom upper "
    "lower middle center centre corner"
)  # of one thing among others, whose size alone can be asked for
_ABOVE_GROUND = words_of(
    "bridge bridges viaduct viaducts overpass overpasses flyover flyovers tunnel tunnels pier piers jetty jetties cloud clouds "
    "footbridge footbridges helipad helipads roof roofs rooftop rooftops line lines wire wires cable cables flag flags "
    "plane planes aeroplane aeroplanes airplane airplanes aircraft helicopter helicopters crane cranes balcony balconies"
)  # what is “above” or “below” one of these is higher or deeper, and not only further up or down on the map
_MOST = words_of("largest biggest smallest")
_ONE_OF = re.compile(rf"(?P<name>.+?) {AT}")
_SINGULAR = re.compile(r".*(?:ss|us|is|\bgas|\blens|crossroads|barracks|headquarters|gasworks|waterworks)")
_AMOUNT = re.compile(
    r"(?:.* )?(?:vegetation|greenery|water|grass|grassland|forest|woodland|soil|sand|land|mud|snow|ice|cattle|sheep|aircraft)"
)  # nothing that is counted, or the same for one and for several
_NOT_FIRST = frozenset(SETTING.split("|")) | words_of("a an the your brighter darker")


@dataclass(frozen=True)
class Measurable:
    """kind: "there", "count", "size", "share", "number" or "area" (of the first phrase more than of the second), "beside".

    place: only what lies there, by PLACES; "" = anywhere. side: where the first lies, "above", "below", "left of" or "right of".
    less: less is asked for instead of more. every: all of the first phrase. compass: place or side are told by it, as if up were
    north. heights: "above" or "below" of what stands above the ground, or flies, so that it may not be meant on the map.
    """

    kind: str
    phrases: tuple[str, ...]
    place: str = ""
    side: str = ""
    less: bool = False
    every: bool = False
    compass: bool = False
    heights: bool = False

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
            if not all(is_thing(phrase, _strange(kind, phrase)) for phrase in phrases) or (
                said.get("second") and len(phrases) < 2
            ):
                continue
            if kind == "size":
                phrases = tuple(map(_without_compass, phrases))
            place, side = said.get("place") or "", (said.get("side") or "").removeprefix("to the ")
            return Measurable(
                kind,
                phrases,
                plain_place(place),
                _AHEAD.get(side, side),
                said.get("more") in ("fewer", "less", "smaller"),
                (said.get("all") or "").startswith("all"),
                side in _AHEAD or any(point in place for point in POINTS) or phrases[0] != said["first"],
                side in ("above", "below") and not _ABOVE_GROUND.isdisjoint(" ".join(phrases).split()),
            )
    return None


def _strange(kind: str, phrase: str) -> frozenset[str]:
    """Words that no phrase has; one thing may be told from others where its size alone is asked for."""
    if kind != "size":
        return _NOT_THINGS | _WHERE
    return _NOT_THINGS if several(phrase) else _NOT_THINGS - _MOST


def several(phrase: str) -> bool:
    """Whether it is in plural, by its ending."""
    return phrase.endswith("s") and not _SINGULAR.fullmatch(phrase)


def amount(phrase: str) -> bool:
    """Whether it names what is not counted, or the same for one thing and for several."""
    return _AMOUNT.fullmatch(phrase) is not None


def _without_compass(phrase: str) -> str:
    """“lake at the top” of “lake in the north”."""
    found = _ONE_OF.fullmatch(phrase)
    if found is None or not any(point in found["place"] for point in POINTS):
        return phrase
    return f"{found['name']} at the {plain_place(found['place'])}"


def is_thing(phrase: str, strange: frozenset[str] = _NOT_THINGS | _WHERE) -> bool:
    """Whether words name things, by themselves. strange: words that no such name has."""
    words = phrase.replace("-", " ").split()
    return len(phrase) <= _LONGEST and words[0] not in _NOT_FIRST and strange.isdisjoint(words)


def plain_place(place: str) -> str:
    """A name of PLACES."""
    place = re.sub(rf"({'|'.join(POINTS)})(?:ern)?", lambda point: f"{POINTS[point[1]]} ", place)
    words = [_OTHER_WORDS.get(word, word) for word in place.replace("-", " ").split()]
    row_and_column = words[:2] if len(words) == 3 or words[-1:] == ["corner"] else words
    return " ".join(row_and_column)
