"""Several processes that train as one: every step shared out, and the same bytes as one process alone."""
