"""The order of the packages, and the one place of each library, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipeline", "service", "storage")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
MAY_IMPORT = {
    "pipeline": {"pipeline", "service", "storage"},
    "service": {"service", "storage"},
    "storage": {"storage"},
}
CONFINED = {
    "flask": ("service/",),
    "werkzeug": ("service/",),
    "flask_openapi3": ("service/app.py", "service/http/"),
    "flask_compress": ("service/http/transport.py",),
    "flask_cors": ("service/http/transport.py",),
    "flask_limiter": ("service/http/guards.py",),
    "pydantic": ("service/http/schemas.py",),
    "gunicorn": ("service/gunicorn_server.py", "service/gunicorn_worker.py"),
    "prometheus_client": ("service/metrics.py",),
    "waitress": ("service/server.py",),
    "re2": ("service/engine/patterns.py",),
    "sqlite_utils": ("storage/",),
    "sqlite3": ("storage/",),
    "click": ("pipeline/cli.py", "pipeline/commands/", "pipeline/asking/", "pipeline/options.py", "pipeline/config.py"),
    "matplotlib": ("pipeline/lessons/pictures/",),
    "prompt_toolkit": ("pipeline/asking/prompt.py",),
    "pyarrow": ("storage/formats/columns.py", "storage/formats/parquet.py", "storage/formats/arrow.py"),
    "openTSNE": ("pipeline/map/",),
    "sklearn": ("pipeline/map/",),
    "gensim": ("pipeline/crosscheck/", "pipeline/evaluation/data.py", "pipeline/text/demo.py"),
}
ONLY_IN_FUNCTIONS = ("gensim", "gunicorn", "waitress", "prometheus_client", "openTSNE", "sklearn", "pyarrow")
IN_FUNCTIONS_THEMSELVES = {  # files that nobody imports at once, and so may import at once what only they need
    "service/gunicorn_server.py": "service.gunicorn_server",
    "service/gunicorn_worker.py": "service.gunicorn_worker",
}


def imported(tree):
    """The top-level names of all absolute imports below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "").partition(".")[0]


def imported_at_once(tree):
    """The names imported when the module is imported: those outside of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imported(node)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imported_at_once(node)


def name_of(file):
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_packages_import_in_one_order(file):
    """Pipeline may import service and storage, service only storage, storage neither; imports name whole paths."""
    names = set(imported(ast.parse(file.read_text("utf-8"))))
    package = name_of(file).partition("/")[0]
    assert names & set(PACKAGES) <= MAY_IMPORT[package]
    assert not [name for name in names if name.startswith(".")]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_libraries_stay_in_their_place(file):
    """Each library is imported only where it belongs, so that it can be replaced there."""
    strays = [
        library
        for library in set(imported(ast.parse(file.read_text("utf-8")))) & set(CONFINED)
        if not name_of(file).startswith(CONFINED[library])
    ]
    assert strays == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_slow_imports_wait_until_they_are_needed(file):
    """Gensim and the servers are imported inside functions: starting Firth does not wait for them."""
    if name_of(file) not in IN_FUNCTIONS_THEMSELVES:
        tree = ast.parse(file.read_text("utf-8"))
        assert set(imported_at_once(tree)) & set(ONLY_IN_FUNCTIONS) == set()
        whole = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert whole & set(IN_FUNCTIONS_THEMSELVES.values()) == set()


def test_the_reader_of_imports_sees_all_of_them():
    """The rules above see imports at the top, in functions and in branches, whole and by name."""
    tree = ast.parse(
        "import flask.json\nfrom click import x\ndef f():\n    import gensim\nif 1:\n    from . import y\n"
    )
    assert set(imported(tree)) == {"flask", "click", "gensim", "."}
    assert set(imported_at_once(tree)) == {"flask", "click", "."}
