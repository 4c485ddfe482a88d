"""The machine that a pickle is a program for: a stack, a memo, and what each step does to them; it builds plain data.

Classes and functions are names; what is made of them is a `Record`, a name with what belongs to it.
"""

from dataclasses import dataclass, field
from typing import Any

from storage.formats.numpy_records import REDUCERS, DescribedArray, DescribedType, Unreadable, build, is_key


@dataclass(frozen=True)
class Name:
    """A class or a function, by its name alone."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """What a class or function was to be called with, and what was to be put into the result.

    Attributes:
        of: the class or function.
        arguments: what it was called with.
        state: the attributes of the object, by name, where that was given as a dictionary.
        items: what was put into it by key.
        listed: what was appended to it.
    """

    of: Name
    arguments: Any = ()
    state: dict[Any, Any] = field(default_factory=dict)
    items: dict[Any, Any] = field(default_factory=dict)
    listed: list[Any] = field(default_factory=list)

    def put(self, state: Any) -> None:
        """Put a state into it: attributes, or attributes and slots."""
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict):
                self.state.update(part)


class _Mark:
    """Where a group of values begins on the stack."""


_MARK = _Mark()


class Machine:
    """The stack and the memo of a pickle's program."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def pop(self) -> Any:
        """The topmost value."""
        value = self._stack.pop()
        if value is _MARK:
            raise Unreadable("the opcodes do not fit together: a mark where a value belongs")
        return value

    def top(self) -> Any:
        """The topmost value, which stays."""
        if self._stack[-1] is _MARK:
            raise Unreadable("the opcodes do not fit together: a mark where a value belongs")
        return self._stack[-1]

    def group(self) -> list[Any]:
        """All above the last mark, without it."""
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise Unreadable("the opcodes do not fit together: a group without its mark")
        found = self._stack[at + 1 :]
        del self._stack[at:]
        return found

    def mark(self, _: Any) -> None:
        """Begin a group."""
        self._stack.append(_MARK)

    def drop(self, _: Any) -> None:
        """Forget the topmost value or mark."""
        self._stack.pop()

    def drop_group(self, _: Any) -> None:
        """Forget the last group."""
        self.group()

    def double(self, _: Any) -> None:
        """The topmost value once more."""
        self._stack.append(self.top())

    def remember(self, at: Any) -> None:
        """Keep the topmost value in the memo."""
        self._memo[len(self._memo) if at is None else int(at)] = self.top()

    def recall(self, at: Any) -> None:
        """A value of the memo."""
        self._stack.append(self._memo[int(at)])

    def put_tuple(self, _: Any) -> None:
        """The last group as a tuple."""
        self._stack.append(tuple(self.group()))

    def put_tuple_of(self, _: Any, size: int) -> None:
        """The topmost values as a tuple."""
        self._stack.append(tuple(reversed([self.pop() for _ in range(size)])))

    def put_list(self, _: Any) -> None:
        """The last group as a list."""
        self._stack.append(self.group())

    def put_set(self, _: Any) -> None:
        """The last group as a set, without what cannot be told apart safely."""
        self._stack.append({each for each in self.group() if is_key(each)})

    def put_dictionary(self, _: Any) -> None:
        """The last group as a dictionary."""
        pairs = self.group()
        self._stack.append({})
        self._set(pairs)

    def append(self, _: Any) -> None:
        """Append the topmost value to the list under it."""
        value = self.pop()
        self._extend([value])

    def extend(self, _: Any) -> None:
        """Append the last group to the list or set under it."""
        self._extend(self.group())

    def set_item(self, _: Any) -> None:
        """Put a key and a value into the dictionary under them."""
        value, key = self.pop(), self.pop()
        self._set([key, value])

    def set_items(self, _: Any) -> None:
        """Put the pairs of the last group into the dictionary under it."""
        self._set(self.group())

    def name(self, argument: Any) -> None:
        """A class or function, as a name."""
        module, _, name = argument.partition(" ")
        self._stack.append(Name(module, name))

    def name_of_two(self, _: Any) -> None:
        """The same, from two texts."""
        name, module = self.pop(), self.pop()
        self._stack.append(Name(str(module), str(name)))

    def call(self, _: Any) -> None:
        """What a name was to be called with: an array or a number of NumPy, or a record."""
        arguments, called = self.pop(), self.pop()
        self._stack.append(_called(called, arguments))

    def call_with_names(self, _: Any) -> None:
        """The same with keyword arguments, which are kept as they are."""
        named, arguments, called = self.pop(), self.pop(), self.pop()
        self._stack.append(_called(called, (*arguments, named)))

    def instance(self, argument: Any) -> None:
        """An object of a class and the last group (protocol 0)."""
        module, _, name = argument.partition(" ")
        self._stack.append(_called(Name(module, name), tuple(self.group())))

    def object(self, _: Any) -> None:
        """An object of a class that begins the last group (protocol 1)."""
        called, *arguments = self.group()
        self._stack.append(_called(called, tuple(arguments)))

    def build(self, _: Any) -> None:
        """Put the state into the object under it."""
        state, made = self.pop(), self.top()
        if isinstance(made, DescribedArray | DescribedType):
            build(made, state)
        elif isinstance(made, Record):
            made.put(state)

    def _extend(self, values: list[Any]) -> None:
        onto = self.top()
        if isinstance(onto, list):
            onto.extend(values)
        elif isinstance(onto, set):
            onto.update(each for each in values if is_key(each))
        elif isinstance(onto, Record):
            onto.listed.extend(values)
        else:
            raise Unreadable(f"nothing can be appended to a {type(onto).__name__}")

    def _set(self, pairs: list[Any]) -> None:
        into = self.top()
        into = into.items if isinstance(into, Record) else into
        if not isinstance(into, dict) or len(pairs) % 2:
            raise Unreadable("the opcodes do not fit together: pairs that are put into no dictionary")
        # what has parts takes a time to be hashed that has no limit: such keys are left out
        into.update((key, value) for key, value in zip(pairs[::2], pairs[1::2], strict=True) if is_key(key))


def _called(called: Any, arguments: Any) -> Any:
    if not isinstance(called, Name):
        raise Unreadable(f"a {type(called).__name__} is called")
    return REDUCERS[str(called)](arguments) if str(called) in REDUCERS else Record(called, arguments)
