"""The prompt of `firth shell` on a terminal: editing, history, and completion of commands, options and words."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from click.shell_completion import ShellComplete
from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, InMemoryHistory

from pipeline.asking.line import quoted, unfinished
from pipeline.asking.shell import Leave, Shell


class LineCompleter(Completer):
    """Completes as `firth completion` does in the system's shells, by the same rules of click."""

    def __init__(self, shell: Shell) -> None:
        self._complete = ShellComplete(shell.lines, {"obj": shell.session}, "", "")

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002 - prompt_toolkit's signature
        """What the word at the cursor can become."""
        line = unfinished(document.text_before_cursor)
        for item in self._complete.get_completions(line.words, line.beginning):
            yield Completion(quoted(item.value), -line.typed, display=item.value, display_meta=item.help or "")


def run_prompt(shell: Shell, history: Path | None) -> None:
    """Ask for lines and run them until Ctrl-D or `exit`; Ctrl-C gives up a line.

    Args:
        shell: runs them.
        history: file that remembers them; None to forget them at the end.
    """
    prompt: PromptSession[str] = PromptSession(
        history=FileHistory(str(history)) if history else InMemoryHistory(),
        completer=LineCompleter(shell),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
    )
    with suppress(EOFError, Leave):
        while True:
            with suppress(KeyboardInterrupt):
                shell.run(prompt.prompt(shell.prompt))
