"""What docstrings say, for the descriptions of routes and of the members of answers."""

import inspect
import re
from dataclasses import is_dataclass

_ATTRIBUTES = re.compile(r"^(?:Attributes|Args):\n(?P<lines>(?:[ ]+.*\n?)+)", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def first_line(documented: object) -> str:
    """The first sentence or line."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def text_of(documented: object) -> str:
    """Everything but the attributes, a paragraph in one line."""
    text = _ATTRIBUTES.sub("", inspect.getdoc(documented) or "")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def attributes_of(cls: type) -> dict[str, str]:
    """What the docstrings of a class and of those it inherits from say of each attribute."""
    said: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        found = _ATTRIBUTES.search(inspect.cleandoc(each.__doc__ or "")) if is_dataclass(each) else None
        if found:
            said |= {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(found["lines"])}
    return said
