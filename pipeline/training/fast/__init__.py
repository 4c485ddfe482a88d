"""The fast trainer: input sides and output sides as matrix products in float32, composed by `trainer`."""
