"""Running `firth` as a user does."""

from click.testing import CliRunner

from pipeline.cli import firth


def invoke(*arguments, code=0, standard_input=None):
    """Run `firth`, which has to end with the exit code `code`."""
    result = CliRunner().invoke(firth, [str(argument) for argument in arguments], input=standard_input)
    assert result.exit_code == code, result.output
    return result
