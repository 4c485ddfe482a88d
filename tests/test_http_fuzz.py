"""Whatever is sent, the service answers as its own description says: schemathesis, all phases, all checks."""

import numpy as np
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from service.app import create_app
from service.settings import ServiceSettings
from storage.embeddings import Embeddings
from storage.store import Store

WORDS = ("king", "queen", "man", "woman", "null", "0")
REFUSED = ["400", "404", "405", "413", "414", "415", "422"]
CONFIG = {
    "seed": 1,
    "dictionaries": {"words": {"values": list(WORDS)}},
    "parameters": {"path.model": "demo"},
    "generation": {
        "max-examples": 10,
        "deterministic": True,
        "database": "none",
        "dictionaries": {"string": {"dictionary": "words", "probability": 0.5}},
    },
    "checks": {  # what is well formed can still be without an answer
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "414", "422"]},
        "negative_data_rejection": {"expected-statuses": REFUSED},
    },
}


def fuzzed(path):
    """The service over a small model, with every route that can be switched on."""
    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 3)).astype(np.float32)
    counts = np.arange(len(WORDS), 0, -1, dtype=np.int64)
    with Store.open(path, create=True) as store:
        store.publish("demo", Embeddings(WORDS, counts, matrix), {})
    return create_app(path, ServiceSettings(word2vec_api="demo", compress_from=0))


def test_the_service_does_what_its_description_says(tmp_path):
    """No request makes the service fail, and every response to valid and to other requests is one of the described."""
    app = fuzzed(tmp_path / "firth.db")
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    faults, asked = [], set()
    for event in from_schema(schema).execute():
        assert not isinstance(event, FatalError), event.exception
        if isinstance(event, NonFatalError):
            faults.append(f"{event.label}: {event.value}")
        if isinstance(event, ScenarioFinished):
            asked.add(event.recorder.label)
            failed = [check for checks in event.recorder.checks.values() for check in checks if check.failure_info]
            faults += [f"{event.recorder.label}: {check.failure_info.failure}" for check in failed]
    assert not faults, "\n\n".join(faults[:10])
    assert len(asked) >= 2 * 19 + 3 + 4  # every question twice, the models and the batch, the routes of the peer
