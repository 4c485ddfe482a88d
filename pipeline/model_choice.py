"""Which models there are, and which settings belong to which of them."""

from collections.abc import Mapping

from storage.errors import SettingError

MODELS = ("skipgram", "cbow", "fasttext", "glove")
ARCHITECTURES = ("skipgram", "cbow")
LOSSES = ("ns", "hs", "softmax")
PIECES = {"min_n": 3, "max_n": 6, "bucket": 2_000_000}
"""The settings of fastText's pieces of words, with their defaults."""
WEIGHTS = {"x_max": 100.0, "glove_alpha": 0.75}
"""The settings of GloVe's weights, with their defaults, which are the paper's."""
USUAL = {"window": 5, "alpha": 0.025, "epochs": 5}
USUAL_OF_GLOVE = {"window": 15, "alpha": 0.05, "epochs": 25}
"""Defaults of gensim's Word2Vec, and where those of GloVe's program differ."""
COMBINATIONS = ("sum", "word", "concatenation")
ONLY_GLOVE = (*WEIGHTS, "symmetric", "combine")
NOT_GLOVE = ("architecture", "loss", "shrink_windows", "cbow_mean", *PIECES, "negative", "ns_exponent", "sample")
"""Settings that say nothing of the other models, or nothing of GloVe."""


def usual_of(model: str) -> Mapping[str, float]:
    """The defaults that differ from model to model."""
    return USUAL_OF_GLOVE if model == "glove" else USUAL


def foreign_to(model: str) -> tuple[str, ...]:
    """The settings that say nothing of a model."""
    return NOT_GLOVE if model == "glove" else ONLY_GLOVE


def chosen(model: str | None, architecture: str | None) -> tuple[str, str]:
    """The model and its architecture, of which either may be missing.

    Raises:
        SettingError: they contradict each other.
    """
    model = model or architecture or ARCHITECTURES[0]
    architecture = architecture or (model if model in ARCHITECTURES else ARCHITECTURES[0])
    if model in ARCHITECTURES and architecture != model:
        raise SettingError(
            f"model is {model}, but architecture is {architecture}; give --model {architecture}, or --model"
            f" fasttext with --architecture {architecture}, or leave architecture out"
        )
    if model == "glove" and architecture != ARCHITECTURES[0]:
        raise SettingError(f"architecture is {architecture}, but glove has none; leave it out")
    return model, architecture


def refuse_foreign(model: str, owner: str, values: Mapping[str, float | None], why: str) -> None:
    """Refuse settings of another model that have been given.

    Raises:
        SettingError: one has a value; the message says why that has no place with this model.
    """
    for name, value in values.items():
        if value is not None:
            raise SettingError(
                f"{name} is {value}, but with model {model} {why}; give --model {owner}, or leave {name} out"
            )


def refuse_unused(model: str, values: Mapping[str, tuple[object, object]]) -> None:
    """Refuse settings that say nothing of a model and are not as they are by default.

    Raises:
        SettingError: of such a setting the value, given first, is not the default, given second.
    """
    for name in foreign_to(model):
        value, usual = values[name]
        if usual is not None and value != usual:
            raise SettingError(f"{name} is {value}, but model {model} has no use for it; leave {name} out")


def require_pieces(min_n: int | None, max_n: int | None, architecture: str) -> None:
    """Refuse fastText's pieces where there can be none.

    Raises:
        SettingError: the longest is shorter than the shortest.
    """
    if min_n is not None and max_n is not None and min_n > max_n:
        raise SettingError(
            f"min_n is {min_n}, above max_n {max_n}; lower it, or train whole words with --model {architecture}"
        )
