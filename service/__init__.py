"""Answers questions: the query engine, the HTTP API and the page. Imports `storage` only."""
