"""Download: many URLs at once, with retries, into the datasets download cache."""
