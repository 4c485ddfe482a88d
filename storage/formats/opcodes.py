"""Pickled data read without unpickling: its opcodes are interpreted, and nothing that they name is imported or run.

A pickle is a program for a machine with a stack; `pickle.load` does whatever it says, also what a stranger wrote. Here
its opcodes build plain data alone: numbers, texts, bytes, lists, tuples, sets, dictionaries, and records of anything
else. Only NumPy's arrays, types and numbers are understood, and are made from their bytes, which must be as many as
they say.
"""

import pickletools
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from storage.formats.machine import Machine
from storage.formats.numpy_records import Unreadable

_PIECE = 1 << 20  # bytes read at a time, so that a length that lies asks for no memory
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_MAKERS: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
_STEPS: dict[str, Callable[[Machine, Any], None]] = {
    "MARK": Machine.mark,
    "POP": Machine.drop,
    "POP_MARK": Machine.drop_group,
    "DUP": Machine.double,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), Machine.remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine.recall),
    "TUPLE": Machine.put_tuple,
    **{f"TUPLE{size}": partial(Machine.put_tuple_of, size=size) for size in (1, 2, 3)},
    "LIST": Machine.put_list,
    "DICT": Machine.put_dictionary,
    "FROZENSET": Machine.put_set,
    "APPEND": Machine.append,
    **dict.fromkeys(("APPENDS", "ADDITEMS"), Machine.extend),
    "SETITEM": Machine.set_item,
    "SETITEMS": Machine.set_items,
    "GLOBAL": Machine.name,
    "STACK_GLOBAL": Machine.name_of_two,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), Machine.call),
    "NEWOBJ_EX": Machine.call_with_names,
    "INST": Machine.instance,
    "OBJ": Machine.object,
    "BUILD": Machine.build,
}
"""All opcodes but those that ask for something outside of the file: PERSID, BINPERSID, EXT1 and so on, NEXT_BUFFER."""


def read_opcodes(file: IO[bytes], most: int = 1_000_000) -> Any:
    """The data that one pickle describes.

    Args:
        file: open at its beginning.
        most: how many opcodes are followed: each takes a microsecond, and may take 64 bytes, though it has only one.

    Raises:
        Unreadable: it is damaged, cut off, or of a kind that cannot be read without running something.
    """
    machine = Machine()
    try:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(_Pieces(file))):  # type: ignore[arg-type] # read and readline do
            if step >= most:
                raise Unreadable(f"more than {most:,} opcodes, which vectors of so few bytes do not need")
            if opcode.name == "STOP":
                return machine.pop()
            _step(machine, opcode.name, argument)
    except Unreadable:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise Unreadable(f"the opcodes do not fit together: {error}") from None
    raise Unreadable("it ends too early")


def _step(machine: Machine, name: str, argument: Any) -> None:
    if name in _CONSTANTS:
        machine.push(_CONSTANTS[name])
    elif name in _LITERALS:
        machine.push(argument)
    elif name in _MAKERS:
        machine.push(_MAKERS[name]())
    elif name in _STEPS:
        _STEPS[name](machine, argument)
    elif name not in ("PROTO", "FRAME"):
        raise Unreadable(f"opcode {name} needs something from outside of the file")


class _Pieces:
    """A file that takes no more memory for a read than there are bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.readline = file.readline
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        if size <= _PIECE:
            return self._file.read(size)
        parts = []
        while size > 0 and (part := self._file.read(min(size, _PIECE))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
