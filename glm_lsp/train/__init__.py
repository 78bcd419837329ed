"""Training the starter model: corpus, tokenizer, fill-in-the-middle, trainer. The only package that imports torch."""
