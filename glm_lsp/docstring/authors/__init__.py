"""Who writes sentences."""
