"""Images: decode posters, check them, and transform them."""
