"""What is recomputed of a store, to find whatever is not as it was published."""
