"""CBOW, the continuous bag of words: the words around a center predict it together.

Skip-gram turned round. All contexts are given at once: their rows are averaged, and the mean asks for the center:

    h = mean of vectors[contexts]              (D,)
    p = softmax(contexts h)                    (V,)   (the matrix of this name, which scores all words)
    L = - log p(center)

What does the mean do? Scores are linear in h, so the scores of the mean are the mean of the scores that each context
would give alone; and softmax turns sums into products. So the prediction is the geometric mean of three predictions,
made to add up to 1 again:

    p  is proportional to  (p1 p2 p3)^(1/3)

So a word has to be thinkable for all of them: what one holds for all but impossible, the others can hardly save. That
is how three vague opinions make a sharp one.

On the way back every context gets the same gradient, a third of that of h. The classic step leaves the third out, which
lets each context learn at p times the rate; cbow.py in pipeline/models says where that comes from, and this lesson,
like the trainer, takes it from there: `step_factor`. And again negative sampling asks an easier question, and ends with
the same neighbors.
"""

import numpy as np

from pipeline.lessons.layers import Floats, Ids, softmax
from pipeline.lessons.page import Page
from pipeline.lessons.small_text import SmallText
from pipeline.lessons.word_models import (
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
from pipeline.models import cbow, negative_sampling
from pipeline.models import softmax as full_softmax

WORD = "drinks"


def with_softmax(model: WordModel, place: Place) -> Gradient:
    """The center against all words."""
    h, u = cbow.forward(model.vectors.value[place.contexts], mean=True), model.contexts.value
    d_h, d_u = full_softmax.gradient(h, u, place.center)
    return _gradient(full_softmax.loss(h, u, place.center), place, d_h, np.arange(len(u)), d_u)


def with_noise(model: WordModel, place: Place) -> Gradient:
    """The center against K words of noise."""
    h = cbow.forward(model.vectors.value[place.contexts], mean=True)
    words, labels = np.array([place.center, *place.noise[0]]), np.array([1.0] + [0.0] * NOISE)
    question = (h, model.contexts.value[words], labels, np.ones(len(words)))
    d_h, d_u = negative_sampling.gradient(*question)
    return _gradient(negative_sampling.loss(*question), place, d_h, words, d_u)


def _gradient(loss: float, place: Place, d_h: Floats, outputs: Ids, d_outputs: Floats) -> Gradient:
    """Send the gradient of h on to all contexts."""
    size = len(place.contexts)
    d_rows = cbow.gradient(d_h, size, mean=True)
    return Gradient(loss, 1, place.contexts, d_rows, outputs, d_outputs, cbow.step_factor(size, mean=True))


def alone(model: WordModel, contexts: Ids) -> Floats:
    """What each context would predict by itself, (p, V)."""
    return softmax(model.vectors.value[contexts] @ model.contexts.value.T)


def together(model: WordModel, contexts: Ids) -> Floats:
    """What they predict together, (V,)."""
    return softmax(model.contexts.value @ cbow.forward(model.vectors.value[contexts], mean=True))


def teach(page: Page, seed: int) -> Result:
    """Train with full softmax and with negative sampling, and compare what they end with."""
    generator = np.random.default_rng(seed)
    text = SmallText.drawn(generator)
    show_text(page, text)
    page.heading("Full softmax: against all words")
    model, by_softmax = train(text, with_softmax, generator, "full softmax")
    show_losses(page, by_softmax.losses)
    center, contexts = place_of(text, WORD)
    each, combined = alone(model, contexts), together(model, contexts)
    _show_prediction(page, text, center, contexts, np.array([*each, combined]))
    page.heading("Negative sampling: against a few")
    page.say("The same text and the same passes, with yes-or-no questions about the center and five words of noise:")
    _, by_noise = train(text, with_noise, generator, "negative sampling")
    show_losses(page, by_noise.losses)
    found = (by_softmax, by_noise)
    result = Result(text, center, contexts, each, combined, dict(zip(KINDS, found, strict=True)))
    page.heading("The same neighbors")
    show_neighbors(page, result)
    show_check(page, result)
    return result


def _show_prediction(page: Page, text: SmallText, center: int, contexts: Ids, predictions: Floats) -> None:
    page.heading("Three opinions, one prediction")
    names = [text.words[context] for context in contexts]
    page.say(
        f"Around `{WORD}` stand {', '.join(f'`{name}`' for name in names)}. What would each predict alone, and what do"
        " they predict together? The center is marked:"
    )
    answers = [center] * (len(contexts) + 1)
    show_probabilities(page, text, [*(f"{name} alone" for name in names), "together"], predictions, answers)
    geometric = np.exp(np.log(predictions[:-1]).mean(axis=0))
    difference = np.abs(geometric / geometric.sum() - predictions[-1]).max()
    *losses, loss = -np.log(predictions[:, center])
    page.say(
        f"The last column is the geometric mean of the others, made to add up to 1: off by {difference:.0e}. Its"
        f" loss is {loss:.2f} nats, where the three alone have {', '.join(f'{each:.2f}' for each in losses)}."
    )
