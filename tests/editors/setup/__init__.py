"""Brings real editors into a cache outside the tree, at pinned versions; `make test-editors` calls it."""
