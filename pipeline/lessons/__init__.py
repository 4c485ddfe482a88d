"""Neural networks beneath word vectors, as programs to read and to run: run forward, measure the loss, send it back."""
