"""What each question is called on the command line, in which form its words stand, and its help."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.asking.forms import Form, Formula, Numbers, Pairs, TwoSets, Words


@dataclass(frozen=True)
class Spoken:
    """A question as people put it.

    Attributes:
        question: its name in `QUESTIONS`.
        form: how its words stand in a line.
        help: a sentence, and more below it.
        examples: command lines, each with what it does.
    """

    question: str
    form: Form
    help: str
    examples: Mapping[str, str]


COMMANDS = {
    "similar": Spoken(
        "neighbors",
        Words("word"),
        """Print the words nearest to a word.

        They are those with the largest cosine, which is 1 for the same direction and 0 for words that have nothing to
        do with each other.
        """,
        {
            "firth similar war": "the ten words nearest to war, in the newest model of firth.db",
            "firth similar war --topn 3 --json": "the same, for a program",
            "firth similar war --db books.db --model books@2": "in the second version of the model books",
            "firth similar war --min-count 100 --pattern '[a-z]+'": "only frequent words, and only of these letters",
            "cat words.txt | firth similar - --json": "for each line of a file, a line of JSON",
        },
    ),
    "contexts": Spoken(
        "contexts",
        Words("word"),
        """Print the words that occur with a word, by the model.

        Where `firth similar` finds words that are used alike, these are words that are used beside it: those that the
        model, given the word, holds for most probable around it. It takes a model that was stored with its output
        matrix. The score is what negative sampling trains to be the probability that the two stand together; of
        GloVe's and other models it is none, and only the order says something.
        """,
        {"firth contexts war": "what is written around war"},
    ),
    "similarity": Spoken(
        "similarity",
        Words("a", "b"),
        """Print the cosine of two words.

        It is 1 for the same direction, 0 for words that have nothing to do with each other, and -1 at the least.
        """,
        {
            "firth similarity king queen": "how near the two words are",
            "firth similarity king queen --json": "the same, for a program",
            "cat pairs.tsv | firth similarity -": "two words a line",
        },
    ),
    "distance": Spoken(
        "distance",
        Words("a", "b"),
        """Print one less the cosine of two words.

        It is 0 for the same direction and 2 at the most.
        """,
        {"firth distance king queen": "how far apart the two words are"},
    ),
    "similarities": Spoken(
        "similarities",
        Pairs(),
        """Print the cosines of several pairs of words.

        The words are taken two by two.
        """,
        {
            "firth similarities king queen man woman": "king with queen, and man with woman",
            "firth similarities king queen king kng --on-missing skip": "what can be had",
        },
    ),
    "calc": Spoken(
        "most-similar",
        Formula(),
        """Print the words nearest to a sum of words.

        Unit vectors are added and subtracted, each with a weight if that is written before the word: 2*king. The
        words of the sum are left out of the answer. Where a word itself looks like a weight or a sign, give it the
        weight 1: 1*+.
        """,
        {
            "firth calc king + woman - man": "royalty, without the man and with a woman",
            "firth calc paris - france + 0.5*italy": "with a weight",
        },
    ),
    "analogy": Spoken(
        "analogy",
        Words("a", "b", "c"),
        """A is to B as C is to what?

        Prints the words nearest to the vector b - a + c. A, B and C themselves are left out of the answer. Mind the
        order: other tools take the words in another one. Beside the answer stands what is nearest to C alone, and
        what the answer would be without leaving words out: so you see how much the offset itself did.
        """,
        {
            "firth analogy man king woman": "man is to king as woman is to ?",
            "firth analogy france paris germany --topn 3": "the capital of Germany, three guesses",
            "firth analogy man king woman --method 3cosmul": "by products instead of sums",
            "firth analogy man king woman --json": "the same answer as the HTTP API gives",
        },
    ),
    "analogy-from-examples": Spoken(
        "analogy-from-examples",
        Pairs(last="c"),
        """What is to C as each B is to its A?

        The pairs are examples from which the relation is learnt.
        """,
        {
            "firth analogy-from-examples france paris italy rome germany": "the capital of Germany, from two examples",
            "firth analogy-from-examples good better bad worse big --method lrcos": "by a classifier",
        },
    ),
    "doesnt-match": Spoken(
        "doesnt-match",
        Words(several="words"),
        """Print the word that fits least among several.

        It is the one with the smallest cosine with the mean of them all.
        """,
        {"firth doesnt-match breakfast cereal dinner lunch": "the odd one out"},
    ),
    "set-similarity": Spoken(
        "set-similarity",
        TwoSets(),
        """Print the cosine of the means of two sets of words.

        A lone slash stands between the sets.
        """,
        {"firth set-similarity king queen / man woman": "how near the two couples are"},
    ),
    "rank": Spoken(
        "rank",
        Words("a", "b"),
        """Print the place of B among the neighbors of A.

        The nearest word has place 1.
        """,
        {"firth rank king queen": "how many words are nearer to king than queen is, and one more"},
    ),
    "closer-than": Spoken(
        "closer-than",
        Words("a", "b"),
        """Print the words that are nearer to A than B is.

        They are counted too, also those beyond the first ones that are printed.
        """,
        {"firth closer-than king queen": "what comes before queen among the neighbors of king"},
    ),
    "distances": Spoken(
        "distances",
        Words("word", several="others"),
        """Print the distances of a word from others.

        The distance is one less the cosine; the order is yours.
        """,
        {"firth distances king queen man banana": "from king to each of three"},
    ),
    "most-similar-to-given": Spoken(
        "most-similar-to-given",
        Words("word", several="candidates"),
        """Print which of several words is nearest to a word.

        All of them are listed with their cosines, the nearest first.
        """,
        {"firth most-similar-to-given king queen man banana": "the nearest to king of three"},
    ),
    "relative-cosine-similarity": Spoken(
        "relative-cosine-similarity",
        Words("a", "b"),
        """Print how much B stands out among the neighbors of A.

        The cosine of A and B is divided by the sum of the cosines of A's nearest words, as many as --topn says. Above
        1 / topn, B is a candidate for a synonym (Leeuwenberg and others 2016).
        """,
        {"firth relative-cosine-similarity big large": "is large a synonym of big?"},
    ),
    "neighbors-of-vector": Spoken(
        "neighbors-of-vector",
        Numbers(),
        """Print the words nearest to a vector.

        The numbers stand between blanks or commas, with or without brackets; there are as many as the model has
        dimensions. Put -- before them where the first one is negative.
        """,
        {
            "firth vector king --json | jq -c .vector | firth neighbors-of-vector -": "a vector that you have",
            "firth neighbors-of-vector --topn 3 -- -0.1 0.25 0.3": "in a model of three dimensions",
        },
    ),
    "vector": Spoken(
        "vector",
        Words("word"),
        """Print the vector of a word.

        Its rank by frequency and its count are told, too.
        """,
        {"firth vector king --json": "the numbers, for a program"},
    ),
    "words": Spoken(
        "words",
        Words("prefix", optional=True),
        """Print the words that begin with PREFIX.

        Capitals and accents make no difference. The most frequent word comes first; without PREFIX these are the most
        frequent of all.
        """,
        {"firth words pre": "the ten most frequent words that begin with pre"},
    ),
    "random-words": Spoken(
        "random-words",
        Words(),
        """Print random words.

        Each word is drawn at most once.
        """,
        {
            "firth random-words --max-rank 1000 --topn 5": "five of the thousand most frequent words",
            "firth random-words --seed 1": "the same ten each time",
        },
    ),
}
"""Name of the command -> its question."""

OVER_HTTP = {spoken.question: name for name, spoken in COMMANDS.items() if spoken.question != name}
"""What a question is called over HTTP -> its command, where that has another name."""
