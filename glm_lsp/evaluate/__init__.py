"""Measuring what a model is worth: infilling, lines, bits per byte, typing, docstrings."""
