"""Text of others, such as words and addresses, as it can be shown: it can neither end a line nor steer a terminal."""

import re

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # also what turns the direction of text


def printable(text: str) -> str:
    r"""`text` with each control character as its escape, such as `\x1b`."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
