"""Errors become messages and exit codes: for a command, and for a line of `firth shell`.

Exit codes: 1 an error; 2 wrong usage.
"""

import logging
import os
import traceback

import click

from pipeline.asking.messages import message_of
from pipeline.progress import LOGGER
from storage.errors import FirthError


def tell(error: Exception) -> int:
    """Say on standard error what went wrong; the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, (FirthError, OSError)):
        return _fail(message_of(error), getattr(error, "exit_code", FirthError.exit_code))
    message = f"this is a fault of Firth: {type(error).__name__}: {error}; --verbose shows where"
    return _fail(message, FirthError.exit_code)


def _fail(message: str, code: int) -> int:
    if LOGGER.isEnabledFor(logging.DEBUG) or os.environ.get("FIRTH_DEBUG"):
        traceback.print_exc()
    click.echo(f"Error: {message}", err=True)
    return code
