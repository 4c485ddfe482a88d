"""What can be set, with its default, its allowed range and its help; options, TOML and environment all read this.

Names and defaults are gensim's wherever gensim has the setting.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipeline import model_choice
from storage.declared import Declared, setting
from storage.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class TokenSettings(Declared):
    """How text becomes tokens."""

    encoding: str = setting("utf-8", "Character encoding of the input.")
    errors: str = setting("strict", "What to do with bytes that are not text.", choices=("strict", "replace", "ignore"))
    token_pattern: str = setting("", "Regular expression of one token, instead of Firth's own.")
    keep_case: bool = setting(False, "Keep capitals; otherwise tokens are lower-cased.")
    keep_numbers: bool = setting(False, "Keep tokens that are only decimal digits.")
    min_length: int = setting(1, "Leave out tokens of fewer characters.", low=1)

    def __post_init__(self) -> None:
        """Check the ranges, the encoding's name and the pattern."""
        super().__post_init__()
        try:
            "".encode(self.encoding)
        except (LookupError, UnicodeError):
            raise SettingError(
                f"encoding {self.encoding!r} is not known to Python; for example utf-8, latin-1"
            ) from None
        try:
            re.compile(self.token_pattern)
        except re.error as error:
            raise SettingError(f"token_pattern {self.token_pattern!r} is not a regular expression: {error}") from None


PHRASE_THRESHOLDS = {"default": 10.0, "word2phrase": 100.0, "npmi": 0.5}  # scoring -> threshold where none is set


@dataclass(frozen=True, kw_only=True)
class PhraseSettings(Declared):
    """Which neighboring tokens become one; the formulas are in pipeline/text/phrases.py."""

    phrases: int = setting(
        0, "Passes that join words which often stand together; each can join what the last one joined.", low=0, high=10
    )
    phrase_scoring: str = setting(
        "default",
        "Score of a pair a b that stands n(ab) times: default, (n(ab) - min_count) / (n(a) n(b)) * different words and"
        " pairs, as gensim; word2phrase, the same * tokens; or npmi, ln(p(ab) / (p(a) p(b))) / -ln p(ab).",
        choices=tuple(PHRASE_THRESHOLDS),
    )
    phrase_threshold: float | None = setting(
        None,
        "A pair is joined where its score is greater: above 0, for npmi from -1 to 1.",
        shown=", ".join(f"{name} {threshold:g}" for name, threshold in PHRASE_THRESHOLDS.items()),
    )
    phrase_min_count: int = setting(5, "Pairs that stand fewer times are not joined; min_count of the score.", low=1)
    phrase_delimiter: str = setting("_", "What stands between the words of a phrase.")
    connector_words: str = setting(
        "",
        "Words that may stand inside a phrase and do not count: english, for a list of 15; or the words as they stand"
        " among the tokens, separated by commas; or @ and a file of them.",
    )

    def __post_init__(self) -> None:
        """Check the ranges, the threshold against the scoring, and the delimiter."""
        super().__post_init__()
        npmi = self.phrase_scoring == "npmi"
        if not (-1 <= self.threshold <= 1 if npmi else self.threshold > 0):
            allowed = f"{'from -1 to 1' if npmi else 'above 0'} with phrase_scoring {self.phrase_scoring}"
            raise SettingError(f"phrase_threshold is {self.phrase_threshold}; allowed: {allowed}")
        if not self.phrase_delimiter or any(map(str.isspace, self.phrase_delimiter)):
            raise SettingError(f"phrase_delimiter is {self.phrase_delimiter!r}; allowed: characters, no white space")

    @property
    def threshold(self) -> float:
        """The threshold that is set, or else that of the scoring."""
        if self.phrase_threshold is None:
            return PHRASE_THRESHOLDS[self.phrase_scoring]
        return self.phrase_threshold


