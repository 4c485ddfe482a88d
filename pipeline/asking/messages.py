"""What an error says on the command line, where options have two dashes."""

from storage.errors import UnknownWord


def message_of(error: Exception) -> str:
    """The error's message, which names options as they are written here."""
    return error.told("--on-missing subword") if isinstance(error, UnknownWord) else str(error)
