"""Tiny checkpoints in every official layout, made here and random."""
