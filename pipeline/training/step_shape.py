"""`StepShape`: how much text makes a step, and which of its centers share their noise."""

from dataclasses import dataclass

from pipeline.settings import TrainSettings
from pipeline.training.batch import BLOCK
from storage.errors import SettingError

USUALLY_OWED = 30
"""Noise pairs owed to a center with gensim's defaults: 5 for each of 5 + 1 contexts."""
MOST_LANES, WINDOWS_OF_A_LANE = 4, 24
"""Lanes are at least so many windows long, so that the tokens on either side of their centers hardly count."""
MOST_NOISE = 4096
"""Noise words of a group, whose rows are held at once: with more pairs owed, each stands for several."""
LONGEST_RUN = 128
"""With wider windows a run would have too many scores that do not count, of pairs in different sentences."""


@dataclass(frozen=True)
class StepShape:
    """How text is cut: L lanes of N centers to a step; `group` of them share K noise words.

    `run`, where it is not 0, is C: the text is cut into runs of C tokens, each of which meets its run's others and a
    few beside the run, so that hardly a score does not count; on average every pair counts as much as with drawn
    windows (`runs`). With negative sampling the tokens that do so are inputs, with hierarchical softmax, where a path
    is many rows, they are targets.

    Larger steps amortize Python's overhead, smaller ones keep gradients fresh: all of a step are taken at the same
    parameters, and a burst of a word overshoots. So the lanes of a step come from different places of the text. Fewer
    noise words are faster, more of them are nearer to independent draws.
    """

    lanes: int = 1
    centers: int = 512
    group: int = 32
    noise: int = 32
    run: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be cut into whole blocks and groups."""
        if self.run == 1:
            raise SettingError(f"{self} has runs of one token, which have no others")
        if min(self.lanes, self.noise, self.group) < 1 or self.centers % self.group or self.centers % self.block:
            raise SettingError(f"{self} does not divide into whole blocks of {self.block} centers and whole groups")

    @property
    def block(self) -> int:
        """Consecutive centers that are multiplied at once."""
        return self.run or BLOCK

    @property
    def step(self) -> int:
        """Centers of all lanes."""
        return self.lanes * self.centers

    @classmethod
    def for_settings(cls, settings: TrainSettings) -> "StepShape":
        """The shape for a window and a number of noise words.

        In skip-gram a center far from a sentence's end has C + 1 contexts on average and is owed `negative` noise pairs
        for each. At the defaults (30 pairs) a step has 480 centers in four lanes and 32 noise words a group. With more
        pairs owed, K grows so that a noise pair still stands for about one, and a step has fewer groups, so that it
        still holds about as many pairs. CBOW has one target for each center, a sixth of the pairs, and 8 noise words
        for it are enough. Full softmax moves every word at each step, so its steps are short.
        """
        if settings.loss == "softmax":
            return cls(lanes=4, centers=BLOCK, group=BLOCK)
        if settings.loss == "hs":
            return cls._with_paths(settings)
        if settings.architecture == "cbow":
            return cls(noise=min(-(-settings.negative // 5) * 8, MOST_NOISE))
        owed, run = settings.negative * (settings.window + 1), cls._run(settings, cls.group)
        group = cls.group // run * run if run else cls.group
        groups = max(1, cls.centers * USUALLY_OWED // (max(owed, USUALLY_OWED) * group))
        lanes = max(1, min(MOST_LANES, groups * group // (WINDOWS_OF_A_LANE * settings.window)))
        return cls(lanes, groups // lanes * group, group, min(max(cls.noise, _blocks(owed)), MOST_NOISE), run)

    @classmethod
    def _with_paths(cls, settings: TrainSettings) -> "StepShape":
        """Of hierarchical softmax: one lane, since with four it would be slower, and no better."""
        if settings.architecture == "cbow":
            return cls(lanes=1, centers=1024)
        run = cls._run(settings, LONGEST_RUN)
        centers = max(cls.centers // (2 * run), 1) * 2 * run if run else cls.centers
        return cls(centers=centers, group=centers if run else cls.group, run=run)

    @staticmethod
    def _run(settings: TrainSettings, longest: int) -> int:
        """C, unless windows do not shrink, or are too wide, or meet nothing but the next word."""
        return settings.window if settings.shrink_windows and 1 < settings.window <= longest else 0


def _blocks(count: int) -> int:
    """The next multiple of BLOCK."""
    return -(-count // BLOCK) * BLOCK
