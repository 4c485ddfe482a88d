"""Which words stand near each other, how often and how near: the counts that GloVe is trained on."""