@dataclass(frozen=True, kw_only=True)
class VocabularySettings(Declared):
    """Which of the counted words are trained."""

    min_count: int = setting(5, "Leave out words that stand fewer times in the corpus.", low=1)
    max_vocab_size: int = setting(
        0, "Keep exactly this many words where there are more, the most frequent; 0 keeps all.", low=0
    )
    max_final_vocab: int = setting(
        0,
        "Raise --min-count until at most this many words are left, so that words of equal count stay or go together;"
        " 0 leaves it.",
        low=0,
    )


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Declared):
    """How the vectors are trained.

    `model` and `architecture` say together what is trained; once made, both have a value and agree. `min_n`, `max_n`
    and `bucket` have one with fastText only, `x_max` and `glove_alpha` with GloVe only.
    """

    model: str = setting(
        None,
        "What is trained: a center predicts each context word (skipgram), they together the center (cbow), either of"
        " these with words that are made of pieces (fasttext), or inner products are the logarithms of how much words"
        " stand together in all the text (glove, which uses none of the settings of prediction).",
        choices=model_choice.MODELS,
        shown="--architecture",
        in_tables=True,  # elsewhere `model` names the stored model that is asked
    )
    architecture: str = setting(
        None,
        "What predicts what, as in --model; for fasttext, which does either.",
        choices=model_choice.ARCHITECTURES,
        shown="skipgram",
    )
    loss: str = setting(
        "ns",
        "How a target is scored: by negative sampling, hierarchical softmax, or against all words (exact, slow).",
        choices=model_choice.LOSSES,
    )
    vector_size: int = setting(100, "Dimensions of a vector.", low=1, high=10_000)
    window: int = setting(
        None, "Largest distance between a center and its context word.", low=1, high=1000, shown="5, glove 15"
    )
    shrink_windows: bool = setting(True, "Windows of 1 to --window, each as often, or else always --window.")
    cbow_mean: bool = setting(True, "CBOW predicts from the mean of the context vectors; otherwise from their sum.")
    min_n: int | None = setting(None, "Characters of fastText's shortest pieces.", low=1, high=100, shown="3")
    max_n: int | None = setting(None, "Characters of fastText's longest pieces.", low=1, high=100, shown="6")
    bucket: int | None = setting(
        None,
        "How many numbers fastText's pieces are hashed to; those that no word has cost nothing.",
        low=1,
        high=2**31 - 1,
        shown="2000000",
    )
    x_max: float = setting(
        None,
        "GloVe's pairs that stand together so much, or more, weigh 1.",
        low=0,
        open_low=True,
        high=1e12,
        shown="100",
    )
    glove_alpha: float = setting(
        None, "Power of X / x_max that the others weigh; GloVe's program calls it alpha.", low=0, high=10, shown="0.75"
    )
    symmetric: bool = setting(True, "GloVe counts words to both sides; otherwise only those to the left.")
    combine: str = setting(
        "sum",
        "A word's GloVe vector: the sum of its vectors as a word and as a context, that as a word, or both, one behind"
        " the other.",
        choices=model_choice.COMBINATIONS,
    )
    negative: int = setting(5, "Noise words for each pair of center and context.", low=1, high=1000)
    ns_exponent: float = setting(0.75, "Power of the counts in the noise distribution.", low=-10, high=10)
    sample: float = setting(1e-3, "Subsampling threshold for frequent words; 0 keeps every token.", low=0, high=0.5)
    alpha: float = setting(
        None, "Learning rate at the start.", low=0, open_low=True, high=10, shown="0.025, glove 0.05"
    )
    min_alpha: float = setting(
        None, "Learning rate at the end, reached linearly.", low=0, high=10, shown="0.0001, glove --alpha"
    )
    epochs: int = setting(
        None, "Passes over the corpus, or over GloVe's pairs.", low=1, high=100_000, shown="5, glove 25"
    )
    seed: int = setting(1, "Seed of all random draws: the same seed gives the same bytes.", low=0, high=2**32 - 1)

    def __post_init__(self) -> None:
        """Check the ranges, settle on a model, and see that the learning rate does not rise."""
        super().__post_init__()
        self._settle_model()
        self._settle_missing(model_choice.usual_of(self.model))
        self._settle_missing({"min_alpha": self.alpha if self.model == "glove" else 1e-4})
        self._settle_only("fasttext", model_choice.PIECES, "a word has no pieces")
        self._settle_only("glove", model_choice.WEIGHTS, "a pair has no such weight")
        model_choice.refuse_unused(
            self.model, {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        )
        model_choice.require_pieces(self.min_n, self.max_n, self.architecture)
        if self.min_alpha > self.alpha:
            raise SettingError(f"min_alpha is {self.min_alpha}, above alpha {self.alpha}; lower it or raise alpha")

    def as_dict(self) -> dict[str, Any]:
        """The settings of this model as plain JSON values."""
        foreign = model_choice.foreign_to(self.model)
        return {name: value for name, value in super().as_dict().items() if name not in foreign}

    @property
    def dimensions(self) -> int:
        """Of the model's vectors, which a concatenation makes twice as long as those that are trained."""
        return self.vector_size * (2 if self.combine == "concatenation" else 1)

    def _settle_model(self) -> None:
        model, architecture = model_choice.chosen(self.model, self.architecture)
        self._settle(model=model, architecture=architecture)

    def _settle_missing(self, usual: Mapping[str, float]) -> None:
        self._settle(**{name: value for name, value in usual.items() if getattr(self, name) is None})

    def _settle_only(self, model: str, usual: Mapping[str, float], why: str) -> None:
        """Give settings of one model their defaults there, and refuse them elsewhere."""
        if self.model == model:
            self._settle_missing(usual)
        else:
            model_choice.refuse_foreign(self.model, model, {name: getattr(self, name) for name in usual}, why)

    def _settle(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, kw_only=True)
class WatchSettings(Declared):
    """What is held out of the training to watch it by."""

    held_out: float = setting(
        0.0,
        "Share of the lines, with GloVe of the pairs, that are not trained on, evenly spread; their loss is measured"
        " after each epoch.",
        low=0,
        high=0.5,
    )
    patience: int = setting(
        0, "Stop when the loss of held-out text has not fallen for so many epochs; 0 never stops.", low=0
    )

    def __post_init__(self) -> None:
        """Check the ranges, and that there is something to be patient about."""
        super().__post_init__()
        if self.patience and not self.held_out:
            raise SettingError(f"patience is {self.patience} but held_out is 0; give --held-out, for example 0.05")


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(Declared):
    """Who does the work of a training, and how often it is kept."""

    workers: int = setting(
        1,
        "Processes that train at once, each on its own text, and from two on the bytes differ a little; with GloVe they"
        " count and train to the same bytes.",
        low=1,
        high=256,
    )
    deterministic: bool = setting(False, "Train in shards, so that any number of --workers gives the same bytes.")
    count_memory: float = setting(
        1.0, "GB that counting GloVe's pairs may use; more is kept on the disk.", low=0.01, high=100_000
    )
    checkpoint_minutes: float = setting(
        10.0, "Minutes between checkpoints, for --resume; 0 writes none.", low=0, high=100_000
    )

    @property
    def scheme(self) -> str:
        """How the work is shared, which decides the bytes: "solo", "shards", or "free", which is never twice the same.

        Of shards the number of workers is of no account.
        """
        if self.deterministic:
            return "shards"
        return "solo" if self.workers == 1 else "free"

    @property
    def reproducible(self) -> bool:
        """Whether the same training gives the same bytes again."""
        return self.scheme != "free"
