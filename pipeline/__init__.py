"""Makes vectors: text, models, training, cross-check, evaluation, and the command line that composes them."""
