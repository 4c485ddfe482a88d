"""Keeps vectors: the value `Embeddings`, the SQLite store, and the errors of the family.

Imports neither `service` nor `pipeline`.
"""
