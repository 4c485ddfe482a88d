"""The errors of the family; each edge (command line, HTTP) translates them once.

FirthError                 something Firth can explain; exit code 1
├── InputError             a file, line, byte or field that cannot be used
├── SettingError           a setting outside its range; exit code 2 (wrong usage)
├── Diverged               training left the finite numbers
├── Interrupted            ended by a signal, with what was done kept; exit code 128 + its number
├── StoreError             the SQLite file cannot be read or written
├── UnknownModel           no such model or version in the store
├── UnknownWord            words that the model does not have, each with near matches
└── UnusableQuestion       a well-formed question that has no answer
"""

from collections.abc import Mapping, Sequence


class FirthError(Exception):
    """Something Firth can explain to its user: the message names the mistake and the way out."""

    exit_code = 1


class InputError(FirthError):
    """A file, line, byte or field that cannot be used."""


class SettingError(FirthError):
    """A setting outside its allowed range, or two settings that contradict each other."""

    exit_code = 2


class Diverged(FirthError):
    """Training produced a number that is not finite; the message says which setting to lower."""


class Interrupted(FirthError):
    """Ended by a signal after what was done had been kept; the message says where.

    Attributes:
        exit_code: 128 and the signal's number, as shells have it: 130 for Ctrl-C.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class StoreError(FirthError):
    """The SQLite file cannot be read or written."""


class UnknownModel(FirthError):
    """No model of that name and version is in the store.

    Attributes:
        name: what was asked for.
        near: names in the store that look like it, best first.
    """

    def __init__(self, name: str, near: Sequence[str] = ()) -> None:
        self.name = name
        self.near = tuple(near)
        super().__init__(f"no model named {name!r}{_did_you_mean(self.near)}")


class UnknownWord(FirthError):
    """One or more words that the model does not have.

    Attributes:
        near: for each missing word, in the order asked, words of the model that look like it, best first.
        subwords: whether the model makes vectors of unknown words from their pieces, when that is asked.

    Args:
        near: as above.
        subwords: as above.
        tried: whether that was asked, in vain.
    """

    def __init__(self, near: Mapping[str, Sequence[str]], *, subwords: bool = False, tried: bool = False) -> None:
        self.near = {word: tuple(matches) for word, matches in near.items()}
        self.subwords = subwords
        self._tried = tried
        super().__init__(self.told("on_missing=subword"))

    def told(self, asking: str) -> str:
        """The message, where `asking` is how one asks for vectors from pieces: on the command line by an option."""
        parts = (f"{word!r}{_did_you_mean(matches)}" for word, matches in self.near.items())
        hint = f"; this model can make vectors from pieces of words ({asking})" if self.subwords else ""
        vain = "; this model has no vector of any of the pieces, so none can be made" if self._tried else ""
        return "not in the vocabulary: " + "; ".join(parts) + hint + vain


class UnusableQuestion(FirthError):
    """A well-formed question that has no answer, for example `topn` of 0."""


def _did_you_mean(near: Sequence[str]) -> str:
    return f" (did you mean {', '.join(near)}?)" if near else ""
