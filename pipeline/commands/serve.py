"""`firth serve`: answer over HTTP, with a page to look around."""

from pathlib import Path

import click

from pipeline.commands.asking import db_option
from pipeline.commands.base import FirthCommand
from pipeline.options import Setting, collect, settings_options
from service.running import Running
from service.settings import ServiceSettings

EXAMPLES = {
    "firth serve": "all models of firth.db at http://127.0.0.1:8000/",
    "firth serve --db books.db --port 9000": "another file, another port",
    "curl 'http://127.0.0.1:8000/api/v1/models/demo/neighbors?word=war&topn=3'": "ask it, from another terminal",
}


@click.command("serve", cls=FirthCommand, examples=EXAMPLES)
@db_option
@click.option("--host", cls=Setting, default="127.0.0.1", help="Address to listen on; 0.0.0.0 is every network.")
@settings_options(Running, ServiceSettings)
def command(*, db: Path, host: str, **params: object) -> None:
    """Answer over HTTP, with a page to look around.

    All models of the file answer every question, until Ctrl-C; /docs describes the HTTP API.
    """
    from service.server import serve

    serve(db, host, collect(Running, params), collect(ServiceSettings, params))
