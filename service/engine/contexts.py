"""The words that occur with a word, by the model: its vector against the output matrix."""

import numpy as np

from service import answers, questions
from service.engine.logistic import sigmoid
from service.engine.scores import Scores, best, in_blocks
from service.engine.space import Space
from service.nearest import Doubles, Rows
from service.nearest.scan import float_error
from storage.embeddings import Floats
from storage.errors import UnusableQuestion


def contexts(space: Space, asked: questions.Contexts) -> answers.Contexts:
    """The words with the largest dot products of their output vectors with the vector of a word, the word among them.

    Their order is that of gensim's `predict_output_word([word])`, whose probabilities are exp of the dot products,
    divided by their sum over the vocabulary; here the score is their sigmoid, which negative sampling trains to be the
    probability that the pair stood in the text (Mikolov et al. 2013, "Distributed Representations of Words and Phrases
    and their Compositionality", equation 4). Of a GloVe model it is no probability: there the products, with biases
    that are not asked for here, are logarithms of how much two words stand together.

    Raises:
        UnusableQuestion: the model has no output vectors of words, or the word has the zero vector.
    """
    words = space.lookup.words(asked, [asked.word])
    if space.vectors.contexts is None:
        raise UnusableQuestion(
            "this model has no output vectors of words: it was stored without them, or trained by hierarchical "
            "softmax, whose output vectors are those of the nodes of its tree"
        )
    space.direction_of(words.needed[0])
    scores = probabilities(space.vectors.contexts, space.context_lengths, space.trained(words.needed)[0])
    found = best(scores, space.selection(asked, words))
    return answers.Contexts(
        word=asked.word,
        topn=asked.topn,
        contexts=space.neighbors(found),
        used=space.named(words.needed),
        missing=words.missing,
    )


def probabilities(contexts: Floats, lengths: Doubles, vector: Doubles) -> Scores:
    """The sigmoids of the dot products of V rows with a (D,) vector; zero rows have none."""
    length = float(np.linalg.norm(vector))
    with np.errstate(over="ignore", invalid="ignore"):  # what leaves float32 is known to be unknown
        rough = (contexts @ (vector / length).astype(np.float32)).astype(np.float64) * length  # (V,)
    off = float_error(len(vector)) * length * lengths
    known = np.isfinite(rough)
    low = np.where(known, sigmoid(rough - off), 0.0)
    low[lengths == 0] = -np.inf

    def exact(rows: Rows) -> Doubles:
        return sigmoid((contexts[rows].astype(np.float64) * vector).sum(axis=1))

    return Scores(low, np.where(known, sigmoid(rough + off), 1.0), lambda rows: in_blocks(rows, exact))
