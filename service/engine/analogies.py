"""Analogies: what is to c as b is to a, and how much the offset from a to b had to do with the answer.

Every answer comes with the words nearest to c alone (the baseline ONLY-B of Linzen 2016, "Issues in evaluating semantic
spaces using word analogies", whose b is our c), and with the answer had the words of the question not been left out
(Rogers, Drozd, Li 2017, "The (Too Many) Problems of Analogical Reasoning with Word Vectors").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service import answers, questions
from service.answers import Neighbor
from service.engine.examples import cos_avg, lr_cos
from service.engine.methods import cos_add, cos_mul, pair_direction
from service.engine.pairs import check_pairs
from service.engine.scores import Scores, best
from service.engine.space import Selection, Space
from service.nearest import Doubles, Found
from storage.errors import UnusableQuestion

Target = Doubles | Scores
"""What candidates are ranked by: the cosine with a (D,) unit vector, or scores of another kind."""


@dataclass(frozen=True)
class _Method:
    """A method by the name that its authors gave it, the formula of its score, and what it ranks by."""

    name: str
    formula: str
    target: Callable[[Space, Doubles, Doubles, Doubles, str], Target]


_METHODS = {
    "3cosadd": _Method("3CosAdd", "{b} - {a} + {c}", cos_add),
    "3cosmul": _Method("3CosMul", "cos(?, {b}) cos(?, {c}) / cos(?, {a})", cos_mul),
    "pairdirection": _Method("PairDirection", "cos(? - {c}, {b} - {a})", pair_direction),
}
_FROM_EXAMPLES: dict[str, tuple[str, Callable[[Space, tuple[int, ...], tuple[int, ...], Doubles], Target]]] = {
    "3cosavg": ("3CosAvg", cos_avg),
    "lrcos": ("LRCos", lr_cos),
}


def analogy(space: Space, asked: questions.Analogy) -> answers.Analogy:
    """What is to c as b is to a.

    Raises:
        UnusableQuestion: a, b or c has the zero vector, or there is no offset from a to b.
    """
    words = space.lookup.words(asked, [asked.a, asked.b, asked.c])
    a, b, c = (space.direction_of(row) for row in words.needed)
    method = _METHODS[asked.method]
    formula = method.formula.format(**dict(zip("abc", space.named(words.needed), strict=True)))
    selection, target = space.selection(asked, words), method.target(space, a, b, c, formula)
    neighbors, nearest_to_c, unexcluded = _honest(space, selection, target, c, words.needed)
    return answers.Analogy(
        a=asked.a,
        b=asked.b,
        c=asked.c,
        formula=formula,
        method=method.name,
        topn=asked.topn,
        neighbors=neighbors,
        nearest_to_c=nearest_to_c,
        unexcluded=unexcluded,
        used=space.named(words.needed),
        missing=words.missing,
    )


def analogy_from_examples(space: Space, asked: questions.AnalogyFromExamples) -> answers.AnalogyFromExamples:
    """What is to c as each b is to its a; pairs of which a word is missing are left out if that was asked.

    Raises:
        UnusableQuestion: a and b are not equally long, no pair is known, c has the zero vector, or what the examples
            come to is zero.
    """
    check_pairs(asked.a, asked.b)
    words = space.lookup.words(asked, [asked.c], asked.a, asked.b)
    pairs = [(a, b) for a, b in zip(*words.lists, strict=True) if a is not None and b is not None]
    if not pairs:
        raise UnusableQuestion("the model knows no example pair as a whole")
    (row,), (a, b) = words.needed, zip(*pairs, strict=True)
    name, target = _FROM_EXAMPLES[asked.method]
    c, inputs = space.direction_of(row), (*(each for pair in pairs for each in pair), row)
    selection = space.selection(asked, words)
    neighbors, nearest_to_c, unexcluded = _honest(space, selection, target(space, a, b, c), c, inputs)
    return answers.AnalogyFromExamples(
        a=asked.a,
        b=asked.b,
        c=asked.c,
        method=name,
        topn=asked.topn,
        neighbors=neighbors,
        nearest_to_c=nearest_to_c,
        unexcluded=unexcluded,
        used=space.named(inputs),
        missing=words.missing,
    )


def _honest(
    space: Space, selection: Selection, target: Target, c: Doubles, inputs: Sequence[int]
) -> tuple[tuple[Neighbor, ...], ...]:
    """The answer without the inputs; the words nearest to c, without them too; and the answer with them.

    One ranking gives the first and the last: what is left of it without the inputs is long enough.
    """
    n = selection.topn
    near_c, more = selection.wanted(c, inputs), len(set(inputs))
    if isinstance(target, Scores):
        found, (near,) = best(target, selection, more), space.index.nearest([near_c])
    else:
        found, near = space.index.nearest([selection.wanted(target, more=more), near_c])
    others = [place for place, row in enumerate(found.rows.tolist()) if row not in inputs]
    return space.neighbors(_at(found, others[:n])), space.neighbors(near), space.neighbors(_at(found, range(n)))


def _at(found: Found, places: Sequence[int]) -> Found:
    places = [place for place in places if place < len(found.rows)]
    return Found(found.rows[places], found.scores[places])
