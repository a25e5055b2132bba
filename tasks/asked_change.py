"""Questions on two dates of one place that outlines decide: whether something came, went or was damaged, how many, how much, and
where.

A question is read whole or not at all, and left to the model otherwise. Knows English wording; no model, no raster.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rsvlm.tasks.measurable import AT, IN_IMAGE, PLACES, POINTS, SHARE, SIDES, plain_place

AREA = "area of "  # begins the name of what is not counted
STATES = ("new", "lost")
HARMED = "damaged"  # and still there, or not; is told of where it is asked for, of what is built only
_KNOWN = (*STATES, HARMED)
_HURT = "damaged|harmed"
_BEFORE_NAME = {
    "new": "new|newly built|additional",
    "lost": "lost|removed|demolished|destroyed|missing|vanished|felled",
    HARMED: _HURT,
}
_CAME, _WENT = "appear(?:ed|s)?|come up|been added|added|gained", "lost|disappear(?:ed|s)?|vanish(?:ed)?|gone|removed"
_HAPPENED = {"new": f"new|{_CAME}", "lost": _WENT, HARMED: _HURT}  # of anything
_BUILT = {"new": "built|constructed|erected|built up", "lost": "demolished|torn down|destroyed|dismantled"}
_GREW = {"new": "grown|planted", "lost": "cleared|felled|cut down"}
# What else the things of `Calibration.changes` are called.
_CALLED = {
    "building": "house|home", "road": "street", "parking lot": "car park", "woodland": "forest|tree|wood",
    "vegetation": "plant|green space", "water": "lake|pond|water bodie", "land": "bare land|bare soil|bare ground",
}  # fmt: skip
_GREEN = ("woodland", "vegetation")
_DETERMINERS = r"(?:(?:any|all|some|an?)(?: of)?(?: the)?|the) "
_DATES = r"(?:two )?(?:dates|images|pictures|years|views)"
_NOISE = re.compile(
    r"\(top, center, bottom; left, center, right\)|[.?] count each class|"
    r"[.?!,]? (?:please )?answer (?:only )?(?:with )?(?:yes or no|cells of a .*)|"
    rf",? (?:between (?:the|these|both) {_DATES}|from the first (?:date|image) to the second|since then|in the meantime|"
    r"(?:in|on) the (?:later|second) (?:image|date|picture)|from one date to the other|if so|by now|now)\b"
)
_THINGS = r"(?P<kinds>[a-z][a-z ,]*?)"
_STATE = (
    rf"(?P<state>{'|'.join('|'.join(own.values()) for own in (_HAPPENED, _BUILT, _GREW))})"  # of what was just named
)
_PLACE = rf"(?: {AT})?(?: (?:here|there|visible|to be seen|(?:are|is|can be) (?:there|seen)))?{IN_IMAGE}"
_ALL = r"(?P<all>anything|something|it|(?:this|the) (?:place|area|scene|image)|(?:the|these) (?:two )?(?:images|dates|pictures))"
_GRID = r"a 3 ?x ?3 grid(?:, from .*)?"
_FORMS = [
    ("all", r"(?:what|which things?) (?:has |have |is |was )?(?:chang(?:ed|es)|differ(?:s|ed|ent))"),
    ("all", r"what (?:is|are) (?:the )?(?:change|difference)s?"),
    (
        "all",
        r"(?:describe|list|tell|show|summari[sz]e|explain)(?: me)?(?: all)?(?: the)? "
        r"(?:changes?|differences?|what (?:has )?changed|what differs)",
    ),
    (
        "there",
        rf"(?:has|have|did|do|does|is|judge whether) {_ALL} (?:have |has )?(?:changed?|differ(?:ed|ent)?){_PLACE}",
    ),
    ("there", rf"(?:is|are|was|were) there (?:any |some |a )?(?P<all>change|difference)s?{_PLACE}"),
    ("there", rf"do (?:the|these) {_DATES} differ in {_THINGS.replace('kinds', 'either')}"),
    ("there", rf"(?:is|are) there {_THINGS}{_PLACE}"),
    ("there", rf"is there {_ALL} {_STATE}{_PLACE}"),
    ("there", rf"(?:was|were|has|have|had|did|is|are) {_THINGS} (?:been )?{_STATE}{_PLACE}"),
    ("count", rf"how many {_THINGS} (?:was|were|has|have|had|did|are) (?:been )?{_STATE}{_PLACE}"),
    ("count", rf"how many {_THINGS}(?: (?:are|is) there)?{_PLACE}"),
    ("count", rf"(?:count|(?:tell |what is )?the number of|number of) (?:the )?{_THINGS}{_PLACE}"),
    ("grid", rf"in which cells of {_GRID} (?:is|are)(?: there)? {_THINGS}"),
    ("grid", rf"locate {_THINGS} by the cells of {_GRID}"),
    ("most", rf"where is the (?:largest|biggest) {_THINGS}"),
    ("most", r"in which part of (?:the|this) image did most of (?P<all>the change) take place"),
    (
        "most",
        rf"(?:which part|where)(?: of (?:the|this) (?:image|place|area))? (?:has |did )?{_ALL}? ?changed? (?:the )?most",
    ),
    ("where", rf"where (?:was|were|has|have|had|did) {_THINGS} (?:been )?{_STATE}"),
    ("where", rf"where (?:has |did |have ){_ALL} changed?"),
    ("where", r"where (?:is|are) (?P<all>the (?:change|difference)s?)"),
    ("where", rf"where (?:is|are) (?:there )?{_THINGS}"),
    ("where", rf"which {_THINGS} (?:was|were|is|are|has|have|had) (?:been )?{_STATE}{_PLACE}"),
    ("where", rf"(?:outline|show|mark|highlight|map|draw|find)(?: me)? {_THINGS}{_PLACE}"),
    (
        "share",
        rf"(?:how much|what {SHARE})(?: of (?:the|this) (?:image|place|area|scene|picture))? (?:has |have )?changed",
    ),
    ("share", r"how (?:large|big|much) is the (?:change|difference)"),
    ("size", rf"how much {_THINGS} (?:was|were|has|have|had|is) (?:been )?{_STATE}{IN_IMAGE}"),
    ("size", rf"how (?:large|big) (?:is|are) (?:the )?{_THINGS}"),
]
_READ = [(kind, re.compile(form)) for kind, form in _FORMS]
_LONGEST = 200  # letters


@dataclass(frozen=True)
class Kind:
    """state: of STATES, or HARMED. thing: in the singular, “building” or “area of water”."""

    state: str
    thing: str

    @property
    def label(self) -> str:
        """“new building”; of what is not counted “new water”."""
        return f"{self.state} {self.thing.removeprefix(AREA)}"

    def named(self, number: int) -> str:
        """“new building” of one, “new buildings”, “new areas of water”."""
        return f"{self.state} {self.thing if number == 1 else plural(self.thing)}"


@dataclass(frozen=True)
class Asked:
    """kind: "all" (what changed), "there", "count", "where", "grid" (in which cells), "most" (where the largest is), "share" or
    "size". kinds: of what; () = of all that changed. place: only there, by measurable.PLACES and SIDES; "" = anywhere.
    """

    kind: str
    kinds: tuple[Kind, ...] = ()
    place: str = ""


def plural(thing: str) -> str:
    name, of, what = thing.partition(" of ")
    return f"{name}s{of}{what}"


def asked_change(question: str, things: Sequence[str]) -> Asked | None:
    """What a question wants to know; None if outlines of `things` do not decide it."""
    text = " ".join(question.lower().split())
    if len(text) > _LONGEST:
        return None
    text = _NOISE.sub("", text.removeprefix("please "))
    text = " ".join(text.split()).strip(" .?!,")
    for kind, form in _READ:
        found = form.fullmatch(text)
        if found:
            said = found.groupdict()
            place = said.get("place") or ""
            kinds = _kinds(said, things)
            readable = not any(point in place for point in POINTS) and plain_place(place) in (PLACES | SIDES | {"": ()})
            # One and the other at once, or all that there were: more than that there is any.
            more = kind == "there" and re.search(r"\b(?:and|both|all|the)\b", said.get("kinds") or "")
            if kinds is not None and readable and not more:
                return Asked(kind, kinds, plain_place(place))
    return None


def _kinds(said: dict[str, str | None], things: Sequence[str]) -> tuple[Kind, ...] | None:
    """What is named, () for all that changed; None for what cannot be read, or stands in no state: “is there a building?” asks
    about one date.
    """
    happened, named = said.get("state"), said.get("kinds")
    if happened is None and not (named or said.get("either")):
        return ()
    if said.get("all") or named in ("anything", "something"):
        every = [Kind(state, thing) for state in STATES for thing in things]
        return tuple(kind for kind in every if happened and re.fullmatch(_happening(kind), happened)) or None
    found: list[Kind] = []
    for states, name in _listed(said.get("either") or named or ""):
        thing = next((thing for thing in things if re.fullmatch(f"(?:{_names(thing)})(?:s|es)?", name)), None)
        if thing is None:
            return None
        if said.get("either"):
            own = [] if states else list(STATES)
        elif happened is not None:
            own = [state for state in _KNOWN if not states and re.fullmatch(_happening(Kind(state, thing)), happened)]
        else:
            own = states
        if not own or (HARMED in own and thing.startswith(AREA)):
            return None
        found += [Kind(state, thing) for state in own]
    return tuple(sorted(dict.fromkeys(found), key=lambda kind: _KNOWN.index(kind.state))) or None


def _listed(text: str) -> list[tuple[list[str], str]]:
    """States and name of each thing of a list: “new buildings and roads”, of which both are new; “new and lost buildings”."""
    found: list[tuple[list[str], str]] = []
    states: list[str] = []
    pending: list[str] = []
    for part in re.split(r",? and |,? or |, ", text):
        words = part.removeprefix("both ")
        words = re.sub(rf"^{_DETERMINERS}", "", words)
        own = next(
            ((state, seen[0]) for state in _KNOWN if (seen := re.match(rf"(?:{_BEFORE_NAME[state]})\b ?", words))), None
        )
        name = words.removeprefix(own[1]) if own else words
        pending += [own[0]] if own else []
        if name:
            states, pending = pending or states, []
            found.append((states, name))
    return found


def _happening(kind: Kind) -> str:
    """What is said of things that came or went so: woodland is cleared and no house, which is demolished."""
    name = kind.thing.removeprefix(AREA)
    verbs = _GREW if name in _GREEN else {} if kind.thing.startswith(AREA) else _BUILT
    return "|".join(filter(None, (_HAPPENED[kind.state], verbs.get(kind.state))))


def _names(thing: str) -> str:
    name = thing.removeprefix(AREA)
    area = f"areas? of {name}|" if thing != name else ""
    return "|".join(filter(None, (f"{area}{name}", _CALLED.get(name))))
