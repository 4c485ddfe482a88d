"""JSON that any other program can read, whatever names of files it holds."""

import json
from typing import Any


def json_text(value: Any, **options: Any) -> str:
    r"""`value` as JSON that can be encoded as UTF-8; letters stay letters and NaN is refused.

    A file name that is not UTF-8 holds lone surrogates; written as \udc80 they are JSON still.

    Args:
        value: what `json.dumps` takes.
        options: more of what `json.dumps` takes.

    Raises:
        TypeError: JSON has no such type.
        ValueError: a number is not finite.
    """
    text = json.dumps(value, **{"ensure_ascii": False, "allow_nan": False, **options})
    return text.encode("utf-8", "backslashreplace").decode()
