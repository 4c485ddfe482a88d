"""Skip-gram: a word predicts each of the words around it; first against all words, then against a few.

The two layers of the classifier, with words for pictures. A center word picks its row of `vectors` (lesson 3: that is a
one-hot vector times a matrix), and this is the input vector h; every word's row of `contexts` scores it; softmax makes
probabilities of the scores; and the loss asks for each word that really stood there:

    h    = vectors[center]                     (D,)
    p    = softmax(contexts h)                 (V,)   one prediction
    L    = - sum over contexts of log p(context)      asked once for each context

A center has several contexts and only one prediction: its three probability vectors are the same vector three times,
compared with three different answers. It cannot be right for all of them, and the best it can do is to give each the
share in which it stands there. So two words that keep the same company need the same prediction, and get it by having
the same row: like words come to lie side by side, and lesson 3's counts have shrunk to D numbers a word.

Each answer moves all V rows of `contexts`, the right one towards h and all others away. With 33 words that is nothing,
with 400,000 it is everything. Negative sampling asks an easier question: is this the word that stood there, or noise?
It scores the context with label 1 and K words drawn at random with label 0, one sigmoid each, and moves only these
rows. What it ends with is not the same probabilities, but the same neighbors.

The mathematics is not repeated here. It is in pipeline/models, skip_gram.py, softmax.py and negative_sampling.py, where
it is derived, and `firth train` descends the same files.
"""

import numpy as np

from pipeline.lessons.layers import Floats, Ids, softmax
from pipeline.lessons.page import Page
from pipeline.lessons.small_text import SmallText
from pipeline.lessons.word_models import (
    DIMENSIONS,
    KINDS,
    NOISE,
    Gradient,
    Place,
    Result,
    WordModel,
    place_of,
    show_check,
    show_losses,
    show_neighbors,
    show_probabilities,
    show_text,
    train,
)
from pipeline.models import negative_sampling, skip_gram
from pipeline.models import softmax as full_softmax

WORD = "drinks"


def with_softmax(model: WordModel, place: Place) -> Gradient:
    """Each context against all words: one prediction, asked p times."""
    h, u = skip_gram.forward(model.vectors.value[[place.center]]), model.contexts.value
    loss, d_h, d_u = 0.0, np.zeros_like(h), np.zeros_like(u)
    for context in place.contexts.tolist():
        loss += full_softmax.loss(h, u, context)
        d_input, d_outputs = full_softmax.gradient(h, u, context)
        d_h += d_input
        d_u += d_outputs
    return _gradient(loss, place, d_h, np.arange(len(u)), d_u)


def with_noise(model: WordModel, place: Place) -> Gradient:
    """Each context against its K words of noise."""
    h = skip_gram.forward(model.vectors.value[[place.center]])
    words = np.column_stack([place.contexts, place.noise]).ravel()  # (p (1 + K),) each context before its noise
    labels = np.tile([1.0] + [0.0] * NOISE, len(place.contexts))
    question = (h, model.contexts.value[words], labels, np.ones(len(words)))
    d_h, d_u = negative_sampling.gradient(*question)
    return _gradient(negative_sampling.loss(*question), place, d_h, words, d_u)


def _gradient(loss: float, place: Place, d_h: Floats, outputs: Ids, d_outputs: Floats) -> Gradient:
    """Send the gradient of h on to the center, whose row it is."""
    return Gradient(loss, len(place.contexts), np.array([place.center]), skip_gram.gradient(d_h), outputs, d_outputs)


def teach(page: Page, seed: int) -> Result:
    """Train with full softmax and with negative sampling, and compare what they end with."""
    generator = np.random.default_rng(seed)
    text = SmallText.drawn(generator)
    show_text(page, text)
    page.heading("Full softmax: against all words")
    model, by_softmax = train(text, with_softmax, generator, "full softmax")
    show_losses(page, by_softmax.losses)
    center, contexts = place_of(text, WORD)
    p = softmax(model.contexts.value @ model.vectors.value[center])
    _show_prediction(page, text, contexts, p)
    page.heading("Negative sampling: against a few")
    _show_step(page, len(text.words))
    _, by_noise = train(text, with_noise, generator, "negative sampling")
    show_losses(page, by_noise.losses)
    found = (by_softmax, by_noise)
    result = Result(text, center, contexts, np.tile(p, (3, 1)), None, dict(zip(KINDS, found, strict=True)))
    page.heading("The same neighbors")
    show_neighbors(page, result)
    show_check(page, result)
    return result


def _show_prediction(page: Page, text: SmallText, contexts: Ids, p: Floats) -> None:
    page.heading("One prediction, three answers")
    names = [text.words[context] for context in contexts]
    page.say(
        f"`{WORD}` has the contexts {', '.join(f'`{name}`' for name in names)}. Its row gives one prediction, and each"
        " of the three is compared with it; the answer is marked:"
    )
    show_probabilities(page, text, [f"for {name}" for name in names], np.tile(p, (3, 1)), contexts)
    losses = -np.log(p[contexts])
    page.say(
        f"Losses {', '.join(f'{loss:.2f}' for loss in losses)}, together {losses.sum():.2f} nats. The three gradients,"
        " each p less the answer, add up: every wrong word is pushed away three times, every right one pulled once."
    )


def _show_step(page: Page, size: int) -> None:
    page.say(
        f"Full softmax moves {size} rows of `contexts` for each context, which costs {size * DIMENSIONS} products to"
        f" score and as many to move. Negative sampling moves 1 + {NOISE}. Its loss counts other questions, each yes or"
        " no, so the numbers of the two cannot be compared:"
    )
