"""The embedded default corpus: real English text that comes inside gensim's wheel."""

import bz2
from collections.abc import Iterator
from pathlib import Path

from storage.files import whole_file

WIKIPEDIA = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
NEWS = "lee_background.cor"


def demo_corpus(folder: Path) -> list[Path]:
    """Write wikipedia.txt and news.txt into `folder`, one paragraph or story a line, unless they are there already.

    A file appears only when it is complete, so one that is there is taken as it is.
    """
    texts = {folder / "wikipedia.txt": wikipedia, folder / "news.txt": news}
    for path, lines in texts.items():
        if not path.exists():
            with whole_file(path) as file:
                file.writelines(f"{line}\n".encode() for line in lines())
    return list(texts)


def wikipedia() -> Iterator[str]:
    """The paragraphs of gensim's Wikipedia sample without its markup; 100 of the 206 pages only point to others."""
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki
    from gensim.test.utils import datapath

    with bz2.open(datapath(WIKIPEDIA)) as file:
        for _title, markup, _number in extract_pages(file, filter_namespaces=("0",)):
            if not markup.upper().startswith("#REDIRECT"):
                yield from _lines(filter_wiki(markup))


def news() -> Iterator[str]:
    """The 300 stories of the Lee corpus, one a line."""
    from gensim.test.utils import datapath

    yield from _lines(Path(datapath(NEWS)).read_text("utf-8"))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.split("\n") if line.strip())
