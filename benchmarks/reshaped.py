"""The same words on lines of another length: short ones, on which gensim slows down, or one, which it cuts."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.settings import TokenSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from storage.files import whole_file

PIECE = 10_000
"""Words written at a time."""


def reshaped(tokens: Path, sentence: int) -> Path:
    """Token files with the words of `tokens` in lines of `sentence` words; -1 for a single line, 0 as they are."""
    if not sentence:
        return tokens
    name = f"{tokens.name}-{'one-line' if sentence < 0 else f'lines-of-{sentence}'}"
    text = tokens.parent / f"{name}.txt"
    if not text.is_file():
        with whole_file(text) as file:
            for piece in _pieces(tokens, PIECE if sentence < 0 else sentence):
                file.write(f"{' '.join(piece)}{' ' if sentence < 0 else chr(10)}".encode())
    folder = tokens.parent / name
    tokenize(StageFolder(folder), [str(text)], TokenSettings())
    return folder


def _pieces(tokens: Path, size: int) -> Iterator[list[str]]:
    corpus = TokenCorpus.open(tokens)
    words = corpus.vocabulary(VocabularySettings(min_count=1)).words
    left: list[str] = []
    for sentence in corpus.sentences_of_ids(len(words)):
        left += [words[word] for word in sentence]
        while len(left) >= size:
            yield left[:size]
            left = left[size:]
    yield left
