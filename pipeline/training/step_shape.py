"""`StepShape`: how much text makes a step, and which of its centers share their noise."""

from dataclasses import dataclass

from pipeline.settings import TrainSettings
from pipeline.training.batch import BLOCK
from storage.errors import SettingError

USUALLY_OWED = 30
"""Noise pairs owed to a center with gensim's defaults: 5 for each of 5 + 1 contexts."""
MOST_NOISE = 4096
"""Noise words of a group, whose rows are held at once: with more pairs owed, each stands for several."""


@dataclass(frozen=True)
class StepShape:
    """How text is cut: L lanes of N centers to a step; `group` of them share K noise words.

    Larger steps amortize Python's overhead, smaller ones keep gradients fresh. Fewer noise words are faster, more of
    them are nearer to independent draws. Lanes are worked on one after the other where a whole step's arrays would not
    stay in the cache.
    """

    lanes: int = 1
    centers: int = 512
    group: int = 32
    noise: int = 32

    def __post_init__(self) -> None:
        """Refuse what cannot be cut into whole blocks and groups."""
        if min(self.lanes, self.noise, self.group) < 1 or self.centers % self.group or self.centers % BLOCK:
            raise SettingError(f"{self} does not divide into whole blocks of {BLOCK} centers and whole groups")

    @property
    def step(self) -> int:
        """Centers of all lanes."""
        return self.lanes * self.centers

    @classmethod
    def for_settings(cls, settings: TrainSettings) -> "StepShape":
        """The shape for a window and a number of noise words.

        In skip-gram a center far from a sentence's end has C + 1 contexts on average and is owed `negative` noise pairs
        for each. At the defaults (30 pairs) 512 centers and 32 noise words cost no quality. With more pairs owed, K
        grows so that a noise pair still stands for about one, and N shrinks so that a step still holds about as many
        pairs. CBOW has one target for each center, a sixth of the pairs, and 8 noise words for it are enough where
        neighbors do not share them (`batch.Noise`). Full softmax moves every word at each step, so its steps are short.
        """
        if settings.loss == "softmax":
            return cls(lanes=4, centers=BLOCK, group=BLOCK)
        if settings.loss == "hs":
            return cls(lanes=4, centers=128 if settings.architecture == "skipgram" else 256)
        if settings.architecture == "cbow":
            return cls(noise=min(-(-settings.negative // 5) * 8, MOST_NOISE))
        owed = settings.negative * (settings.window + 1)
        groups = min(cls.centers // cls.group, max(1, cls.centers // cls.group * USUALLY_OWED // owed))
        return cls(cls.lanes, groups * cls.group, cls.group, min(max(cls.noise, _blocks(owed)), MOST_NOISE))


def _blocks(count: int) -> int:
    """The next multiple of BLOCK."""
    return -(-count // BLOCK) * BLOCK
