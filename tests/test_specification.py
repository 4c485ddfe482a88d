"""The house rules that no linter knows."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for package in ("pipeline", "service", "storage") for path in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").glob("test_*.py"))


def load_module(path):
    """A Python file outside the packages, imported by its path."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def functions(path):
    """Every function of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_every_test_states_its_law(path):
    """Each test says in its docstring which law it holds."""
    silent = [f.name for f in functions(path) if f.name.startswith("test_") and not ast.get_docstring(f)]
    assert silent == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_are_short(path):
    """No function is longer than 50 lines."""
    assert [f.name for f in functions(path) if f.end_lineno - f.lineno >= 50] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_about_one_thing(path):
    """No file is longer than 280 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= 280


def test_nothing_unsafe_is_used():
    """No source names pickle, eval, exec, or a NumPy load that would unpickle."""
    unsafe = {"eval", "exec", "pickle", "cPickle", "marshal", "shelve"}
    for path in SOURCES:
        names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
        assert not names & unsafe, path
        assert "allow_pickle=True" not in path.read_text("utf-8"), path


def test_every_module_imports_only_what_is_declared():
    """The third-party modules imported are those that requirements.txt and the optional extras list."""
    own = {"pipeline", "service", "storage"}
    names = {"numpy", "scipy", "gensim", "threadpoolctl", "sqlite_utils", "flask", "gunicorn", "waitress", "click"}
    names |= {"tabulate", "tqdm", "zstandard", "tomli", "werkzeug"}  # werkzeug is Flask's own other half
    names |= {"flask_openapi3", "pydantic", "flask_compress", "flask_cors", "flask_limiter", "prometheus_client"}
    names |= {"numkong", "faiss", "prompt_toolkit", "re2", "openTSNE", "sklearn", "pyarrow", "matplotlib"}
    standard = set(__import__("sys").stdlib_module_names) | {"tomllib"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {module.split(".")[0] for module in modules} <= own | names | standard, path


def test_the_tour_stops_at_every_file():
    """The README's tour of the files leaves none out and names none that is gone."""
    tour = load_module(ROOT / "docs" / "tour.py")
    stops = [path for paths in tour.STOPS.values() for path in tour.files(paths)]
    plain = {str(path.relative_to(ROOT)) for path in SOURCES if path.name not in ("__init__.py", "__main__.py")}
    assert sorted(stops) == sorted(plain)
