"""Measurements against the peers, each in one run on the same input: `python -m benchmarks [NAME...]`.

Every file verifies the answer before it times it, writes its figures to benchmarks/results/NAME.json, and README.md
takes its tables from there.
"""
