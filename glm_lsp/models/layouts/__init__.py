"""The kinds of checkpoint folder this program reads, one module each."""
