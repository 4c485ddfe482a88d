"""A cross-check's report as text for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.crosscheck.levels import UNDECIDED

TITLES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}
_ROW = "  {:<20}{:>16}{:>16}{:>12}{:>10}  {}"


def as_text(report: Mapping[str, Any]) -> str:
    """The report, as `Report.as_dict` gives it and crosscheck.json keeps it, as lines of text."""
    parts = {"tables": _tables, "replay": _replay, "quality": _quality}
    partial = f" (partial: {', '.join(report['levels'])} only)" if report["partial"] else ""
    lines = [f"cross-check against gensim: {report['verdict'].upper()}{partial}"]
    for name, level in report["levels"].items():
        found = [f"  {level['reason']}"] if "reason" in level else parts[name](level)
        lines += [f"{name}: {level['verdict'].upper()}", *found]
    return "\n".join(lines)


def _tables(level: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {level['words']:,} words of {level['tokens']:,} tokens"
    yield f"  words only in Firth {level['words_only_in_firth']:,}, only in gensim {level['words_only_in_gensim']:,}"
    if "paths_that_differ" not in level:  # GloVe's
        yield f"  largest difference of a count {level['largest_count_difference']}"
        return
    yield f"  words whose way through the Huffman tree differs {level['paths_that_differ']:,}"
    if level.get("pieces_that_differ") is not None:
        yield f"  words with other pieces {level['pieces_that_differ']:,}"
    yield "  largest difference of"
    yield f"    a count              {level['largest_count_difference']}"
    yield f"    a keep probability   {level['largest_keep_difference']:.1e} (allowed {level['keep_tolerance']:.1e})"
    yield f"    a noise probability  {level['largest_noise_difference']:.1e} (allowed {level['noise_tolerance']:.1e})"


def _replay(level: Mapping[str, Any]) -> Iterator[str]:
    sizes = f"{level['pairs']:,} pairs from {level['stories']} stories, {level['words']:,} words"
    fasttext = "fastText, " if level.get("model") == "fasttext" else ""
    yield f"  {fasttext}{level['architecture']} with {level['loss']}: {sizes}"
    yield f"  largest difference of a number (allowed {level['tolerance']:.0e})"
    for matrix in ("vector", "context"):
        difference, size = level[f"largest_{matrix}_difference"], level[f"largest_{matrix}_number"]
        yield f"    among the {matrix}s{'':<{8 - len(matrix)}}{difference:.1e} of numbers up to {size:.2f}"


def _quality(level: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {level['words']:,} words of {level['tokens']:,} tokens, seeds {', '.join(map(str, level['seeds']))}"
    if level["sentences_cut_for_gensim"]:
        yield f"  {level['sentences_cut_for_gensim']:,} sentences cut for gensim, which drops all beyond 10,000 words"
    yield _ROW.format("mean, deviation", "Firth", "gensim", "difference", "allowed", "covered")
    for name, score in level["scores"].items():
        yield _score(TITLES[name], score)
    yield from _neighbors(level["neighbors"])


def _neighbors(shared: Mapping[str, Any]) -> Iterator[str]:
    own = f"gensim with itself {shared['gensim_with_itself']:.1%}"
    share = f"a share of {shared['share']:.3f} (at least {shared['share_needed']:.3f})"
    yield f"  shared neighbors: Firth with gensim {shared['firth_with_gensim']:.1%}, {own}: {share}"
    if shared["crossed"] is not None:
        crossed = f"word vectors with contexts {shared['crossed']:.1%} (at most {shared['crossed_allowed']:.1%})"
        yield f"  each matrix with its like {shared['matched']:.1%}, {crossed}"
    if shared["verdict"] == UNDECIDED:
        yield f"  undecided: too little text to tell, among {shared['candidates']:,} words ({_needed(shared)})"


def _needed(shared: Mapping[str, Any]) -> str:
    by_chance = f"gensim with itself {shared['gensim_with_itself']:.1%}, by chance {shared['chance']:.1%}"
    return f"{by_chance}; needed: {shared['overlap_needed']:.1%}, {shared['candidates_needed']} words"


def _score(title: str, score: Mapping[str, Any]) -> str:
    covered = f"{score['covered']:,} of {score['total']:,} questions"
    if score["firth"]["mean"] is None:
        return f"  {title:<20}no score, {covered}"
    if score["verdict"] == UNDECIDED:
        covered += ", too few to judge"
    both = (f"{score[name]['mean']:.3f} ± {score[name]['deviation']:.3f}" for name in ("firth", "gensim"))
    return _ROW.format(title, *both, f"{score['difference']:+.3f}", f"{score['allowed']:+.3f}", covered)
