"""Token ids to vectors: draws -> batch -> step, by the reference and by the fast trainer."""
