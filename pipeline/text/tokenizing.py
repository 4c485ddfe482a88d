"""The stage `firth tokenize`: paths in, a folder with token ids out."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.settings import PhraseSettings, TokenSettings
from pipeline.stages import Manifest, StageFolder, stage_key
from pipeline.text.block_tokens import BlockTokens, tokenized
from pipeline.text.connectors import connector_words
from pipeline.text.corpus import BLOCK, Source, blocks, find_sources
from pipeline.text.phrase_table import PhraseTable, write_phrases
from pipeline.text.phrasing import join_phrases
from pipeline.text.reading import gathered
from pipeline.text.token_files import STAGE, TokenCorpus
from pipeline.text.token_writer import token_writer, write_words
from pipeline.text.tokens import WORD_PATTERN
from pipeline.text.vocabulary import Vocabulary, size_curve
from pipeline.text.word_counts import WordCounts
from storage.errors import InputError, SettingError
from storage.packed import Tally

NO_PHRASES = PhraseSettings()


def ignore(_bytes: int, _tokens: int) -> None:
    """Report progress to nobody."""


def tokenize(
    folder: StageFolder,
    paths: Sequence[str],
    settings: TokenSettings,
    phrasing: PhraseSettings = NO_PHRASES,
    *,
    processes: int | None = None,
    force: bool = False,
    report: Callable[[int, int], None] = ignore,
    block: int = BLOCK,
) -> tuple[Manifest, bool]:
    """Turn text into token ids, unless this has been done with the same text, settings and code; says whether it ran.

    What is written depends neither on `processes` nor on `block`.

    Args:
        folder: where the output goes.
        paths: files, folders, or "-" for standard input.
        settings: how text becomes tokens.
        phrasing: which neighboring tokens then become one.
        processes: how many tokenize at once; by default one for each processor.
        force: run even if the output is there.
        report: called now and then with the bytes read of the input and the tokens written.
        block: about how many bytes of text are handed to a process at a time.

    Raises:
        InputError: an input, or a file of connector words, that cannot be read or holds no token.
        SettingError: `processes` is below 1.
    """
    processes = _required(processors() if processes is None else processes)
    sources = find_sources(paths)
    connectors = connector_words(phrasing.connector_words) if phrasing.phrases else ()
    in_force = _in_force(settings, phrasing, connectors)
    if not force and _is_current(folder, sources, in_force):
        return folder.manifest(STAGE), False
    tallies = [Tally() for _ in sources]
    inputs: dict[str, Any] = {}  # completed while reading: what is named there is what was read

    def fill(data: Path) -> Mapping[str, Any]:
        each = (blocks(source, settings, tally, block) for source, tally in zip(sources, tallies, strict=True))
        texts = gathered(chain.from_iterable(each), block // 2)  # small files share a block
        with closing(tokenized(texts, settings, processes)) as tokens:
            vocabulary, sentences = _write(data, tokens, lambda count: report(_bytes(tallies), count))
        inputs.update(_inputs(sources, tallies))
        if not len(vocabulary):
            raise _no_tokens(sources, tallies)
        found = _finish(data, *join_phrases(data, vocabulary, phrasing, connectors), sentences)
        return {"bytes": _bytes(tallies), "token_pattern": settings.token_pattern or WORD_PATTERN, **found}

    return folder.write(STAGE, in_force, inputs, fill), True


def total_bytes(paths: Sequence[str]) -> int | None:
    """The bytes that `tokenize` reports at its end; None for a stream. Compressed files count as they stand on disk."""
    total = 0
    for source in find_sources(paths):
        if source.size is None:
            return None
        total += source.size
    return total


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _required(processes: int) -> int:
    if processes < 1:
        raise SettingError(f"processes is {processes}; allowed: 1 or more")
    return processes


def _in_force(settings: TokenSettings, phrasing: PhraseSettings, connectors: Sequence[str]) -> dict[str, Any]:
    """The settings that decide what is written, spelled out."""
    joining = {**phrasing.as_dict(), "phrase_threshold": phrasing.threshold, "connector_words": list(connectors)}
    return {**settings.as_dict(), **(joining if phrasing.phrases else {"phrases": 0})}


def _is_current(folder: StageFolder, sources: Sequence[Source], in_force: Mapping[str, Any]) -> bool:
    """Whether the folder holds, undamaged, what would be written; a stream is not read to find out."""
    if any(source.size is None for source in sources):
        return False
    try:
        TokenCorpus.open(folder.path)
    except InputError:
        return False
    inputs = _inputs(sources, [source.tally() for source in sources])
    return folder.is_current(STAGE, stage_key(STAGE, in_force, inputs))


def _inputs(sources: Sequence[Source], tallies: Sequence[Tally]) -> dict[str, Any]:
    """What was read, in order, for the manifest."""
    pairs = zip(sources, tallies, strict=True)
    return {"sources": [{"name": s.name, "bytes": t.bytes_read, "sha256": t.digest.hexdigest()} for s, t in pairs]}


def _bytes(tallies: Sequence[Tally]) -> int:
    return sum(tally.bytes_read for tally in tallies)


def _write(data: Path, tokens: Iterable[BlockTokens], progress: Callable[[int], None]) -> tuple[Vocabulary, int]:
    """Write the ids and offsets; returns the words, and how many sentences there are."""
    counts = WordCounts()
    with token_writer(data) as writer:
        for block in tokens:
            provisional = counts.add(block.words, block.counts)  # (W,)
            writer.add(provisional[block.ids], block.line_ends)
            progress(writer.tokens)
        vocabulary, rank = counts.ranked()
        writer.finish(rank)
    return vocabulary, writer.sentences


def _finish(data: Path, vocabulary: Vocabulary, tables: Sequence[PhraseTable], sentences: int) -> dict[str, Any]:
    """Write the words, and the phrases of each pass if any was made; returns what the report says of them."""
    write_words(data, vocabulary)
    if tables:
        write_phrases(data, tables)
    return {
        "tokens": int(vocabulary.counts.sum()),
        "sentences": sentences,
        "types": len(vocabulary),
        "size_curve": {str(min_count): size for min_count, size in size_curve(vocabulary.counts).items()},
        "phrases": [table.report() for table in tables],
    }


def _no_tokens(sources: Sequence[Source], tallies: Sequence[Tally]) -> InputError:
    names = ", ".join(source.name for source in sources[:3]) + (" ..." if len(sources) > 3 else "")
    lines = sum(tally.lines for tally in tallies)
    return InputError(
        f"no tokens in {names}: {_bytes(tallies)} bytes and {lines} lines were read; if there is text in them,"
        " look at --token-pattern, --min-length and --keep-numbers"
    )
