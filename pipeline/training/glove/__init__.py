"""GloVe's training: pairs of words in tiles, whose rows no other tile moves at the same time."""
