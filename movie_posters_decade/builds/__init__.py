"""Builds: their files and records, the cache that holds them, and what the builder is made of."""
