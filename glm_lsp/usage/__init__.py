"""What becomes of suggestions, told by the edits alone: in memory only, texts for two minutes at most."""
