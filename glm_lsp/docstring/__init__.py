"""Docstrings and comments on demand: found by the parse, written slot by slot, proven to touch no code."""
