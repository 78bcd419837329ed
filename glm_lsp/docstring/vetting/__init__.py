"""Which sentences may be put into a document."""
