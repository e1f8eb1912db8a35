"""Analysis: what a build is worth for training."""
