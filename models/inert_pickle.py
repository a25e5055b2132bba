"""Reads a pickle without the classes that it names, and without running anything.

A pickle is a list of instructions. Here they are followed by a machine that knows plain data and nothing else: a class or
function is a name to it, never looked up and never called; an object of one is a record of what it was made from. Its work
grows with the pickle's length alone: nothing that a few bytes can name again and again is copied, joined or hashed whole.
Knows nothing of files, tensors or models.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pickletools import genops  # nosec B403 # splits a pickle into its instructions; it follows none
from typing import Any

PLAIN = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)  # instructions whose argument is the thing itself
FIXED = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY: dict[str, Callable[[], object]] = {
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": set,
}  # fmt: skip
UNNAMED = "(what another call would have given)"
IGNORED = frozenset(("PROTO", "FRAME"))
WRONG = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, struct.error, EOFError, RecursionError)
LONGEST, MOST = 64 * 2**20, 2_000_000  # bytes and instructions of a pickle; each may take a few hundred bytes
LONGEST_NAME = 1000  # characters


@dataclass(frozen=True)
class Name:
    """A class or function by its full name, and no more than that."""

    name: str


@dataclass(eq=False)
class Record:
    """What an object was made from. name: of its class or function; state: what it would have been given afterwards."""

    name: str
    arguments: object
    state: object = None
    items: list[object] = field(default_factory=list)


def _key(key: Any) -> Any:
    """What may be looked up by: itself alone costs little to hash. Raises TypeError for anything else.

    Tuples of tuples are short in a pickle and endless to a hash; of large numbers, any amount can have the same one.
    """
    hashed: Any = type(key).__hash__
    plain = isinstance(key, (str, bytes, float, type(None), Name)) or hashed is object.__hash__  # by identity
    if not plain and not (isinstance(key, int) and key.bit_length() <= 64):
        raise TypeError("no key")
    return key


def _ordered(arguments: Any) -> object:
    return {_key(key): value for key, value in arguments[0]} if arguments else {}


def _set(arguments: Any) -> object:
    return set(map(_key, arguments[0])) if arguments else set()


CONTAINERS: dict[str, Callable[[Any], object]] = {
    "collections.OrderedDict": _ordered, "builtins.set": _set, "__builtin__.set": _set,
}  # fmt: skip


class Room:
    """How much of something there may still be."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, amount: int) -> None:
        """Raises ValueError where there is too little left: a few bytes stand for more than they should."""
        self._left -= amount
        if self._left < 0:
            raise ValueError("more than a file of weights would hold")


class Machine:
    """Follows the instructions of one pickle. Whatever is wrong with them raises one of WRONG.

    makers: by full name of a function, what its result is taken for, from its arguments; of any other there is a record.
    persistent: what a persistent id stands for.
    """

    def __init__(self, makers: Mapping[str, Callable[[Any], object]], persistent: Callable[[Any], object]) -> None:
        self.makers, self.persistent = makers, persistent
        self.room = Room(MOST)  # for what containers are filled with when they are made
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []  # what lay on the stack below each mark
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> object:
        if len(data) > LONGEST:
            raise ValueError("more than what leads to weights")
        for opcode, argument, _ in islice(genops(data), MOST):
            if opcode.name == "STOP":
                return self.stack.pop()
            self._follow(opcode.name, argument)
        raise ValueError("a pickle without end")

    def _follow(self, name: str, argument: Any) -> None:
        if name in PLAIN:
            self.stack.append(argument)
        elif name in FIXED:
            self.stack.append(FIXED[name])
        elif name in EMPTY:
            self.stack.append(EMPTY[name]())
        elif name not in IGNORED:
            instruction = getattr(self, f"_do_{name.lower()}", None)
            if instruction is None:
                raise ValueError(f"the instruction {name} has no place among weights")
            instruction(argument)

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _do_mark(self, argument: object) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _do_pop(self, argument: object) -> None:
        self.stack.pop()

    def _do_pop_mark(self, argument: object) -> None:
        self._since_mark()

    def _do_dup(self, argument: object) -> None:
        self.stack.append(self.stack[-1])

    def _do_put(self, argument: int) -> None:
        self.memo[argument] = self.stack[-1]

    _do_binput = _do_long_binput = _do_put

    def _do_memoize(self, argument: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _do_get(self, argument: int) -> None:
        self.stack.append(self.memo[argument])

    _do_binget = _do_long_binget = _do_get

    def _do_list(self, argument: object) -> None:
        items = self._since_mark()
        self.stack.append(items)

    def _do_append(self, argument: object) -> None:
        self._extend([self.stack.pop()])

    def _do_appends(self, argument: object) -> None:
        self._extend(self._since_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        (target.items if isinstance(target, Record) else target).extend(items)

    def _do_tuple(self, argument: object) -> None:
        items = self._since_mark()
        self.stack.append(tuple(items))

    def _do_tuple1(self, argument: object) -> None:
        self._join(1)

    def _do_tuple2(self, argument: object) -> None:
        self._join(2)

    def _do_tuple3(self, argument: object) -> None:
        self._join(3)

    def _join(self, count: int) -> None:
        items = tuple(self.stack.pop() for _ in range(count))
        self.stack.append(items[::-1])

    def _do_dict(self, argument: object) -> None:
        items = self._since_mark()
        self.stack.append({})
        self._put(items)

    def _do_setitem(self, argument: object) -> None:
        value = self.stack.pop()
        self._put([self.stack.pop(), value])

    def _do_setitems(self, argument: object) -> None:
        self._put(self._since_mark())

    def _put(self, items: list[Any]) -> None:
        """items: key, value, key, value ..."""
        target, pairs = self.stack[-1], list(zip(items[::2], items[1::2], strict=True))
        if isinstance(target, Record):
            target.items.extend(pairs)
        else:
            target.update({_key(key): value for key, value in pairs})

    def _do_additems(self, argument: object) -> None:
        items = self._since_mark()
        self.stack[-1].update(map(_key, items))

    def _do_frozenset(self, argument: object) -> None:
        items = self._since_mark()
        self.stack.append(frozenset(map(_key, items)))

    def _do_global(self, argument: str) -> None:
        self.stack.append(Name(argument.replace(" ", ".", 1)))

    def _do_stack_global(self, argument: object) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str) or len(name) + len(module) > LONGEST_NAME:
            raise ValueError("the name of nothing")
        self.stack.append(Name(f"{module}.{name}"))

    def _do_reduce(self, argument: object) -> None:
        arguments = self.stack.pop()
        self._make(self.stack.pop(), arguments)

    _do_newobj = _do_reduce

    def _do_newobj_ex(self, argument: object) -> None:
        self._join(2)  # positional and named
        self._do_reduce(None)

    def _do_inst(self, argument: str) -> None:
        items = self._since_mark()
        self._make(Name(argument.replace(" ", ".", 1)), tuple(items))

    def _do_obj(self, argument: object) -> None:
        items = self._since_mark()
        self._make(items[0], tuple(items[1:]))

    def _do_build(self, argument: object) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Record):
            self.stack[-1].state = state

    def _do_binpersid(self, argument: object) -> None:
        self.stack.append(self.persistent(self.stack.pop()))

    def _make(self, function: object, arguments: Any) -> None:
        name = function.name if isinstance(function, Name) else UNNAMED
        if name in CONTAINERS:
            self.room.take(len(arguments[0]) if arguments else 0)
        make = CONTAINERS.get(name) or self.makers.get(name)
        self.stack.append(make(arguments) if make else Record(name, arguments))
