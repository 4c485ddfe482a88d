"""How responses travel: headers for browsers, gzip, other origins, proxies in front."""

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from service.http import model_headers
from service.http.request_ids import HEADER
from service.settings import ServiceSettings

POLICY = "Content-Security-Policy"
SECURITY_HEADERS = {
    POLICY: ("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_MINUTES_10 = 600  # seconds that a browser may remember what another origin is allowed


def register(app: Flask, settings: ServiceSettings) -> None:
    """Let every response carry the headers it needs, as the settings have it."""
    app.after_request(secured)
    if settings.compress_from:
        _compress(app, settings.compress_from)
    if settings.cors_origins:
        _allow_origins(app, settings.origins)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # as Flask's documentation does it
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )


def secured(response: Response) -> Response:
    """The response with the headers that keep browsers from foreign content, framing and guessing types."""
    headers = response.headers
    for name, value in SECURITY_HEADERS.items():
        if name != POLICY or POLICY not in headers:  # a page may bring a policy of its own
            headers.add(name, value)
    return response


def _compress(app: Flask, smallest: int) -> None:
    from flask_compress import Compress

    app.config.update(
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_MIMETYPES=["application/json", "text/html"],
        COMPRESS_MIN_SIZE=smallest,
        COMPRESS_STREAMS=False,  # flask-compress leaves the files of a stream open
    )
    Compress(app)


def _allow_origins(app: Flask, origins: list[str]) -> None:
    from flask_cors import CORS

    CORS(
        app,
        resources=[r"/api/.*", r"/word2vec/.*", r"/openapi\.json"],
        origins=origins,
        send_wildcard=True,
        methods=["GET", "HEAD", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "If-None-Match", HEADER],
        expose_headers=["ETag", "Retry-After", HEADER, *model_headers.HEADERS],
        max_age=_MINUTES_10,
    )
