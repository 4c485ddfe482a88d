"""Paths to token ids: corpus -> sentences -> tokens -> vocabulary -> ids on disk."""
