"""What people write who need neighbors over HTTP: Flask and gensim, under gunicorn; the peer of `http_load`.

python -m benchmarks.gensim_service KEYED_VECTORS PORT WORKERS THREADS
"""

import sys
from typing import Any

from flask import Flask, request
from gensim.models import KeyedVectors
from gunicorn.app.base import BaseApplication


def create_app(path: str) -> Flask:
    """A service with one route; the vectors are mapped into memory and their lengths known before it forks."""
    vectors = KeyedVectors.load(path, mmap="r")
    vectors.fill_norms()
    app = Flask(__name__)

    @app.get("/neighbors")
    def neighbors() -> dict[str, Any]:
        found = vectors.most_similar(request.args["word"], topn=int(request.args.get("topn", 10)))
        return {"neighbors": [{"word": word, "score": float(score)} for word, score in found]}

    return app


class Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn as its documentation shows it, with threads."""

    def __init__(self, app: Flask, settings: dict[str, Any]) -> None:
        self._app = app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Take the settings."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Hand over the application."""
        return self._app


if __name__ == "__main__":
    keyed_vectors, port, workers, threads = sys.argv[1:]
    Gunicorn(
        create_app(keyed_vectors),
        {
            "bind": f"127.0.0.1:{port}",
            "workers": int(workers),
            "threads": int(threads),
            "worker_class": "gthread",
            "keepalive": 15,
            "preload_app": True,
            "loglevel": "warning",
            "control_socket_disable": True,
        },
    ).run()
