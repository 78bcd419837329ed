"""The same numbers by different ways: our graph, a NumPy model, transformers, and optimum's export."""
