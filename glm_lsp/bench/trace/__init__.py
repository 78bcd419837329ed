"""Keystrokes of a person who writes code: drawn once, stored, and replayed the same way each time."""
