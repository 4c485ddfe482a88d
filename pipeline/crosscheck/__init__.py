"""Firth against gensim, at three levels: tables, replay, quality."""
