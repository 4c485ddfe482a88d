"""How the service guards itself and what it offers: settings of `create_app`, and options of `firth serve`."""

import re
from dataclasses import dataclass

from storage.declared import Declared, setting
from storage.errors import SettingError

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(Declared):
    """Limits and switches of the HTTP service."""

    keep_models: int = setting(4, "How many models stay loaded; the one asked for the longest ago goes first.", low=1)
    max_body: int = setting(1_048_576, "Largest body of a request, in bytes.", low=1024, high=2**30)
    max_batch: int = setting(256, "Most questions of one batch.", low=1, high=10_000)
    compress_from: int = setting(1024, "Bytes from which on a response is compressed; 0 is never.", low=0)
    cors_origins: str = setting(
        "", "Origins whose pages may ask, separated by commas, for example https://example.org; * is every one."
    )
    token_file: str = setting(
        "", "File with the token that clients must send as `Authorization: Bearer TOKEN`; or set FIRTH_TOKEN."
    )
    requests_per_minute: int = setting(
        0, "Most requests of one address in a minute, counted by each process for itself; 0 is no limit.", low=0
    )
    proxies: int = setting(
        0, "Proxies in front of the service, whose X-Forwarded-For and X-Forwarded-Proto are believed.", low=0, high=8
    )
    approximate: bool = setting(
        False, "Make an approximate index of large models, once, for questions with `search=approximate`."
    )
    approximate_from: int = setting(
        150_000_000, "Words times dimensions from which on a model is large: half a million words x 300.", low=1
    )
    word2vec_api: str = setting(
        "", "Model that also answers at /word2vec, for clients of 3Top/word2vec-api; none unless given."
    )

    def __post_init__(self) -> None:
        """Check the ranges, and that origins are origins."""
        super().__post_init__()
        strange = [origin for origin in self.origins if origin != "*" and not _ORIGIN.fullmatch(origin)]
        if strange:
            raise SettingError(f"cors_origins holds {strange[0]!r}; allowed: * or origins such as https://example.org")

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may ask."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]
