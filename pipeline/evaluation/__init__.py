"""How good the vectors are: word-pair correlations and analogies, with their coverage."""
