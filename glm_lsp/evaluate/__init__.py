"""Measuring a model: bits per byte, held-out lines, latency."""
