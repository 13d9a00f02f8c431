"""Reading a pickle as the text it is: its instructions are followed with plain data, and nothing is imported or called.

    GLOBAL 'argparse Namespace' ; NEWOBJ ; 'lr' 0.1 ; BUILD      ->   Record("argparse.Namespace", state={"lr": 0.1})
    GLOBAL 'os system' ; 'rm -r x' ; REDUCE                      ->   Record("os.system", args=("rm -r x",))

What a pickle asks Python to look up is a `Symbol`, what it asks to build is a `Record` of what would have been built.
Dictionaries, lists, tuples, sets and ordered dictionaries become themselves, as they hold data alone.
All protocols from 0 to 5. Instructions are counted, and so is what they may keep.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from scanner.formats._pickle_objects import Persistent, Record, Symbol, made, set_items

MAX_INSTRUCTIONS = 2_000_000
MAX_NAME = 1000
MAX_COPIED = 50_000_000
"""Elements and characters that calls may copy: what was pushed once can be handed to many calls."""
_MARK = object()


def load(stream: BinaryIO) -> Any:
    """The next pickle of a stream. Raises ValueError when it is none, ends too early, or is too long."""
    machine = _Machine()
    try:
        for n, (code, argument, _) in enumerate(pickletools.genops(stream)):
            if n > MAX_INSTRUCTIONS:
                raise ValueError("a pickle with too many instructions")
            if code.name == "STOP":
                return machine.stack.pop()
            machine.step(code.name, argument)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error, RecursionError) as error:
        raise ValueError(f"no pickle: {type(error).__name__}") from error
    raise ValueError("a pickle without an end")


class _Machine:
    """The stack and the memory of a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._copied = 0

    def step(self, code: str, argument: Any) -> None:
        """Follow one instruction."""
        stack = self.stack
        if code in _LITERALS:
            stack.append(argument)
        elif code in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memo[int(argument)] = stack[-1]
        elif code == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif code in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self._memo[int(argument)])
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code]())
        elif code in _FIXED_TUPLES:
            n = _FIXED_TUPLES[code]
            stack[len(stack) - n :] = [tuple(stack[len(stack) - n :])]
        elif code in _IGNORED:
            return
        else:
            _OTHERS[code](self, argument)

    def call(self, what: Any, args: Any) -> Any:
        """What a call would make."""
        args = args if isinstance(args, tuple) else (args,)
        if isinstance(what, Symbol):
            self._copied += sum(len(arg) for arg in args[:4] if isinstance(arg, (str, bytes, list, tuple, dict)))
            if self._copied > MAX_COPIED:
                raise ValueError("a pickle that copies too much")
        return made(what, args)

    def above_mark(self) -> list[Any]:
        """What was pushed since the last mark; both are taken off."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError("no mark")
        found = self.stack[at + 1 :]
        del self.stack[at:]
        return found


_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE "
    "SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8".split()
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,
    "MARK": lambda: _MARK,
    "NEXT_BUFFER": lambda: None,
}
_FIXED_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = frozenset({"PROTO", "FRAME", "READONLY_BUFFER"})


def _pop(machine: _Machine, argument: Any) -> None:
    machine.stack.pop()


def _pop_mark(machine: _Machine, argument: Any) -> None:
    machine.above_mark()


def _dup(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.stack[-1])


def _tuple(machine: _Machine, argument: Any) -> None:
    machine.stack.append(tuple(machine.above_mark()))


def _list(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.above_mark())


def _dict(machine: _Machine, argument: Any) -> None:
    found = machine.above_mark()
    machine.stack.append({})
    set_items(machine.stack[-1], found)


def _append(machine: _Machine, argument: Any) -> None:
    value = machine.stack.pop()
    _add(machine.stack[-1], [value])


def _appends(machine: _Machine, argument: Any) -> None:
    found = machine.above_mark()
    _add(machine.stack[-1], found)


def _set_item(machine: _Machine, argument: Any) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    set_items(machine.stack[-1], [key, value])


def _set_items_above(machine: _Machine, argument: Any) -> None:
    found = machine.above_mark()
    set_items(machine.stack[-1], found)


def _add(target: Any, found: list[Any]) -> None:
    if isinstance(target, list):
        target.extend(found)
    elif isinstance(target, Record):
        target.elements.extend(found)


def _symbol(machine: _Machine, argument: Any) -> None:
    machine.stack.append(Symbol(str(argument).replace(" ", ".", 1)))


def _stack_symbol(machine: _Machine, argument: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str) or len(name) + len(module) > MAX_NAME:
        raise TypeError("no name")
    machine.stack.append(Symbol(f"{module}.{name}"))


def _reduce(machine: _Machine, argument: Any) -> None:
    args, what = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.call(what, args))


def _new_object_ex(machine: _Machine, argument: Any) -> None:
    keywords, args, what = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    found = machine.call(what, args)
    if isinstance(found, Record) and isinstance(keywords, dict):
        found.items.update(keywords)
    machine.stack.append(found)


def _object(machine: _Machine, argument: Any) -> None:
    what, *args = machine.above_mark()
    machine.stack.append(machine.call(what, tuple(args)))


def _instance(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.call(Symbol(str(argument).replace(" ", ".", 1)), tuple(machine.above_mark())))


def _build(machine: _Machine, argument: Any) -> None:
    state = machine.stack.pop()
    if isinstance(machine.stack[-1], Record):
        machine.stack[-1].state = state


def _persistent(machine: _Machine, argument: Any) -> None:
    machine.stack.append(Persistent(argument))


def _stack_persistent(machine: _Machine, argument: Any) -> None:
    machine.stack.append(Persistent(machine.stack.pop()))


def _extension(machine: _Machine, argument: Any) -> None:
    machine.stack.append(Symbol(f"extension.{argument}"))


_OTHERS: dict[str, Callable[[_Machine, Any], None]] = {
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _dup,
    "TUPLE": _tuple,
    "LIST": _list,
    "FROZENSET": _list,
    "DICT": _dict,
    "APPEND": _append,
    "APPENDS": _appends,
    "ADDITEMS": _appends,
    "SETITEM": _set_item,
    "SETITEMS": _set_items_above,
    "GLOBAL": _symbol,
    "STACK_GLOBAL": _stack_symbol,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _new_object_ex,
    "OBJ": _object,
    "INST": _instance,
    "BUILD": _build,
    "PERSID": _persistent,
    "BINPERSID": _stack_persistent,
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
}
