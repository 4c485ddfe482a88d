"""The map of a vocabulary: words on a plane, near where their vectors are, in clusters that have names."""
