"""docs/lessons.md: the lessons with their pictures and what they print; `python -m docs.lessons` makes these anew.

A lesson runs for up to half a minute, and the last digits of what it learns are the machine's. So outputs and pictures
are kept, each with the hash of the files that it was made from, and the page cannot be generated from any others.
"""

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from pipeline.lessons.page import Page
from pipeline.lessons.path import PATH, Lesson
from pipeline.lessons.pictures.style import save
from storage.files import sha256_of_file, sha256_of_json, write_json

DOCS = Path(__file__).parent
ROOT = DOCS.parent
OUTPUTS = DOCS / "lessons.json"
SEED = 1
HASHED = ("pipeline.lessons", "pipeline.models")
MANY, FIRST, LAST = 20, 11, 2


def main() -> None:
    """Run all lessons, and keep what they print and draw."""
    write_json(OUTPUTS, {lesson.name: _made(lesson) for lesson in PATH})


def _made(lesson: Lesson) -> dict[str, Any]:
    lines = list[str]()
    teach, made_from = lesson.module.teach, sources(lesson)
    with threadpool_limits(1, "blas"):
        result = teach(Page(lines.append), SEED)
    save(lesson, result, picture(lesson), note=made_from)
    return {"made_from": made_from, "output": lines}


def picture(lesson: Lesson) -> Path:
    """Where its picture is."""
    return DOCS / f"lessons-{lesson.name}.png"


def sources(lesson: Lesson) -> str:
    """The hash of the files that a lesson is made of."""
    hashes = {str(path.relative_to(ROOT)): sha256_of_file(path) for path in files_of(lesson)}
    return sha256_of_json(hashes)[:16]


def files_of(lesson: Lesson) -> set[Path]:
    """A lesson's file, that of its picture, and all of the lessons' and models' that they import."""
    found = set[Path]()
    wanted = [f"pipeline.lessons.{lesson.file}", f"pipeline.lessons.pictures.{lesson.file}"]
    while wanted:
        path = ROOT / f"{wanted.pop().replace('.', '/')}.py"
        if path.is_file() and path not in found:
            found.add(path)
            wanted += [name for name in _imported(path) if name.startswith(HASHED)]
    return found


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def page() -> str:
    """The page's generated part.

    Raises:
        ValueError: an output or a picture was made from other files than those of now.
    """
    kept = _read()
    return "\n".join(line for number, lesson in enumerate(PATH, start=1) for line in _section(number, lesson, kept))


def _read() -> dict[str, Any]:
    import json

    kept: dict[str, Any] = json.loads(OUTPUTS.read_text("utf-8"))
    return kept


def _section(number: int, lesson: Lesson, kept: dict[str, Any]) -> Iterator[str]:
    from PIL import Image

    with Image.open(picture(lesson)) as image:
        made_from = {kept[lesson.name]["made_from"], image.info.get("Description")}
    if made_from != {sources(lesson)}:
        raise ValueError(f"the lesson {lesson.name} has changed since its output was kept: run `make lessons`")
    file = f"pipeline/lessons/{lesson.file}.py"
    docstring = ast.get_docstring(ast.parse((ROOT / file).read_text("utf-8"))) or ""
    title, _, body = docstring.partition("\n")
    yield from ("", f"## {number}. {lesson.name}", "", f"**{title}**", body, "")
    yield from (f"![{title}]({picture(lesson).name})", "")
    yield from ("<details>", f"<summary>What <code>firth lesson {lesson.name}</code> prints</summary>", "", "```text")
    yield from _shortened(kept[lesson.name]["output"])
    yield from ("```", "", "</details>", "", f"The program: [{file}](../{file})")


def _shortened(lines: list[str]) -> Iterator[str]:
    """The lines, without the middle of what goes on for long in the same way."""
    for _, group in groupby("\n".join(lines).strip("\n").split("\n"), key=lambda line: line.split(" ")[0]):
        alike = list(group)
        yield from alike if len(alike) < MANY else [*alike[:FIRST], "...", *alike[-LAST:]]


if __name__ == "__main__":
    main()
