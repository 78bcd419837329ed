"""The training corpus: pinned packages in, filtered and split documents out."""
