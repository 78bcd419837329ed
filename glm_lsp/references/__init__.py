"""Pieces of other files that are shown to a model: found, made safe, and put into an order that holds still."""
