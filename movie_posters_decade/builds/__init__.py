"""Builds: their files and records, the cache that holds them, and the builder's configuration."""
