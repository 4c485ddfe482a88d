"""The tour of the files for README.md: in the order of the data, each with the first line of its own docstring."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
STOPS = {
    "Text to token ids": [
        "pipeline/text/corpus.py",
        "pipeline/text/reading.py",
        "pipeline/text/tokens.py",
        "pipeline/text/block_tokens.py",
        "pipeline/text/word_counts.py",
        "pipeline/text/vocabulary.py",
        "pipeline/text/token_writer.py",
        "pipeline/text/chunk.py",
        "pipeline/text/token_files.py",
        "pipeline/text/connectors.py",
        "pipeline/text/phrases.py",
        "pipeline/text/pairs.py",
        "pipeline/text/same_text.py",
        "pipeline/text/phrase_table.py",
        "pipeline/text/phrasing.py",
        "pipeline/text/tokenizing.py",
        "pipeline/text/demo.py",
    ],
    "Token ids to vectors": [
        "pipeline/models/skip_gram.py",
        "pipeline/models/cbow.py",
        "pipeline/models/fasttext.py",
        "pipeline/models/negative_sampling.py",
        "pipeline/models/huffman.py",
        "pipeline/models/hierarchical_softmax.py",
        "pipeline/models/softmax.py",
        "pipeline/training/objective.py",
        "pipeline/training/stream.py",
        "pipeline/training/sampling.py",
        "pipeline/training/step_shape.py",
        "pipeline/training/runs.py",
        "pipeline/training/drawn.py",
        "pipeline/training/batch.py",
        "pipeline/training/steps.py",
        "pipeline/training/path_lists.py",
        "pipeline/training/paths.py",
        "pipeline/training/leaves.py",
        "pipeline/training/batches.py",
        "pipeline/training/pieces.py",
        "pipeline/training/parameters.py",
        "pipeline/training/schedule.py",
        "pipeline/training/updates.py",
        "pipeline/training/node_updates.py",
        "pipeline/training/order.py",
        "pipeline/training/reference.py",
        "pipeline/training/fast/trainer.py",
        "pipeline/training/fast/rows.py",
        "pipeline/training/fast/skip_gram.py",
        "pipeline/training/fast/cbow.py",
        "pipeline/training/fast/windows.py",
        "pipeline/training/fast/negative.py",
        "pipeline/training/fast/hierarchical.py",
        "pipeline/training/fast/groups.py",
        "pipeline/training/fast/top.py",
        "pipeline/training/fast/ends.py",
        "pipeline/training/fast/path_products.py",
        "pipeline/training/fast/decisions.py",
        "pipeline/training/fast/softmax.py",
        "pipeline/training/fast/blocks.py",
        "pipeline/training/fast/sums.py",
        "pipeline/training/fast/pulls.py",
        "pipeline/training/fast/scatter.py",
        "pipeline/training/crew.py",
        "pipeline/training/team/processes.py",
        "pipeline/training/team/foreman.py",
        "pipeline/training/team/worker.py",
        "pipeline/training/team/member.py",
        "pipeline/training/team/shards.py",
        "pipeline/training/team/free.py",
        "pipeline/training/team/team.py",
        "pipeline/training/team/shared.py",
        "pipeline/training/divergence.py",
        "pipeline/training/position.py",
        "pipeline/training/ledger.py",
        "pipeline/training/held_out.py",
        "pipeline/training/probes.py",
        "pipeline/training/beginning.py",
        "pipeline/training/continuing.py",
        "pipeline/training/start_vectors.py",
        "pipeline/training/interrupt.py",
        "pipeline/training/checkpoint.py",
        "pipeline/training/keeping.py",
        "pipeline/training/wishes.py",
        "pipeline/training/learned.py",
        "pipeline/training/course.py",
        "pipeline/training/training.py",
        "pipeline/training/stage.py",
        "pipeline/training/model.py",
    ],
    "Pairs of words to vectors": [
        "pipeline/models/glove.py",
        "pipeline/cooccurrence/units.py",
        "pipeline/cooccurrence/tally.py",
        "pipeline/cooccurrence/runs.py",
        "pipeline/cooccurrence/counting.py",
        "pipeline/cooccurrence/cells.py",
        "pipeline/training/glove/bands.py",
        "pipeline/training/glove/tiles.py",
        "pipeline/training/glove/arranging.py",
        "pipeline/training/glove/rounds.py",
        "pipeline/training/glove/factors.py",
        "pipeline/training/glove/side.py",
        "pipeline/training/glove/reference.py",
        "pipeline/training/glove/fast.py",
        "pipeline/training/glove/hands.py",
        "pipeline/training/glove/crew.py",
        "pipeline/training/glove/hint.py",
        "pipeline/training/glove/kept_counts.py",
        "pipeline/training/glove/training.py",
    ],
    "What will it take": [
        "pipeline/plan/sample.py",
        "pipeline/plan/counting.py",
        "pipeline/plan/growth.py",
        "pipeline/plan/glove_trial.py",
        "pipeline/plan/memory.py",
        "pipeline/plan/calibration.py",
        "pipeline/plan/planning.py",
    ],
    "How good are they": ["pipeline/crosscheck", "pipeline/evaluation"],
    "A map of the words": ["pipeline/map"],
    "Vectors kept": ["storage", "storage/managing", "storage/verification"],
    "Vectors of other programs": ["storage/formats"],
    "Questions answered": ["service", "service/answers", "service/engine", "service/nearest", "service/http"],
    "Questions asked in a terminal": ["pipeline/asking"],
    "Neural networks to read and to run": [
        "pipeline/lessons/path.py",
        "pipeline/lessons/page.py",
        "pipeline/lessons/linear_regression.py",
        "pipeline/lessons/layers.py",
        "pipeline/lessons/slope.py",
        "pipeline/lessons/classifier.py",
        "pipeline/lessons/one_hot.py",
        "pipeline/lessons/small_text.py",
        "pipeline/lessons/word_models.py",
        "pipeline/lessons/skip_gram.py",
        "pipeline/lessons/cbow.py",
        "pipeline/lessons/counting.py",
        "pipeline/lessons/recurrent.py",
        "pipeline/lessons/char_rnn.py",
        "pipeline/lessons/pictures",
    ],
    "What holds it together": [
        "pipeline/model_choice.py",
        "pipeline/settings.py",
        "pipeline/stages.py",
        "pipeline/circumstances.py",
        "pipeline/reproducing.py",
        "pipeline/options.py",
        "pipeline/config.py",
        "pipeline/printable.py",
        "pipeline/progress.py",
        "pipeline/cli.py",
        "pipeline/commands",
    ],
}


def tour() -> str:
    """The tour as Markdown: a heading for each stretch of the way, which unfolds to its files."""
    return "\n".join(line for title, paths in STOPS.items() for line in _stretch(title, files(paths)))


def _stretch(title: str, paths: list[str]) -> list[str]:
    stops = [f"- [{path}]({path}): {first_line(ROOT / path)}" for path in paths]
    return ["", f"<details><summary><b>{title}</b>, {len(paths)} files</summary>", "", *stops, "", "</details>"]


def files(paths: list[str]) -> list[str]:
    """The files named, and for a folder all of its own, by name."""
    found = []
    for path in paths:
        inside = sorted((ROOT / path).glob("*.py")) if (ROOT / path).is_dir() else [ROOT / path]
        found += [str(file.relative_to(ROOT)) for file in inside if file.name != "__init__.py"]
    return found


def first_line(path: Path) -> str:
    """The first sentence or line of a file's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.splitlines()[0]
