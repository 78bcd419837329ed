"""What names alone say, in sentences."""
