"""Sampling: which movies are wanted, in which order and in which split, and the collection of their posters."""
