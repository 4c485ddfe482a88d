"""`firth completion`: the script that lets a shell complete commands, options, models and words."""

import click
from click.shell_completion import get_completion_class

from pipeline.commands.base import FirthCommand

SHELLS = ("bash", "zsh", "fish")
EXAMPLES = {
    "firth completion bash > ~/.local/share/bash-completion/completions/firth": "for bash",
    "firth completion zsh > ~/.zfunc/_firth": "for zsh, if ~/.zfunc is in its fpath",
    "firth completion fish > ~/.config/fish/completions/firth.fish": "for fish",
}


@click.command("completion", cls=FirthCommand, examples=EXAMPLES)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, /, *, shell: str) -> None:
    """Print a script that completes command lines of firth.

    At a press of the tabulator key it completes commands, options, models, and words of the model that is asked, the
    most frequent first. It asks `firth` each time, so nothing is to be done when models or commands change.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}", context)
    click.echo(found(context.find_root().command, {}, "firth", "_FIRTH_COMPLETE").source())
