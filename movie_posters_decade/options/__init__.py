"""Options: every option of a dataset and of its exports, with default, help and validation."""
