"""`firth serve`: answer over HTTP, with a page to look around."""

from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.commands.asking import db_option
from pipeline.commands.base import FirthCommand
from pipeline.options import Setting, collect, settings_options
from service.settings import ServiceSettings
from storage.declared import Declared, setting

EXAMPLES = {
    "firth serve": "all models of firth.db at http://127.0.0.1:8000/",
    "firth serve --db books.db --port 9000": "another file, another port",
    "curl 'http://127.0.0.1:8000/api/v1/models/demo/neighbors?word=war&topn=3'": "ask it, from another terminal",
}


@dataclass(frozen=True, kw_only=True)
class ServeSettings(Declared):
    """How the server runs."""

    port: int = setting(8000, "Port to listen on; 0 takes a free one.", low=0, high=65535)
    http_workers: int = setting(0, "Processes that answer; 0 is one for each core, at most eight.", low=0, high=1024)
    threads: int = setting(16, "Threads of each process, and so connections at once.", low=1, high=1024)


@click.command("serve", cls=FirthCommand, examples=EXAMPLES)
@db_option
@click.option("--host", cls=Setting, default="127.0.0.1", help="Address to listen on; 0.0.0.0 is every network.")
@settings_options(ServeSettings, ServiceSettings)
def command(*, db: Path, host: str, **params: object) -> None:
    """Answer over HTTP, with a page to look around.

    All models of the file answer every question, until Ctrl-C; /docs describes the HTTP API.
    """
    from service.server import serve

    settings = collect(ServeSettings, params)
    serve(
        db,
        host,
        settings.port,
        processes=settings.http_workers or None,
        threads=settings.threads,
        settings=collect(ServiceSettings, params),
    )
